local nd = require "nadir"
local x = nd.Variable(3.0)
with nd.GradientTape() as tape do
  local y = x * x
  y = y + nd.constant(1)
end
print(tape)
-- error:
-- > :5: add: dtypes differ: float32 and int32
