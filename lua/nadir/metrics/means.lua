--- Metrics that are sums or means of values, one for each example: accuracies,
-- and those of losses.
local nd = require "nadir"
local class = require "nadir.class"
local define = require "nadir.metrics.define"
local Loss = require "nadir.loss"
local losses = require "nadir.losses"
local masks = require "nadir.masks"
local Module = require "nadir.module"
local shorten = require "nadir.short"
local targets = require "nadir.targets"

local NAME <const> = define.NAME
local EPSILON <const> = 1e-7

local means = {}

local function add_to(sum, x)
  sum:assign_add(nd.cast(x, "float64"))
end

-- ----------------------------------------------------------- sums and means --

-- Values of any shape, weighed, and the weights; nil for no values.
local function weigh(self, values, weights)
  values = targets.float(values)
  if values.size == 0 then
    return nil
  elseif weights == nil then
    return values
  end
  weights = targets.weights(self, weights, values)
  return values * weights, nd.broadcast_to(weights, values.shape)
end

define.add(means, "Sum", { doc = "sum of all values, times their weights" }, {
  init = function(self) self.total = self:add_sum "total" end,
  update_state = function(self, values, sample_weight)
    values = weigh(self, values, sample_weight)
    if values then
      add_to(self.total, nd.reduce_sum(values))
    end
  end,
  result = function(self) return nd.cast(self.total, self.dtype) end,
})

local Mean = define.add(means, "Mean",
  { doc = "mean of the values of all examples, by their weights" }, {})

function Mean:init()
  self.total, self.count = self:add_sum "total", self:add_sum "count"
end

-- An example is a part along the first axis; what it has of values is averaged.
local function add_values(self, values, weights)
  values, weights = weigh(self, values, weights)
  if not values then
    return
  end
  local n = values.rank > 0 and values.shape[1] or 1
  add_to(self.total, n * nd.reduce_mean(values))
  if weights then
    add_to(self.count, n * nd.reduce_mean(weights))
  else
    self.count:assign_add(n)
  end
end

function Mean:update_state(values, sample_weight)
  add_values(self, values, sample_weight)
end

function Mean:result()
  return nd.cast(nd.divide_no_nan(self.total, self.count), self.dtype)
end

-- --------------------------------------------------------- of two arguments --

-- Weights without those that are masked, by a layer or by what gave values.
local function combine(self, values, weights, y_pred, counted)
  local mask = masks.of(y_pred)
  if not mask and not counted then
    return weights
  end
  if mask and counted then
    counted = nd.logical_and(nd.cast(targets.weights(self, mask, values),
      "bool"), counted)
  end
  return targets.masked(self, weights, counted or mask or nil, values)
end

-- A class whose objects see two arguments, and give values for each example:
-- values(self, y_true, y_pred); or what these are means of, which will do.
local Pairs = class("Pairs", nil, Mean)

function Pairs:elements(y_true, y_pred)
  return self:values(y_true, y_pred)
end

function Pairs:update_state(y_true, y_pred, sample_weight)
  local values, counted = self:elements(y_true, y_pred)
  values = targets.float(values)
  add_values(self, values,
    combine(self, values, sample_weight, y_pred, counted))
end

local Wrapper = define.add(means, "MeanMetricWrapper", {
  doc = "mean of what a loss, or a function of y_true and y_pred, gives",
  { "fn", "loss_function" },
}, { label = false }, Pairs)

function Wrapper:init()
  Mean.init(self)
  self.loss = class.is(self.fn, Loss) and self.fn
end

function Wrapper:values(y_true, y_pred)
  if self.loss then
    return self.loss:values(y_true, y_pred)
  end
  return self.fn(targets.same_rank(targets.tensor(y_true),
    targets.tensor(y_pred)))
end

local inputs = { { "y_true", "nested" }, { "y_pred", "nested" } }

local function values(metric, y_true, y_pred)
  return (metric:values(y_true, y_pred))
end

-- Adds such a class, and the function that gives values.
local function add(name, params, methods)
  local Class = define.add(means, name, params, methods, Pairs)
  local settings = {}
  for _, p in ipairs(params) do
    settings[#settings + 1] = p ~= NAME and p or nil
  end
  local short = methods.label or Module.snake_case(name)
  means[short] = shorten(short, Class, inputs, settings, values)
end

-- --------------------------------------------------------------- accuracies --

local function pair(self, y_true, y_pred)
  y_pred = targets.tensor(y_pred)
  return targets.align(self, targets.cast(y_true, y_pred.dtype), y_pred,
    self.hint)
end

local function equal(a, b)
  return nd.cast(nd.equal(a, b), "float32")
end

add("Accuracy", { doc = "how often y_pred is y_true" }, {
  direction = "up", hint = false,
  values = function(self, y, p) return equal(pair(self, y, p)) end,
})

add("BinaryAccuracy", {
  doc = "how often y_pred is on that side of the threshold where y_true is",
  NAME, { "threshold", "number", 0.5, doc = "above it, 1 is predicted" },
}, {
  direction = "up", hint = false,
  init = function(self)
    Mean.init(self)
    if self.threshold <= 0 or self.threshold >= 1 then
      self:fail("threshold must be between 0 and 1, got %g",
        self.threshold)
    end
  end,
  values = function(self, y, p)
    y, p = pair(self, y, p)
    return equal(y, nd.cast(nd.greater(p, self.threshold), y.dtype))
  end,
})

local HINT <const> = "for classes as numbers there is Sparse"

add("CategoricalAccuracy", {
  doc = "how often the largest of y_pred is where that of y_true is",
}, {
  direction = "up", hint = HINT .. "CategoricalAccuracy",
  values = function(self, y, p)
    y, p = pair(self, y, p)
    return equal(nd.argmax(y, -1), nd.argmax(p, -1))
  end,
})

local function classes(self, y_true, y_pred)
  y_pred = targets.float(y_pred)
  return targets.classes(self, targets.integer(y_true), y_pred), y_pred
end

add("SparseCategoricalAccuracy", {
  doc = "how often the largest of y_pred is at the class y_true, from 1",
}, {
  direction = "up",
  values = function(self, y, p)
    y, p = classes(self, y, p)
    return equal(nd.cast(y, "int64"), nd.argmax(p, -1))
  end,
})

local k = { "k", "size", 5, doc = "how many of the largest count" }

-- Whether class y of [...] is among the k largest of p [... classes].
local function in_top_k(y, p, n)
  local hits = nd.in_top_k(nd.reshape(y, { -1 }),
    nd.reshape(p, { -1, p.shape[p.rank] }), n)
  return nd.reshape(nd.cast(hits, "float32"), y.shape)
end

add("TopKCategoricalAccuracy", {
  doc = "how often the largest of y_true is where y_pred is among its largest",
  k,
}, {
  direction = "up", hint = HINT .. "TopKCategoricalAccuracy",
  values = function(self, y, p)
    y, p = pair(self, y, targets.float(p))
    return in_top_k(nd.argmax(y, -1), p, self.k)
  end,
})

add("SparseTopKCategoricalAccuracy", {
  doc = "how often y_pred at the class y_true is among its largest", k, NAME,
  { "from_sorted_ids", "flag", false,
    doc = "whether y_pred has classes, the likeliest first" },
}, {
  direction = "up",
  values = function(self, y, p)
    y, p = classes(self, y, p)
    if not self.from_sorted_ids then
      return in_top_k(y, p, self.k)
    end
    local first = p[{ "...", { 1, math.min(self.k, p.shape[p.rank]) } }]
    local hits = nd.equal(nd.expand_dims(nd.cast(y, p.dtype), -1), first)
    return nd.cast(nd.reduce_any(hits, -1), "float32")
  end,
})

-- ------------------------------------------------------------- correlations --

-- Differences from the mean along an axis, their squares' mean, and the mean.
local function center(x, axis)
  local mean, variance = nd.moments(x, axis, true)
  return x - mean, variance, mean
end

-- Adds the mean of of(y's center, p's center).
local function add_correlation(name, doc, of)
  add(name, {
    doc = doc, NAME, { "axis", "integer", -1, doc = "of numbers" },
  }, {
    direction = "up", hint = false,
    values = function(self, y, p)
      y, p = pair(self, y, targets.float(p))
      local dy, vy, my = center(y, self.axis)
      local dp, vp, mp = center(p, self.axis)
      return nd.reduce_mean(of(dy * dp, vy, vp, my, mp), self.axis)
    end,
  })
end

add_correlation("PearsonCorrelation", "covariance over standard deviations",
  function(product, vy, vp) return product / (nd.sqrt(vy) * nd.sqrt(vp)) end)

add_correlation("ConcordanceCorrelation",
  "twice the covariance over variances and the squared distance of means",
  function(product, vy, vp, my, mp)
    return 2 * product / (vy + vp + nd.squared_difference(my, mp) + EPSILON)
  end)

-- ---------------------------------------------------------------- of losses --

local not_ours = { reduction = true, name = true }

-- Settings of a loss, as metrics have them: behind the name.
local function settings_of(LossClass)
  local metatable = class.metatable(LossClass)
  local params = { doc = metatable.__signature.doc, NAME }
  for _, p in ipairs(metatable.__params) do
    params[#params + 1] = not not_ours[p[1]] and p or nil
  end
  return params
end

local function loss_of(self, LossClass, params)
  local settings = {}
  for i = 2, #params do
    local name = params[i][1]
    settings[name] = self[name]
  end
  return LossClass(settings)
end

local function loss_values(self, y_true, y_pred)
  return self.loss:values(y_true, y_pred)
end

local function loss_elements(self, y_true, y_pred)
  local loss = self.loss
  if loss.elements then
    return loss:elements(loss:prepare(y_true, y_pred))
  end
  return self:values(y_true, y_pred)
end

-- Adds the mean of a loss; `doc` says what it is, if the loss's does not.
local function add_loss(name, of, methods, doc)
  local LossClass = losses[of]
  local params = settings_of(LossClass)
  params.doc = doc or params.doc
  local all = {
    direction = "down", values = loss_values, elements = loss_elements,
    init = function(self)
      Mean.init(self)
      self.loss = loss_of(self, LossClass, params)
    end,
  }
  for key, method in pairs(methods or {}) do -- any order: each has one place
    all[key] = method
  end
  add(name, params, all)
end

for _, name in ipairs {
  "MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError",
  "MeanSquaredLogarithmicError", "Hinge", "SquaredHinge", "CategoricalHinge",
  "KLDivergence", "Poisson", "BinaryCrossentropy", "CategoricalCrossentropy",
  "SparseCategoricalCrossentropy",
} do
  add_loss(name, name)
end

add_loss("LogCoshError", "LogCosh", { label = "logcosh" })

add_loss("CosineSimilarity", "CosineSimilarity", {
  direction = "up",
  values = function(self, y, p) return -self.loss:values(y, p) end,
})

local function root(self)
  return nd.sqrt(Mean.result(self))
end

add_loss("RootMeanSquaredError", "MeanSquaredError", { result = root },
  "root of the mean of squared differences")

return means
