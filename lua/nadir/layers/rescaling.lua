--- nd.layers.Rescaling: x * scale + offset.
local nd = require "nadir"
local Layer = require "nadir.layers.one_input"

local Rescaling = Layer:extend("Rescaling", {
  doc = "x * scale + offset, of floats",
  { "scale", "nested", doc = "a number, or one for each channel" },
  { "offset", "nested", 0, doc = "the same" },
})

Rescaling.supports_masking = true

function Rescaling:call(x)
  local dtype = x.dtype:find "float" and x.dtype or self.dtype or "float32"
  local scale = nd.cast(nd.constant(self.scale), dtype)
  return nd.cast(x, dtype) * scale + nd.cast(nd.constant(self.offset), dtype)
end

return Rescaling
