local nd = require "nadir"
local v = nd.Variable(1.0)
for _, persistent in ipairs { false, true } do
  with nd.GradientTape(persistent) as tape do
    print(tape:gradient(2 * v, v):item())
  end
end
-- output:
-- > 2.0
-- > 2.0
