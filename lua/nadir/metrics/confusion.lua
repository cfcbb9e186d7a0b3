--- Metrics of yes and no: how often what is above a threshold is true, or not.
--
-- A prediction is counted by how many thresholds it is above, for what is true
-- and what is not apart; that tells all of them at every threshold.
local nd = require "nadir"
local define = require "nadir.metrics.define"
local kinds = require "nadir.kinds"
local Metric = require "nadir.metric"
local structure = require "nadir.structure"
local targets = require "nadir.targets"
local words = require "nadir.words"

local NAME <const> = define.NAME
local ANY <const> = -1e10  -- a threshold that all are above but those left out

local confusion = {}

-- ------------------------------------------------------------------- counts --

local Counts = define.add({}, "Counts", {}, {
  direction = "up", label = false, class_id = false, top_k = false,
  multi_label = false, from_logits = false, within = false,
}, Metric)

-- The thresholds in order; then, for each as it was given, its place.
local function set_thresholds(self, thresholds)
  local order = {}
  for i in ipairs(thresholds) do
    order[i] = i
  end
  table.sort(order, function(i, j)
    return thresholds[i] < thresholds[j]
      or thresholds[i] == thresholds[j] and i < j
  end)
  local sorted, places = {}, {}
  for place, i in ipairs(order) do
    sorted[place], places[i] = thresholds[i], place
  end
  self.n, self.places = #sorted, nd.constant(places)
  self.edges, self.only = nd.constant(sorted, "float64"), sorted[1]
end

-- Rows of what is true or not, at 1 and 2, and columns for each number of
-- thresholds; of each label, if they are apart.
local function build(self, labels)
  self.labels = labels
  self.counts = self:add_sum("counts", { 2 * labels * (self.n + 1) })
end

-- The k largest of each row; others are below all thresholds.
local function keep_largest(p, k)
  local largest = nd.top_k(p, k)
  local least = largest[{ "...", { k, k } }]
  return nd.where(nd.greater_equal(p, least), p, -math.huge)
end

local function pick_class(x, class_id)
  return x[{ "...", { class_id, class_id } }]
end

local function classes(p)
  return p.rank > 1 and p.shape[p.rank] or 0
end

-- What is true and what is predicted, as it is counted.
local function read(self, y_true, y_pred)
  local p = targets.float(y_pred)
  local y = targets.cast(y_true, p.dtype)
  y, p = targets.align(self, y, p)
  p = self.from_logits and nd.sigmoid(p) or p
  p = self.within and nd.clip_by_value(p, 0, 1) or p
  if (self.class_id or self.top_k or 0) > classes(p) then
    self:fail("%s is %d, y_pred %s", self.class_id and "class_id"
      or "top_k", self.class_id or self.top_k, p.shape)
  end
  p = self.top_k and keep_largest(p, self.top_k) or p
  if self.class_id then
    y, p = pick_class(y, self.class_id), pick_class(p, self.class_id)
  elseif self.multi_label and p.rank ~= 2 then
    self:fail("y_pred must be [n labels], got %s", p.shape)
  end
  return y, p
end

-- The weight of each prediction.
local function weigh(self, p, sample_weight)
  local weights = sample_weight ~= nil
    and targets.weights(self, sample_weight, p, "float64")
  local by_label = not self.multi_label and rawget(self, "label_weights")
  if by_label then
    weights = nd.constant(by_label, "float64") * (weights or 1)
  end
  return nd.broadcast_to(weights or nd.constant(1, "float64"), p.shape)
end

-- One more than how many thresholds each prediction is above, [n]. What is nan
-- is above none.
local function count_above(self, p)
  p = nd.reshape(p, { -1 })
  if self.n == 1 then
    return nd.cast(nd.greater(p, self.only), "int32") + 1
  end
  return nd.searchsorted(nd.cast(self.edges, p.dtype),
    nd.where(nd.is_nan(p), -math.huge, p))
end

-- Where each is counted, [n].
local function places(self, y, p)
  local width = self.n + 1
  local at = nd.where(nd.cast(y, "bool"), 0, self.labels * width)
  if self.labels > 1 then
    at = at + (nd.range(1, self.labels) - 1) * width
  end
  return nd.reshape(at, { -1 }) + count_above(self, p)
end

function Counts:update_state(y_true, y_pred, sample_weight)
  local y, p = read(self, y_true, y_pred)
  if #self.variables == 0 then
    build(self, self.multi_label and classes(p) or 1)
  elseif self.multi_label and p.shape[2] ~= self.labels then
    self:fail("y_pred has %d labels, and had %d", p.shape[2],
      self.labels)
  end
  local weights = nd.reshape(weigh(self, p, sample_weight), { -1 })
  self.counts:assign_add(nd.unsorted_segment_sum(weights, places(self, y, p),
    2 * self.labels * (self.n + 1)))
end

-- How much of what is counted is above each threshold, and not above it.
local function split(self, counts)
  local below = nd.cumsum(counts, -1)
  local above = below[{ "...", { self.n + 1, self.n + 1 } }] - below
  return nd.gather(above, self.places, -1), nd.gather(below, self.places, -1)
end

-- True and false positives, true and false negatives: [labels thresholds].
local function table_of(self)
  if #self.variables == 0 then
    build(self, 1)
  end
  local counts = nd.reshape(self.counts, { 2, self.labels, self.n + 1 })
  local tp, fn = split(self, counts[1])
  local fp, tn = split(self, counts[2])
  return { tp = tp, fp = fp, tn = tn, fn = fn }
end

local ratio = nd.divide_no_nan

local function recall(t) return ratio(t.tp, t.tp + t.fn) end
local function precision(t) return ratio(t.tp, t.tp + t.fp) end
local function specificity(t) return ratio(t.tn, t.tn + t.fp) end

-- ------------------------------------------------------------ at thresholds --

local thresholds = { "thresholds", "thresholds", false,
                     doc = "one or several, from 0 to 1" }
local class_id = { "class_id", "size", false, doc = "the only class to see" }
local top_k = { "top_k", "size", false,
                doc = "how many of the largest are predicted" }

local function check_thresholds(self, list)
  for _, t in ipairs(list) do
    if not (t >= 0 and t <= 1) then
      self:fail("thresholds must be within 0..1, got %g", t)
    end
  end
  return list
end

-- Adds what one of of(table) says at thresholds that are given.
local function add(name, doc, params, of, direction)
  define.add(confusion, name, { doc = doc, table.unpack(params) }, {
    label = false, direction = direction,
    init = function(self)
      set_thresholds(self, self.thresholds
        and check_thresholds(self, self.thresholds)
        or { self.top_k and ANY or 0.5 })
      build(self, 1)
    end,
    result = function(self)
      local values = nd.cast(of(table_of(self))[1], self.dtype)
      return self.n == 1 and values[1] or values
    end,
  }, Counts)
end

local one = { thresholds }

add("TruePositives", "how many are predicted and true", one,
  function(t) return t.tp end, "up")
add("FalsePositives", "how many are predicted and not true", one,
  function(t) return t.fp end, "down")
add("TrueNegatives", "how many are neither predicted nor true", one,
  function(t) return t.tn end, "up")
add("FalseNegatives", "how many are true and not predicted", one,
  function(t) return t.fn end, "down")

local three = { thresholds, top_k, class_id }

add("Precision", "the share of what is predicted that is true", three,
  precision, "up")
add("Recall", "the share of what is true that is predicted", three, recall,
  "up")

-- ---------------------------------------------------------- over thresholds --

local MOST <const> = 1 << 20  -- thresholds

-- As many as it wants from 0 to 1; the one is the middle.
local function even(self)
  local n = self.num_thresholds
  if n > MOST then
    self:fail("num_thresholds must be at most %d, got %d", MOST, n)
  end
  local list = { n == 1 and 0.5 or nil }
  for i = 1, n > 1 and n or 0 do
    list[i] = (i - 1) / (n - 1)
  end
  return list
end

-- Adds the largest `wanted` over thresholds where `bound` is large enough.
local function add_best(name, doc, key, bound, wanted)
  define.add(confusion, name, {
    doc = doc, { key, "number", doc = "at least so large, from 0 to 1" },
    { "num_thresholds", "size", 200 }, class_id,
  }, {
    label = false, within = true,
    init = function(self)
      if not (self[key] >= 0 and self[key] <= 1) then
        self:fail("%s must be within 0..1, got %g", key, self[key])
      end
      set_thresholds(self, even(self))
      build(self, 1)
    end,
    result = function(self)
      local t = table_of(self)
      local enough = nd.greater_equal(nd.cast(bound(t), "float32"), self[key])
      return nd.cast(nd.reduce_max(nd.where(enough, wanted(t), 0)), self.dtype)
    end,
  }, Counts)
end

add_best("SensitivityAtSpecificity",
  "the best share of what is true that is found, at a specificity",
  "specificity", specificity, recall)
add_best("SpecificityAtSensitivity",
  "the best share of what is not true that is left, at a sensitivity",
  "sensitivity", recall, specificity)
add_best("PrecisionAtRecall", "the best precision at a recall", "recall",
  recall, precision)
add_best("RecallAtPrecision", "the best recall at a precision", "precision",
  precision, recall)

-- ---------------------------------------------------------------------- auc --

-- Neighbours along the thresholds: from the first, and from the second on.
local function neighbours(x)
  local n = x.shape[2]
  return x[{ "...", { 1, n - 1 } }], x[{ "...", { 2, n } }]
end

local heights = {
  interpolation = function(a, b) return (a + b) / 2 end,
  minoring = function(a, b) return nd.minimum(a, b) end,
  majoring = function(a, b) return nd.maximum(a, b) end,
}

-- Horizontal and vertical coordinates of a curve.
local curves = {}

function curves.ROC(t)
  return ratio(t.fp, t.fp + t.tn), recall(t)
end

function curves.PR(t)
  return recall(t), precision(t)
end

-- The scale of both is harmonic; 0 and 1 are always predicting and precision 1.
function curves.PRGAIN(t)
  local scale = ratio(t.tp + t.fn, t.tn + t.fp)
  local none = nd.equal(t.tp, 0)
  local x = nd.where(none, 0, 1 - scale * ratio(t.fn, t.tp))
  local y = nd.where(none, 1, 1 - scale * ratio(t.fp, t.tp))
  return nd.maximum(x, 0), y
end

-- Between thresholds true positives grow in proportion to all positives, so
-- precision does not grow along a line (Davis and Goadrich 2006).
local function interpolate_pr(t)
  local tp, next_tp = neighbours(t.tp)
  local p, next_p = neighbours(t.tp + t.fp)
  local slope = ratio(tp - next_tp, nd.maximum(p - next_p, 0))
  local start = next_tp - slope * next_p
  local safe = nd.logical_and(nd.greater(p, 0), nd.greater(next_p, 0))
  local growth = nd.where(safe, ratio(p, nd.maximum(next_p, 0)), 1)
  local _, positives = neighbours(t.tp + t.fn)
  return ratio(slope * (tp - next_tp + start * nd.log(growth)), positives)
end

local function areas(self, t)
  if self.curve == "PR" and self.summation_method == "interpolation" then
    return interpolate_pr(t)
  end
  local x, y = curves[self.curve](t)
  local from, to = neighbours(x)
  return (from - to) * heights[self.summation_method](neighbours(y))
end

kinds.curve = words("curve", structure.keys(curves))
kinds.summation_method = words("summation_method", structure.keys(heights))

local AUC = define.add(confusion, "AUC", {
  doc = "area under a curve of all thresholds",
  { "num_thresholds", "size", 200 },
  { "curve", "curve", "ROC" },
  { "summation_method", "summation_method", "interpolation",
    doc = "what stands for the curve between thresholds" },
  NAME,
  { "thresholds", "thresholds", false,
    doc = "between 0 and 1; nil: even ones" },
  { "multi_label", "flag", false,
    doc = "whether labels have areas of their own" },
  { "num_labels", "size", false, doc = "how many" },
  { "label_weights", "numbers", false, doc = "of labels" },
  { "from_logits", "flag", false,
    doc = "whether y_pred is no probability yet" },
}, { label = false, within = true }, Counts)

-- The ends are beyond 0 and 1, so that the curve has both.
function AUC:init()
  if self.num_thresholds < 2 then
    self:fail("num_thresholds must be 2 or more, got %d", self.num_thresholds)
  elseif self.num_labels and not self.multi_label then
    self:fail "num_labels is for multi_label only"
  end
  local list = even(self)
  if self.thresholds then
    list = table.move(check_thresholds(self, self.thresholds), 1,
      #self.thresholds, 2, { 0 })
    list[#list + 1] = 1
  end
  table.sort(list)
  list[1], list[#list] = -1e-7, 1 + 1e-7
  set_thresholds(self, list)
  if self.num_labels or not self.multi_label then
    build(self, self.num_labels or 1)
  end
end

function AUC:result()
  local each = nd.reduce_sum(areas(self, table_of(self)), 2)
  local weights = self.multi_label and self.label_weights
  weights = nd.constant(weights or 1, "float64")
  return nd.cast(ratio(nd.reduce_sum(each * weights),
    nd.reduce_sum(nd.broadcast_to(weights, each.shape))), self.dtype)
end

return confusion
