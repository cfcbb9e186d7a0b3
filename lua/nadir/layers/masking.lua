--- nd.layers.Masking: steps that do not count.
local nd = require "nadir"
local Layer = require "nadir.layers.one_input"

local Masking = Layer:extend("Masking", {
  doc = "masks the steps of x[batch, time, width] that are mask_value "
    .. "throughout, and makes them 0",
  { "mask_value", "number", 0 },
})

local function counted(self, x, keepdims)
  return nd.reduce_any(nd.not_equal(x, self.mask_value), -1, keepdims)
end

function Masking:call(x)
  return nd.where(counted(self, x, true), x, 0)
end

function Masking:compute_mask(x)
  return counted(self, x, false)
end

return Masking
