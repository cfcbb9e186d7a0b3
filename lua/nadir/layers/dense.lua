--- nd.layers.Dense: the fully connected layer.
local nd = require "nadir"
local fail = require "nadir.fail"
local Layer = require "nadir.layers.layer"

local Dense = Layer:extend("Dense", {
  doc = "y = activation(x * w + b), x [..., width], y [..., units]",
  { "units", "size", doc = "size of the last axis of y" },
  { "activation", "activation", false,
    doc = "called with x * w + b" },
  { "use_bias", "flag", true, doc = "whether there is b" },
  { "kernel_initializer", "initializer", "glorot_uniform",
    doc = "what w begins with" },
  { "bias_initializer", "initializer", "zeros", doc = "what b begins with" },
})

-- The first input tells the width; until then there are no weights.
Dense.w, Dense.b = false, false

function Dense:build(shape)
  if #shape < 2 then
    fail("Dense: x needs 2 axes or more: it is [%s]; "
      .. "use nd.reshape(x, {-1, 1})", table.concat(shape, " "))
  end
  self.w = self:add_weight("kernel", { shape[#shape], self.units },
    self.kernel_initializer)
  self.b = self.use_bias and self:add_weight("bias", { self.units },
    self.bias_initializer)
end

function Dense:call(x)
  local y = nd.matmul(x, self.w)
  return self.activation(self.b and y + self.b or y)
end

return Dense
