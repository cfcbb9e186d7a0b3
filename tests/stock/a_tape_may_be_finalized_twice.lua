-- By a script, and by the collector when others have gone meanwhile.
local nd = require "nadir"

local tapes = { nd.GradientTape(), nd.GradientTape() }
debug.getmetatable(tapes[2]).__gc(tapes[2])
for k = 1, 2 do
  tapes[k] = nil
  collectgarbage()
  collectgarbage()
end
local x, tape = nd.constant(3.), nd.GradientTape()
tape:watch(x)
print(tape:gradient(nd.square(x), x):item())
-- output:
-- > 6.0
