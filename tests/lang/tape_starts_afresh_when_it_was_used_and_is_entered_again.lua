local nd = require "nadir"
local x, y, z = nd.Variable(3.0), nil, nil
with nd.GradientTape() as tape do y = x * x end
print(tape:gradient(y, x):item())
print((pcall(tape.gradient, tape, y, x)))
with tape do z = y * x end
print(tape:gradient(z, x):item())
-- output:
-- > 6.0
-- > false
-- > 9.0
