local nd = require "nadir"
local x = nd.Variable(3.0)
local function record()
  local tape <close> = nd.GradientTape()
  return tape, x * x
end
local tape, y = record()
print(tape:gradient(y, x):item())
-- output:
-- > 6.0
