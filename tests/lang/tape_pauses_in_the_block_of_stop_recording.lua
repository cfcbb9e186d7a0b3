local nd = require "nadir"
local x, y = nd.Variable(2.0), nd.Variable(3.0)
with nd.GradientTape() as tape do
  x_sq = x * x
  with tape:stop_recording() do
    y_sq = y * y
  end
  z = x_sq + y_sq
end
local g = tape:gradient(z, { x, y })
print(g[1]:item(), g[2])
-- output:
-- > 4.0	false
