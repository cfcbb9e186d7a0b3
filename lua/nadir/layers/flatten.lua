--- nd.layers.Flatten: each example as one row.
local nd = require "nadir"
local Layer = require "nadir.layers.one_input"

local Flatten = Layer:extend("Flatten", {
  doc = "x [n, ...] as [n, size]: all axes but the first become one",
})

function Flatten:call(x)
  local shape = nd.constant(x).shape
  if #shape == 0 then
    self:fail("x needs 1 axis or more: it is []")
  end
  local size = 1
  for axis = 2, #shape do
    size = size * shape[axis]
  end
  return nd.reshape(x, { shape[1], size })
end

return Flatten
