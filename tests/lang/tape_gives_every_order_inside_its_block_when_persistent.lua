local nd = require "nadir"
local x = nd.Variable(3.0)
with nd.GradientTape { persistent = true } as tape do
  y = x ^ 3
  for order = 1, 3 do
    y = tape:gradient(y, x)
    print(order, y:item())
  end
end
-- output:
-- > 1	27.0
-- > 2	18.0
-- > 3	6.0
