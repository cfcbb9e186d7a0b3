--- What layers have in common that multiply by a kernel, add a bias and apply
-- an activation.
local Layer = require "nadir.layers.one_input"
local roles = require "nadir.layers.roles"

local Kernel = Layer:extend("Kernel", roles({
  { "activation", "activation", false, doc = "called with the sums" },
  { "use_bias", "flag", true, doc = "whether a bias is added" },
}, "kernel", "glorot_uniform", "bias", "zeros"))

-- Until the first input tells their shapes there are none.
Kernel.kernel, Kernel.bias = false, false
Kernel.takes_floats = true

--- Makes the weights, for `build`.
---@param kernel table  the shape of the kernel
---@param bias table    that of the bias, if one is wanted
---@private
function Kernel:add_weights(kernel, bias)
  self.kernel = self:make_weight("kernel", kernel)
  self.bias = self.use_bias and self:make_weight("bias", bias)
end

--- What becomes of sums of products.
---@private
function Kernel:finish(y)
  return self.activation(self.bias and y + self.bias or y)
end

return Kernel
