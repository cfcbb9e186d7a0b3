--- nd.layers.Lambda, Identity: a function as a layer.
local Layer = require "nadir.layers.layer"

local Lambda = Layer:extend("Lambda", {
  doc = "f(x, arguments)",
  { "f", "activation", doc = "a function, or the name of an op" },
  { "arguments", "nested", false, doc = "its options" },
  { "mask", "nested", false,
    doc = "that of the result, or a function of x and its mask" },
  { "output_shape", "nested", false, doc = "makes no difference here",
    wanted = "anything" },
})

-- As with other layers, its output_shape is what it gives.
function Lambda:init()
  rawset(self, "output_shape", nil)
end

function Lambda:call(x)
  if self.arguments then
    return self.f(x, self.arguments)
  end
  return self.f(x)
end

function Lambda:compute_mask(x, mask)
  if type(self.mask) == "function" then
    return self.mask(x, mask)
  end
  return self.mask or nil
end

local Identity = Layer:extend("Identity", { doc = "x" })

Identity.supports_masking = true

function Identity.call(_, x)
  return x
end

return { Lambda = Lambda, Identity = Identity }
