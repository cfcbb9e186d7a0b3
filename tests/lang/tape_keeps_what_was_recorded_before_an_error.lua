local nd = require "nadir"
local x, y, kept = nd.Variable(3.0), nil, nil
print(pcall(function()
  with nd.GradientTape() as tape do
    kept, y = tape, x * x
    error("oops", 0)
  end
end))
local z = x * x
print(kept:gradient({ y, z }, x):item())
-- output:
-- > false	oops
-- > 6.0
