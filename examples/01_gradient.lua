-- A tape records what is computed inside its block and then gives derivatives.
-- A second tape around the first gives derivatives of derivatives.
--
-- prints:
-- > y = 9
-- > dy/dx = 6
-- > d2y/dx2 = 2
local nd = require "nadir"

local x = nd.Variable(3.)
local y, slope

with nd.GradientTape() as outer do
  with nd.GradientTape() as tape do
    y = nd.square(x)
  end
  slope = tape:gradient(y, x)
end
local curvature = outer:gradient(slope, x)

print(("y = %g"):format(y:item()))
print(("dy/dx = %g"):format(slope:item()))
print(("d2y/dx2 = %g"):format(curvature:item()))
