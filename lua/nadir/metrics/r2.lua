--- How much of a variance predictions explain.
local nd = require "nadir"
local define = require "nadir.metrics.define"
local kinds = require "nadir.kinds"
local structure = require "nadir.structure"
local targets = require "nadir.targets"
local words = require "nadir.words"

local r2 = {}

local aggregations = {
  none = function(scores) return scores end,
  uniform_average = function(scores) return nd.reduce_mean(scores) end,
  variance_weighted_average = function(scores, total)
    return nd.reduce_sum(total * scores) / nd.reduce_sum(total)
  end,
}

kinds.class_aggregation = words("class_aggregation",
  structure.keys(aggregations))

local R2Score = define.add(r2, "R2Score", {
  doc = "1 - squares of errors over squares of what is true, from its mean",
  { "class_aggregation", "class_aggregation", "uniform_average",
    doc = "what becomes of the scores of outputs" },
  { "num_regressors", "integer", 0,
    doc = "how many inputs the score is adjusted for" },
}, { direction = "up" })

function R2Score:init()
  if self.num_regressors < 0 then
    self:fail("num_regressors must be 0 or more, got %d",
      self.num_regressors)
  end
end

local SUMS <const> = { "sum", "squared_sum", "total_mse", "count" }

local function build(self, y)
  if y.rank ~= 2 then
    self:fail("y_pred must be [n outputs], got %s", y.shape)
  end
  self.num_samples = self:add_sum "num_samples"
  for _, name in ipairs(SUMS) do
    self[name] = self:add_sum(name, { y.shape[2] })
  end
end

function R2Score:update_state(y_true, y_pred, sample_weight)
  local y, p = targets.align(self, targets.cast(y_true, "float64"),
    targets.cast(y_pred, "float64"))
  if #self.variables == 0 then
    build(self, y)
  end
  local weights = nd.broadcast_to(
    targets.weights(self, sample_weight or 1, y), y.shape)
  local function add(sum, x)
    sum:assign_add(nd.reduce_sum(weights * x, 1))
  end
  add(self.sum, y)
  add(self.squared_sum, nd.square(y))
  add(self.total_mse, nd.squared_difference(y, p))
  add(self.count, nd.ones_like(y))
  self.num_samples:assign_add(y.size)
end

-- The score if every input were to explain nothing.
local function adjust(self, score)
  local n, regressors = self.num_samples:item(), self.num_regressors
  if regressors == 0 or regressors >= n - 1 then
    return score
  end
  return 1 - (1 - score) * (n - 1) / (n - regressors - 1)
end

function R2Score:result()
  if #self.variables == 0 then
    return nd.zeros({}, self.dtype)
  end
  local total = self.squared_sum - self.sum * self.sum / self.count
  local scores = 1 - self.total_mse / total
  scores = nd.where(nd.is_inf(scores), 0, scores)
  local score = aggregations[self.class_aggregation](scores, total)
  return nd.cast(adjust(self, score), self.dtype)
end

return r2
