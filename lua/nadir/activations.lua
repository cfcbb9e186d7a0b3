--- nd.activations: functions of a tensor that give one of its shape, by the
-- names and with the defaults of Keras 3. Most are ops; here stand those that
-- are called or begin otherwise.
--
--   local y = nd.activations.leaky_relu(x, { negative_slope = 0.1 })
--   local layer = nd.layers.Dense(3, { activation = "silu" })
local nd = require "nadir"
local fields = require "nadir.fields"
local kinds = require "nadir.kinds"
local logits = require "nadir.logits"
local signature = require "nadir.signature"

local activations = {}

for _, name in ipairs {
  "celu", "elu", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu",
  "hard_tanh", "log_sigmoid", "log_softmax", "mish", "relu6", "selu", "silu",
  "soft_shrink", "softplus", "softsign", "sparse_plus", "sparse_sigmoid",
  "sparsemax", "squareplus", "swish", "tanh", "tanh_shrink", "threshold",
} do
  activations[name] = rawget(nd, name) or fields.ask(nd, name) or nd.nn[name]
end

activations.exponential = nd.exp
activations.hard_swish = nd.hard_silu

--- x itself: what layers have where they have no activation.
activations.linear = kinds.activation.read(false)

local function add(name, doc, params, call)
  local takes = signature.new(name, { doc = doc, { "x", "nested" },
                                      table.unpack(params) })
  activations[name] = takes:callable(function(x, ...)
    if select("#", ...) == 0 and type(x) == "userdata" then
      return call(x)
    end
    local v = takes:read(x, ...)
    return call(v.x, v)
  end)
end

local function slope(initial, doc)
  return { "negative_slope", "number", initial, doc = doc or "below threshold" }
end

add("leaky_relu", "x where positive, else negative_slope * x", {
  slope(0.2, "below 0") }, function(x, v)
    return nd.leaky_relu(x, v and v.negative_slope)
  end)

-- A line of slope 1 above the threshold, and of another slope below; at it the
-- derivative is 0, as in Keras.
local function general_relu(x, v)
  local below, at = v.negative_slope, v.threshold
  local y
  if at == 0 then
    y = below == 0 and nd.relu(x) or nd.leaky_relu(x, below)
  else
    y = nd.where(nd.greater(x, at), x, 0)
    y = below == 0 and y or y - below * nd.relu(at - x)
  end
  return v.max_value and nd.minimum(y, v.max_value) or y
end

add("relu", "x above threshold, up to max_value", {
  slope(0), { "max_value", "number", false, doc = "the largest result" },
  { "threshold", "number", 0, doc = "below it, the slope is another" },
}, function(x, v)
  if not v then
    return nd.relu(x)
  end
  return general_relu(getmetatable(x) and x or nd.constant(x), v)
end)

add("sigmoid", "1 / (1 + exp(-x)); losses know what it was made of", {},
  function(x) return logits.note("sigmoid", nd.sigmoid(x), x) end)

add("softmax", "shares along axis; losses know what they were made of", {
  { "axis", "integer", -1, doc = "from 1; -1: the last" },
}, function(x, v)
  local axis = v and v.axis or -1
  local y = nd.softmax(x, axis)
  if axis ~= -1 and axis ~= y.rank then
    return y
  end
  return logits.note("softmax", y, x)
end)

--- The function that a value stands for: a function, or its name.
---@param value any
---@return function
activations.get = signature.getter("activations.get", "activation")

return activations
