--- What all metrics are (nd.metrics.Metric): numbers that tell how good
-- predictions are, over all that they have seen since they began.
--
--   local Largest = nd.metrics.Metric:extend "Largest"
--
--   function Largest:init() self.most = self:add_weight("most") end
--
--   function Largest:update_state(y_true, y_pred)
--     local error = nd.reduce_max(nd.abs(y_true - y_pred))
--     self.most:assign(nd.maximum(self.most, error))
--   end
--
--   function Largest:result() return self.most:read_value() end
--
-- A call updates it and gives the result. What it keeps is in Variables, which
-- are no weights of a layer or a model that holds the metric.
local nd = require "nadir"
local class = require "nadir.class"
local Module = require "nadir.module"
local signature = require "nadir.signature"

local Metric = class("Metric", {
  { "name", "text", false, doc = "what histories call it" },
  { "dtype", "float_dtype", "float32", doc = "of the result" },
})

--- Which way is better: "up" or "down"; false: not known.
Metric.direction = false

local metatable = class.metatable(Metric)

function metatable.__begin(self)
  if not rawget(self, "name") then
    class.metatable(Module).__begin(self)
  end
  self.variables = {}
end

local weight = signature.new("add_weight", {
  { "name", "text" },
  { "shape", "shape", {} },
  { "initializer", "initializer", "zeros" },
  { "dtype", "float_dtype", false, doc = "that of the result" },
})

--- Makes a Variable for what the metric keeps.
---@return userdata variable
function Metric:add_weight(...)
  local v = weight:read(...)
  local variable = nd.Variable(v.initializer(v.shape, v.dtype or self.dtype), {
    name = ("%s/%s"):format(self.name, v.name), trainable = false,
  })
  self.variables[#self.variables + 1] = variable
  return variable
end

Metric.add_variable = Metric.add_weight

--- Makes a Variable for a sum. It is float64, so that many small numbers add up
--- to what they should.
function Metric:add_sum(name, shape)
  return self:add_weight(name, shape or {}, "zeros", "float64")
end

local function lacks(name)
  return function(self)
    self:fail("has no %s", name)
  end
end

--- What a class must override: sees predictions.
Metric.update_state = lacks "update_state(y_true, y_pred, sample_weight)"

--- What a class must override: a tensor, of all that was seen.
Metric.result = lacks "result()"

--- Forgets what was seen.
function Metric:reset_state()
  for _, variable in ipairs(self.variables) do
    variable:assign(nd.zeros_like(variable))
  end
end

function Metric:reset_states()
  self:reset_state()
end

function metatable.__call(self, ...)
  self:update_state(...)
  return self:result()
end

--- The metric itself; a loss, or a function of y_true and y_pred, as the mean
--- of what it gives.
---@private
function Metric.of(value)
  if class.is(value, Metric) then
    return value
  end
  return require "nadir.metrics".MeanMetricWrapper(value,
    { name = class.of(value) and value.name or nil })
end

return Metric
