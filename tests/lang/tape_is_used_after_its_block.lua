local nd = require "nadir"
local x = nd.Variable(3.0)
with nd.GradientTape() as tape do
  y = nd.square(x)
end
print(y:item(), tape:gradient(y, x):item())
-- output:
-- > 9.0	6.0
