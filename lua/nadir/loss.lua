--- What all losses are (nd.losses.Loss): how far predictions are from what is
-- true, for each example, and what that comes to for all.
--
--   local Distance = nd.losses.Loss:extend("Distance", {
--     { "power", "number", 2 },
--   })
--
--   function Distance:call(y_true, y_pred)
--     return nd.reduce_sum(nd.abs(y_true - y_pred) ^ self.power, 2)
--   end
--
--   local loss = Distance { power = 3, reduction = "sum" }(y_true, y_pred)
--
-- `call` gets two tensors of the dtype of y_pred and gives a value for each
-- example; and, if some do not count, which do: `return values, mask`.
local nd = require "nadir"
local class = require "nadir.class"
local describe = require "nadir.describe"
local fail = require "nadir.fail"
local kinds = require "nadir.kinds"
local masks = require "nadir.masks"
local Module = require "nadir.module"
local structure = require "nadir.structure"
local targets = require "nadir.targets"
local words = require "nadir.words"

-- --------------------------------------------------------------- reductions --
-- Each makes one value of `values`, already weighed. `weights` and `mask` are
-- nil where there are none.

local function over(sum, count)
  return nd.divide_no_nan(sum, count)
end

local function mean(values, _, mask)
  if mask then
    mask = nd.cast(nd.broadcast_to(mask, values.shape), values.dtype)
    return over(nd.reduce_sum(values), nd.reduce_sum(mask))
  end
  -- There is no mean of none.
  return values.size > 0 and nd.reduce_mean(values) or nd.reduce_sum(values)
end

local reductions = {
  sum_over_batch_size = mean,
  mean = mean,
  sum = function(values) return nd.reduce_sum(values) end,
  none = function(values) return values end,
  mean_with_sample_weight = function(values, weights, mask)
    if not weights then
      return mean(values, weights, mask)
    end
    return over(nd.reduce_sum(values),
      nd.reduce_sum(nd.broadcast_to(weights, values.shape)))
  end,
}

kinds.reduction = words("reduction", structure.keys(reductions))

-- ------------------------------------------------------------------- class --

local reduction = { "reduction", "reduction", "sum_over_batch_size",
                    doc = "what becomes of the values" }

local Loss = class("Loss", {
  reduction, { "name", "text", false, doc = "what histories call it" },
})

-- What classes that extend it have as a parameter.
Loss.REDUCTION = reduction

-- Of a loss that is the mean of something over the last axis: that. It saves
-- the mean of means.
Loss.elements = false

local metatable = class.metatable(Loss)

function metatable.__begin(self)
  if not rawget(self, "name") then
    class.metatable(Module).__begin(self)
  end
end

-- ------------------------------------------------------------------ calling --

--- Makes of the arguments of a call those of `call`.
---@private
function Loss.prepare(_, y_true, y_pred)
  y_pred = targets.float(y_pred)
  return targets.cast(y_true, y_pred.dtype), y_pred
end

--- What a class must override: values for each example.
function Loss.call(self)
  self:fail("has no call(y_true, y_pred)")
end

--- A value for each example, and which of them count, if not all do.
---@private
function Loss:values(y_true, y_pred)
  return self:call(self:prepare(y_true, y_pred))
end

-- All values of what the loss is a mean of.
local function mean_of_elements(self, y_true, y_pred)
  return mean(self:elements(self:prepare(y_true, y_pred)))
end

-- Weighs values, and reduces them.
local function reduce(self, values, weights, mask)
  if weights or mask then
    mask = mask and targets.weights(self, mask, values)
    weights = targets.masked(self, weights, mask, values)
    values = mask and nd.where(nd.cast(mask, "bool"), values, 0) or values
    values = values * weights
  end
  return reductions[self.reduction](values, weights, mask)
end

function metatable.__call(self, y_true, y_pred, sample_weight)
  local mask = masks.of(y_pred)
  if self.elements and not mask and sample_weight == nil
    and self.reduction ~= "none" and self.reduction ~= "sum" then
    return mean_of_elements(self, y_true, y_pred)
  end
  local values, counted = self:values(y_true, y_pred)
  return reduce(self, values, sample_weight, masks.both(mask, counted))
end

-- ---------------------------------------------------------------- functions --

--- A loss that is a function of y_true and y_pred.
local FunctionLoss = class("FunctionLoss", {
  { "fn", "callable", doc = "gives a value for each example" },
  reduction, { "name", "text", "loss" },
}, Loss)

function FunctionLoss:call(y_true, y_pred)
  local values = self.fn(targets.same_rank(y_true, y_pred))
  if not nd.is_tensor(values) and not nd.is_variable(values) then
    fail("%s: the function must return a tensor, got %s", self.name,
      describe.value(values))
  end
  return values
end

--- The loss itself, or a function as one.
---@private
function Loss.of(value)
  return class.is(value, Loss) and value or FunctionLoss(value)
end

return Loss
