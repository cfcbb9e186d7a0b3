local nd = require "nadir"
local x = nd.Variable(2.0)
for _ = 1, 2 do
  with nd.GradientTape() as tape do y = x + 1 end
  local g = tape:gradient(y, x)
  print(g and g:item())
  x = x + 1
end
-- output:
-- > 1.0
-- > nil
