local nd = require "nadir"
local x0, x1 = nd.constant(0.0), nd.constant(0.0)
with nd.GradientTape() as a, nd.GradientTape() as b do
  a:watch(x0)
  b:watch(x1)
  y = nd.sin(x0) + nd.sigmoid(x1)
end
print(a:gradient(y, x0):item(), b:gradient(y, x1):item())
-- output:
-- > 1.0	0.25
