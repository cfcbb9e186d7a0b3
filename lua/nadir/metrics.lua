--- nd.metrics: how good predictions are, over many batches. An object keeps
-- what it has seen; a function gives a value for each example.
--
--   local accuracy = nd.metrics.SparseCategoricalAccuracy()
--   accuracy:update_state(y_true, y_pred)
--   print(accuracy:result())
--   accuracy:reset_state()
--
-- Names, defaults and formulas are Keras 3's; classes count from 1. Sums are
-- kept in float64.
local signature = require "nadir.signature"

local metrics = { Metric = require "nadir.metric" }

for _, family in ipairs { "means", "r2", "confusion", "scores" } do
  local classes = require("nadir.metrics." .. family)
  for name, Class in pairs(classes) do -- any order: each has its own place
    metrics[name] = Class
  end
end

for name, of in pairs { -- any order: each its own
  mse = "mean_squared_error", mae = "mean_absolute_error",
  mape = "mean_absolute_percentage_error",
  msle = "mean_squared_logarithmic_error", bce = "binary_crossentropy",
  kld = "kl_divergence",
} do
  metrics[name], metrics[name:upper()] = metrics[of], metrics[of]
end

--- The metric that a value stands for: an object, a class, a name, a
--- configuration, a loss, or a function of y_true and y_pred.
---@param value any
---@return table metric
metrics.get = signature.getter("metrics.get", "metric")

-- --------------------------------------------------------- by what they see --

-- Which kind of labels go with predictions.
local function kind_of(y_true, y_pred)
  local last = y_pred.shape[y_pred.rank]
  if y_pred.rank == 0 or last == 1 then
    return "binary"
  end
  local sparse = y_true.rank < y_pred.rank
    or y_true.shape[y_true.rank] == 1 and last > 1
  return sparse and "sparse" or "categorical"
end

local accuracies = { binary = "BinaryAccuracy", sparse =
  "SparseCategoricalAccuracy", categorical = "CategoricalAccuracy" }
local crossentropies = { binary = "BinaryCrossentropy", sparse =
  "SparseCategoricalCrossentropy", categorical = "CategoricalCrossentropy" }

local choices = {
  accuracy = accuracies, acc = accuracies,
  crossentropy = crossentropies, ce = crossentropies,
}

metrics._choices = choices  -- names that only models take

--- The same, for the predictions and labels of a model: "accuracy" or "acc",
--- and "crossentropy" or "ce", are those that fit. A metric that is given by a
--- name is called so.
---@param value any
---@param y_true userdata
---@param y_pred userdata
---@return table metric
---@private
function metrics.resolve(value, y_true, y_pred)
  local by_kind = choices[value]
  local metric = by_kind and metrics[by_kind[kind_of(y_true, y_pred)]]()
    or metrics.get(value)
  if type(value) == "string" then
    metric.name = value
  end
  return metric
end

return metrics
