local nd = require "nadir"
local x, y = nd.Variable(3.0), nil
local tapes = coroutine.wrap(function()
  with nd.GradientTape() as tape do
    coroutine.yield(tape)
  end
end)
local tape = tapes()
y = x * x
tapes()
print(tape:gradient({ y, x * x }, x):item())
-- output:
-- > 6.0
