--- nd.layers.Dense: the fully connected layer.
local nd = require "nadir"
local Kernel = require "nadir.layers.kernel"

local Dense = Kernel:extend("Dense", {
  doc = "y = activation(x * kernel + bias), x [..., width], y [..., units]",
  { "units", "size", doc = "size of the last axis of y" },
})

Dense.supports_masking = true

function Dense:build(shape)
  if #shape < 2 then
    self:fail("x needs 2 axes or more: it is [%s]; "
      .. "use nd.reshape(x, {-1, 1})", table.concat(shape, " "))
  end
  self:add_weights({ shape[#shape], self.units }, { self.units })
end

function Dense:call(x)
  return self:finish(nd.matmul(x, self.kernel))
end

return Dense
