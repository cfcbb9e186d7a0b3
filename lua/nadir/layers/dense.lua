--- nd.layers.Dense: fully connected, `y = activation(x * w + b)`.
local nd = require "nadir"
local fail = require "nadir.fail"
local names = require "nadir.names"

local Dense = { __name = "Dense" }
Dense.__index = names.class("Dense", Dense)

-- Returns the activation's name, or false.
local function check_options(options)
  names.check_options("Dense", options, { "activation" })
  local activation = options.activation
  if activation ~= nil and type(rawget(nd, activation)) ~= "function" then
    fail("Dense: no such activation: '%s'", tostring(activation))
  end
  return activation or false
end

---@param units integer  size of the last axis of the output
---@param options? {activation: string}  any elementwise op by name
function Dense.new(units, options)
  if math.type(units) ~= "integer" or units < 1 then
    fail("Dense: units must be a positive integer, got %s", tostring(units))
  end
  local activation = check_options(options or {})
  return setmetatable({ units = units, activation = activation, w = false,
                        b = false, trainable_variables = {} }, Dense)
end

-- Weights are made when the first input tells us its width; until then `w` and
-- `b` are false. Glorot and Bengio's
-- bounds keep the variance of signals and of gradients alike.
function Dense:build(shape)
  if #shape < 2 then
    fail("Dense: x needs 2 axes or more: it is [%s]; "
      .. "use nd.reshape(x, {-1, 1})", table.concat(shape, " "))
  end
  local width = shape[#shape]
  local bound = math.sqrt(6 / (width + self.units))
  self.w = nd.Variable(nd.random.uniform({ width, self.units },
    { minval = -bound, maxval = bound }))
  self.b = nd.Variable(nd.zeros { self.units })
  self.trainable_variables = { self.w, self.b }
end

---@param x userdata  [..., width]
---@return userdata y  [..., units]
function Dense:__call(x)
  if not self.w then
    self:build(nd.constant(x).shape)
  end
  local y = nd.matmul(x, self.w) + self.b
  return self.activation and nd[self.activation](y) or y
end

return setmetatable(Dense, {
  __index = names.index("Dense", Dense),
  __call = function(_, ...) return Dense.new(...) end,
})
