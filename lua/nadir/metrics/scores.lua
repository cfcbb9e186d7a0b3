--- Metrics of classes: F scores, and how much classes overlap.
local nd = require "nadir"
local class = require "nadir.class"
local define = require "nadir.metrics.define"
local kinds = require "nadir.kinds"
local Metric = require "nadir.metric"
local targets = require "nadir.targets"
local words = require "nadir.words"

local NAME <const> = define.NAME
local EPSILON <const> = 1e-7

local scores = {}

-- ----------------------------------------------------------------- f scores --

kinds.average = words("average", { "none", "micro", "macro", "weighted" })

local average = { "average", "average", "none", doc = "of classes" }
local beta = { "beta", "number", 1, doc = "how much more recall counts" }
local threshold = { "threshold", "number", false,
                    doc = "above it is predicted; nil: the largest is" }

local Score = class("Score", nil, Metric)

Score.direction = "up"

function Score:init()
  if self.beta <= 0 then
    self:fail("beta must be above 0, got %g", self.beta)
  elseif self.threshold and not (self.threshold > 0 and self.threshold <= 1)
  then
    self:fail("threshold must be above 0, and at most 1, got %g",
      self.threshold)
  end
end

local function build(self, p)
  if p.rank ~= 2 then
    self:fail("y_pred must be [n classes], got %s", p.shape)
  end
  local shape = self.average == "micro" and {} or { p.shape[2] }
  self.hits = self:add_sum("hits", shape)
  self.predicted = self:add_sum("predicted", shape)
  self.actual = self:add_sum("actual", shape)
end

-- A row of zeros predicts nothing.
local function predictions(self, p)
  local yes = self.threshold and nd.greater(p, self.threshold)
    or nd.logical_and(nd.equal(p, nd.reduce_max(p, -1, true)),
      nd.greater(nd.abs(p), 1e-9))
  return nd.cast(yes, "float64")
end

function Score:update_state(y_true, y_pred, sample_weight)
  local y, p = targets.align(self, targets.cast(y_true, "float64"),
    targets.float(y_pred))
  if #self.variables == 0 then
    build(self, p)
  end
  local axis = self.average ~= "micro" and 1 or nil
  local weights = sample_weight ~= nil
    and targets.weights(self, sample_weight, y)
  local function add(sum, x)
    sum:assign_add(nd.reduce_sum(weights and x * weights or x, axis))
  end
  local yes = predictions(self, p)
  add(self.hits, yes * y)
  add(self.predicted, yes)
  add(self.actual, y)
end

function Score:result()
  if #self.variables == 0 then
    return nd.zeros({}, self.dtype)
  end
  local precision = self.hits / (self.predicted + EPSILON)
  local recall = self.hits / (self.actual + EPSILON)
  local square = self.beta ^ 2
  local score = (1 + square) * precision * recall
    / (square * precision + recall + EPSILON)
  if self.average == "weighted" then
    score = nd.reduce_sum(score * self.actual)
      / (nd.reduce_sum(self.actual) + EPSILON)
  elseif self.average ~= "none" then
    score = nd.reduce_mean(score)
  end
  return nd.cast(score, self.dtype)
end

define.add(scores, "FBetaScore", {
  doc = "harmonic mean of precision and recall, recall counting beta times",
  average, beta, threshold,
}, { label = "fbeta_score" }, Score)

define.add(scores, "F1Score", {
  doc = "harmonic mean of precision and recall", average, threshold,
}, { beta = 1 }, Score)

-- ------------------------------------------------------------------ overlap --

local num_classes = { "num_classes", "size" }
local target_ids = { "target_class_ids", "positions", doc = "which, from 1" }
local ignore_class = { "ignore_class", "integer", false,
                       doc = "of y_true: a class, or another number, "
                         .. "that counts not" }
local sparse_true = { "sparse_y_true", "flag", true,
                      doc = "whether y_true has classes, not a row for them" }
local sparse_pred = { "sparse_y_pred", "flag", true,
                      doc = "the same of y_pred" }
local dense_pred = { "sparse_y_pred", "flag", false, doc = sparse_pred.doc }
local axis = { "axis", "integer", -1, doc = "of classes, where not sparse" }

local Overlap = class("Overlap", nil, Metric)

Overlap.direction = "up"

function Overlap:init()
  for _, id in ipairs(self.target_class_ids) do
    if id < 1 or id > self.num_classes then
      self:fail("target_class_ids must be within 1..%d, got %d",
        self.num_classes, id)
    end
  end
  self.total_cm = self:add_sum("total_confusion_matrix",
    { self.num_classes, self.num_classes })
end

local function classes(self, x, sparse)
  x = targets.tensor(x)
  return targets.integer(sparse and x or nd.argmax(x, self.axis))
end

local function flat(x)
  return nd.reshape(x, { -1 })
end

-- How often classes y [...] were predicted as p [...], by their weights.
function Overlap:count(y, p, sample_weight)
  y, p = targets.align(self, y, p)
  local weights = sample_weight ~= nil and nd.broadcast_to(
    targets.weights(self, sample_weight, y, "float64"), y.shape)
  if self.ignore_class then
    local counted = nd.not_equal(y, self.ignore_class)
    y, p = nd.where(counted, y, 1), nd.where(counted, p, 1)
    weights = nd.where(counted, weights or 1, nd.constant(0, "float64"))
  end
  self.total_cm:assign_add(nd.confusion_matrix(flat(y), flat(p),
    self.num_classes, weights and flat(weights) or nil, "float64"))
end

function Overlap:update_state(y_true, y_pred, sample_weight)
  self:count(classes(self, y_true, self.sparse_y_true),
    classes(self, y_pred, self.sparse_y_pred), sample_weight)
end

-- Classes that there were none of do not count.
function Overlap:result()
  local cm = self.total_cm:read_value()
  local common = nd.linalg.diag_part(cm)
  local all = nd.reduce_sum(cm, 1) + nd.reduce_sum(cm, 2) - common
  local ids = nd.constant(self.target_class_ids)
  common, all = nd.gather(common, ids), nd.gather(all, ids)
  local valid = nd.cast(nd.greater(all, 1e-9), "float64")
  return nd.cast(nd.reduce_sum(common / (all + EPSILON))
    / (nd.reduce_sum(valid) + EPSILON), self.dtype)
end

-- The matrix comes first, so that memory bounds how many there are.
local function every_class(self)
  self.target_class_ids = {}
  Overlap.init(self)
  for i = 1, self.num_classes do
    self.target_class_ids[i] = i
  end
end

local function add(name, params, methods)
  methods.label = false
  define.add(scores, name, params, methods, Overlap)
end

add("IoU", {
  doc = "what is common of a class over all there is of it, the mean of some "
    .. "classes", num_classes, target_ids, NAME, ignore_class, sparse_true,
  sparse_pred, axis,
}, {})

add("MeanIoU", {
  doc = "mean over classes of what is common over all there is", num_classes,
  NAME, ignore_class, sparse_true, sparse_pred, axis,
}, { init = every_class })

add("OneHotIoU", {
  doc = "IoU where y_true has a row for the classes", num_classes, target_ids,
  NAME, ignore_class, dense_pred, axis,
}, { sparse_y_true = false })

add("OneHotMeanIoU", {
  doc = "MeanIoU where y_true has a row for the classes", num_classes, NAME,
  ignore_class, dense_pred, axis,
}, { init = every_class, sparse_y_true = false })

add("BinaryIoU", {
  doc = "IoU of what is 0, class 1, and what is 1, class 2",
  { "target_class_ids", "positions", { 1, 2 }, doc = target_ids.doc },
  { "threshold", "number", 0.5, doc = "from it on, 1 is predicted" },
}, {
  num_classes = 2, ignore_class = false,
  update_state = function(self, y_true, y_pred, sample_weight)
    local p = nd.greater_equal(targets.float(y_pred), self.threshold)
    self:count(targets.integer(y_true) + 1, nd.cast(p, "int64") + 1,
      sample_weight)
  end,
})

return scores
