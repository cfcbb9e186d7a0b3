--- nd.layers.Sequential: a chain of layers.
local layer = require "nadir.layer"

local Sequential = layer("Sequential", {
  doc = "calls each layer with what the one before it returned",
  { "layers", "layers", doc = "anything that can be called" },
})

function Sequential:call(x)
  for _, inner in ipairs(self.layers) do
    x = inner(x)
  end
  return x
end

return Sequential
