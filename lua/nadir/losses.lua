--- nd.losses: how far predictions are from what is true. An object gives what
-- training makes small; a function a value for each example.
--
--   local loss = nd.losses.MeanSquaredError()(y_true, y_pred)
--   local each = nd.losses.mean_squared_error(y_true, y_pred)
--
-- y_true and y_pred have one shape, and the last axis is averaged or summed
-- over; or y_true has classes, which count from 1. Names, defaults and formulas
-- are Keras 3's.
local nd = require "nadir"
local class = require "nadir.class"
local fail = require "nadir.fail"
local logits = require "nadir.logits"
local Loss = require "nadir.loss"
local Module = require "nadir.module"
local shorten = require "nadir.short"
local signature = require "nadir.signature"
local targets = require "nadir.targets"

local EPSILON <const> = 1e-7  -- keeps logarithms and quotients finite

local losses = { Loss = Loss }

-- ---------------------------------------------------------------- arguments --

-- Both of one shape.
local function pairs_of(self, y_true, y_pred)
  y_pred = targets.float(y_pred)
  if y_pred.rank == 0 then
    self:fail("y_pred needs an axis: it is []")
  end
  return targets.align(self, targets.cast(y_true, y_pred.dtype), y_pred,
    self.hint)
end

-- The same, with logits in place of probabilities where these are known, and
-- then true.
local function pairs_with_logits(self, y_true, y_pred)
  local z = logits.of(self.made_by, y_pred)
  local x
  y_true, x = pairs_of(self, y_true, z or y_pred)
  return y_true, x, z ~= nil or self.from_logits
end

-- Whole numbers for the rows of y_pred.
local function classes_of(self, y_true, y_pred)
  y_pred = targets.float(y_pred)
  return targets.classes(self, targets.integer(y_true), y_pred), y_pred
end

-- ------------------------------------------------------------------ classes --

local inputs = {
  { "y_true", "nested", doc = "what is true" },
  { "y_pred", "nested", doc = "what is predicted" },
}

local function values(loss, y_true, y_pred)
  return (loss:values(y_true, y_pred))
end

-- Adds a class, whose objects have what is in `methods`, and its function.
local function add(name, doc, params, methods)
  local short = Module.snake_case(name)
  local all = { doc = doc, table.unpack(params) }
  all[#all + 1] = Loss.REDUCTION
  all[#all + 1] = { "name", "text", methods.label or short }
  local Class = class(name, all, Loss)
  Class.hint, Class.prepare = false, pairs_of
  for key, method in pairs(methods) do -- any order: each has its own place
    Class[key] = method
  end
  losses[name] = Class
  losses[short] = shorten(short, Class, inputs, params, values)
  return Class
end

local function mean_over_axis(self, ...)
  return nd.reduce_mean(self:elements(...), self.axis)
end

-- Adds the mean, over the last axis or one that is given, of what
-- elements(self, y_true, y_pred) gives.
local function add_mean(name, doc, params, elements, methods)
  methods = methods or {}
  methods.elements, methods.call = elements, mean_over_axis
  methods.axis = -1
  return add(name, doc, params, methods)
end

local function add_alias(name, of)
  losses[name] = losses[of]
end

-- --------------------------------------------------------------- regression --

add_mean("MeanSquaredError", "mean of squared differences", {},
  function(_, y, p) return nd.squared_difference(y, p) end)

add_mean("MeanAbsoluteError", "mean of absolute differences", {},
  function(_, y, p) return nd.abs(y - p) end)

add_mean("MeanAbsolutePercentageError",
  "mean of differences in percent of what is true", {}, function(_, y, p)
    return 100 * nd.abs((y - p) / nd.maximum(nd.abs(y), EPSILON))
  end)

add_mean("MeanSquaredLogarithmicError",
  "mean of squared differences of log(1 + x)", {}, function(_, y, p)
    return nd.squared_difference(nd.log1p(nd.maximum(y, EPSILON)),
      nd.log1p(nd.maximum(p, EPSILON)))
  end)

-- The error e, clipped to c: e * e / 2 within delta; beyond, a line, whose
-- slope is delta at infinity, too.
add_mean("Huber", "mean of squares / 2 up to delta, and of lines beyond",
  { { "delta", "number", 1, doc = "where the line begins" } },
  function(self, y, p)
    local e = p - y
    local c = nd.clip_by_value(e, -self.delta, self.delta)
    return 0.5 * nd.square(c) + self.delta * nd.abs(e - c)
  end, { label = "huber_loss" })

add_mean("LogCosh", "mean of log(cosh(difference))", {}, function(_, y, p)
  local e = p - y
  return e + nd.softplus(-2 * e) - math.log(2)
end)

add("CosineSimilarity", "-cosine of the angle between vectors along axis",
  { { "axis", "integer", -1 } }, { call = function(self, y, p)
    local least = EPSILON * EPSILON
    return -nd.reduce_sum(nd.l2_normalize(y, self.axis, least)
      * nd.l2_normalize(p, self.axis, least), self.axis)
  end })

-- ------------------------------------------------------------------ margins --

-- Labels 0 and 1 as -1 and 1, if there are no others.
local function signs(y)
  local binary = nd.reduce_all(nd.logical_or(nd.equal(y, 0), nd.equal(y, 1)))
  return nd.where(binary, 2 * y - 1, y)
end

add_mean("Hinge", "mean of max(1 - y_true * y_pred, 0)", {},
  function(_, y, p) return nd.maximum(1 - signs(y) * p, 0) end)

add_mean("SquaredHinge", "mean of squares of max(1 - y_true * y_pred, 0)", {},
  function(_, y, p) return nd.square(nd.maximum(1 - signs(y) * p, 0)) end)

add("CategoricalHinge", "max(largest of others - that of the class + 1, 0)", {},
  { call = function(_, y, p)
    local class_of, others = nd.reduce_sum(y * p, -1),
      nd.reduce_max((1 - y) * p, -1)
    return nd.maximum(others - class_of + 1, 0)
  end })

-- ------------------------------------------------------------ distributions --

add("KLDivergence", "sum of y_true * log(y_true / y_pred)", {},
  { call = function(_, y, p)
    y, p = nd.clip_by_value(y, EPSILON, 1), nd.clip_by_value(p, EPSILON, 1)
    return nd.reduce_sum(y * nd.log(y / p), -1)
  end })

add_mean("Poisson", "mean of y_pred - y_true * log(y_pred)", {},
  function(_, y, p) return p - y * nd.log(p + EPSILON) end)

local function clip(p)
  return nd.clip_by_value(p, EPSILON, 1 - EPSILON)
end

local from_logits = { "from_logits", "flag", false,
                      doc = "whether y_pred is no probability yet" }
local smoothing = { "label_smoothing", "number", 0,
                    doc = "the share of labels that is spread evenly" }
local axis = { "axis", "integer", -1, doc = "of classes, from 1; -1: the last" }
local gamma = { "gamma", "number", 2,
                doc = "how much less counts what is predicted well" }

-- Labels with a share of them spread over n classes.
local function smooth(self, y, n)
  local share = self.label_smoothing
  return share == 0 and y or y * (1 - share) + share / n
end

local function binary_crossentropy(y, p)
  p = clip(p)
  return -(y * nd.log(p) + (1 - y) * nd.log(1 - p))
end

add_mean("BinaryCrossentropy",
  "mean of -log of the probability of what is true, 0 or 1",
  { from_logits, smoothing, axis }, function(self, y, p, are_logits)
    y = smooth(self, y, 2)
    return are_logits and nd.sigmoid_cross_entropy_with_logits(y, p)
      or binary_crossentropy(y, p)
  end, { prepare = pairs_with_logits, made_by = "sigmoid" })

add_mean("BinaryFocalCrossentropy",
  "binary cross entropy, times (1 - y_pred of what is true) ^ gamma", {
    { "apply_class_balancing", "flag", false, doc = "whether alpha counts" },
    { "alpha", "number", 0.25, doc = "weight of 1; that of 0 is 1 - alpha" },
    gamma, from_logits, smoothing, axis,
  }, function(self, y, p)
    y = smooth(self, y, 2)
    p = self.from_logits and nd.sigmoid(p) or p
    local miss = 1 - (y * p + (1 - y) * (1 - p))
    local value = miss ^ self.gamma * binary_crossentropy(y, p)
    local alpha = self.apply_class_balancing and self.alpha
    return alpha and (y * alpha + (1 - y) * (1 - alpha)) * value or value
  end)

-- Classes behind all other axes.
local function classes_last(self, ...)
  local n = select(1, ...).rank
  local from = self.axis < 0 and n + 1 + self.axis or self.axis
  if n == 0 then
    self:fail("y_pred needs an axis of classes: it is []")
  elseif from < 1 or from > n then
    self:fail("axis %d is outside 1..%d", self.axis,
      n)
  elseif from == n then
    return ...
  end
  local order, moved = {}, {}
  for i = 1, n do
    order[#order + 1] = i ~= from and i or nil
  end
  order[n] = from
  for i, x in ipairs { ... } do
    moved[i] = nd.transpose(x, order)
  end
  return table.unpack(moved)
end

local function normalize(p)
  return p / nd.reduce_sum(p, -1, true)
end

local categorical = {
  prepare = pairs_with_logits, made_by = "softmax",
  hint = "for classes as numbers there is SparseCategoricalCrossentropy",
}

function categorical.call(self, y, p, are_logits)
  y, p = classes_last(self, y, p)
  y = smooth(self, y, y.shape[y.rank])
  if are_logits then
    return nd.softmax_cross_entropy_with_logits(y, p)
  end
  return -nd.reduce_sum(y * nd.log(clip(normalize(p))), -1)
end

add("CategoricalCrossentropy",
  "-sum of y_true * log(y_pred) over classes, y_true a distribution",
  { from_logits, smoothing, axis }, categorical)

add("CategoricalFocalCrossentropy",
  "cross entropy over classes, times alpha * (1 - y_pred) ^ gamma", {
    { "alpha", "number", 0.25, doc = "weight of all" },
    gamma, from_logits, smoothing, axis,
  }, { hint = categorical.hint, call = function(self, y, p)
    y, p = classes_last(self, y, p)
    y = smooth(self, y, y.shape[y.rank])
    p = clip(normalize(self.from_logits and nd.softmax(p) or p))
    return -nd.reduce_sum(self.alpha * (1 - p) ^ self.gamma * y * nd.log(p), -1)
  end })

-- Probabilities as logits, which softmax makes the same again.
local function log_clipped(p)
  return nd.log(clip(p))
end

local sparse = { made_by = "softmax" }

function sparse.prepare(self, y_true, y_pred)
  local z = logits.of("softmax", y_pred)
  local x = classes_last(self, targets.float(z or y_pred))
  y_true, x = classes_of(self, y_true, x)
  return y_true, (z or self.from_logits) and x or log_clipped(x)
end

-- Rows of a class that is ignored have the loss 0, and do not count.
function sparse.call(self, y, x)
  if not self.ignore_class then
    return nd.sparse_softmax_cross_entropy_with_logits(y, x)
  end
  local counted = nd.not_equal(y, self.ignore_class)
  local each = nd.sparse_softmax_cross_entropy_with_logits(
    nd.where(counted, y, 1), x)
  return nd.where(counted, each, 0), counted
end

add("SparseCategoricalCrossentropy",
  "-log of the probability of the class that is true",
  { from_logits, { "ignore_class", "integer", false,
                   doc = "a class, or a number beside them, that counts not" },
    axis }, sparse)

add("CategoricalGeneralizedCrossEntropy",
  "(1 - p ^ q) / q, p the probability of the class that is true",
  { { "q", "number", 0.5, doc = "0: cross entropy; 1: absolute error" } }, {
    prepare = classes_of,
    init = function(self)
      if self.q <= 0 or self.q >= 1 then
        self:fail("q must be between 0 and 1")
      end
    end,
    call = function(self, y, p)
      local rank = p.rank
      local of_class = nd.gather(p, nd.expand_dims(y, rank),
        { axis = rank, batch_dims = rank - 1 })
      return (1 - nd.squeeze(of_class, rank) ^ self.q) / self.q
    end,
  })

-- ------------------------------------------------------------------ overlap --

local over = { "axis", "positions", false, doc = "what to sum over; nil: all" }

local function overlap(self, y, p)
  local axes = self.axis or nil
  local both = nd.reduce_sum(y * p, axes)
  local missed, wrong = nd.reduce_sum(y, axes) - both,
    nd.reduce_sum(p, axes) - both
  return 1 - both / (both + missed * self.alpha + wrong * self.beta
    + self.least)
end

add("Dice", "1 - twice what is common over all there is in both", { over },
  { call = overlap, alpha = 0.5, beta = 0.5, least = EPSILON / 2 })

add("Tversky", "1 - what is common over that and weighted misses", {
  { "alpha", "number", 0.5, doc = "weight of what is true and not predicted" },
  { "beta", "number", 0.5, doc = "weight of what is predicted and not true" },
  over,
}, { call = overlap, least = EPSILON })

-- ------------------------------------------------------------- others still --

local function check_rank(who, name, x, rank, shape)
  if x.rank ~= rank then
    fail("%s: %s must be [%s], got %s", who, name, shape, x.shape)
  end
end

-- Class 1 is no label; rows of labels end with any number of it, or of 0.
add("CTC", "-log of how likely the labels [n length] are by y_pred, logits "
  .. "[n time classes], over all ways to align them", {}, {
    prepare = function(_, y, p)
      return targets.integer(y), targets.float(p)
    end,
    call = function(_, y, p)
      check_rank("CTC", "y_true", y, 2, "n length")
      check_rank("CTC", "y_pred", p, 3, "n time classes")
      local lengths = nd.reduce_sum(nd.cast(nd.greater(y, 1), "int32"), 2)
      local times = nd.fill({ p.shape[1] }, p.shape[2])
      return nd.nn.ctc_loss(y, p, lengths, times, { logits_time_major = false })
    end,
  })

-- log(sum(exp(x))) over those of each row that are marked.
local function logsumexp(x, marked)
  return nd.reduce_logsumexp(nd.where(marked, x, -math.huge), 2)
end

add("Circle", "how much nearer others are than those of the same class; "
  .. "y_true [n] has classes, y_pred [n d] unit vectors", {
    { "gamma", "number", 80, doc = "a scale" },
    { "margin", "number", 0.4, doc = "how near is near enough" },
    { "remove_diagonal", "flag", true, doc = "whether not to itself" },
  }, {
    prepare = function(self, y, p)
      p = targets.float(p)
      check_rank("Circle", "y_pred", p, 2, "n d")
      return classes_of(self, y, p)
    end,
    call = function(self, y, p)
      local distance = nd.maximum(1 - nd.matmul(p, p, false, true), 0)
      local same = nd.equal(nd.expand_dims(y, 2), nd.expand_dims(y, 1))
      local other = nd.logical_not(same)
      if self.remove_diagonal then
        same = nd.logical_and(same, nd.equal(nd.eye(p.shape[1]), 0))
      end
      local margin, scale = self.margin, self.gamma
      local near = -scale * (margin + distance) * (margin - distance)
      local far = scale * nd.maximum(1 + margin - distance, 0)
        * (1 - margin - distance)
      local value = nd.softplus(logsumexp(near, same) + logsumexp(far, other))
      return value, nd.not_equal(value, 0)
    end,
  })

-- ------------------------------------------------------------------ by name --

for of, names in pairs { -- any order: each its own
  mean_squared_error = { "mse", "MSE" },
  mean_absolute_error = { "mae", "MAE" },
  mean_absolute_percentage_error = { "mape", "MAPE" },
  mean_squared_logarithmic_error = { "msle", "MSLE" },
  binary_crossentropy = { "bce", "BCE" },
  kl_divergence = { "kld", "KLD", "kullback_leibler_divergence" },
  log_cosh = { "logcosh" },
} do
  for _, name in ipairs(names) do
    add_alias(name, of)
  end
end

--- The loss that a value stands for: an object, a class, a name, a
--- configuration, or a function of y_true and y_pred.
---@param value any
---@return table loss
losses.get = signature.getter("losses.get", "loss")

return losses
