-- Where the memory is not ours, tapes have finalizers, which a script may call.
local nd = require "nadir"

local function finalize(tape)
  debug.getmetatable(tape).__gc(tape)
end

local x, tape = nd.constant(3.), nil
local f = nd.custom_gradient(function(t)
  return t, function(dy)
    finalize(tape)
    return dy
  end
end)
tape = nd.GradientTape { persistent = true }
tape:watch(x)
local y = f(x)
tape:pause(function()
  print(tape:gradient(y, { x })[1]:item())
end)
print(select(2, pcall(nd.GradientTape().gradient, tape, y, x)):match "self.*")

-- One that records when it goes hears of nothing more.
for _ = 1, 100 do
  nd.GradientTape():watch(x)
end
collectgarbage()
collectgarbage()
print(nd.square(x):item())
-- output:
-- > 1.0
-- > self must be a GradientTape, got finalized GradientTape
-- > 9.0
