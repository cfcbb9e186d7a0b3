local nd = require "nadir"
local x, y, z = nd.constant(3.0), nil, nil
with nd.GradientTape() as tape do
  tape:watch(x)
  y = 2 * x
end
local unseen = 7 * y
with tape do
  z = 2 * y
end
print(tape:gradient({ z, unseen }, { x })[1]:item())
-- output:
-- > 4.0
