-- Rosenbrock's function has its least value at the end of a long bent valley.
-- L-BFGS follows the valley by the curvature that it sees; Adam does not.
--
-- prints:
-- > LBFGS: x 1.0000, y 1.0000
-- > Adam after 1000 steps: off by 1.5
local nd = require "nadir"

local function start()
  return nd.Variable(nd.constant({ -1.2, 1. }, "float64"))
end

local function rosenbrock(v)
  return function()
    local x, y = v[1], v[2]
    return 100 * nd.square(y - nd.square(x)) + nd.square(1 - x)
  end
end

local v = start()
local result = nd.optimizers.LBFGS {} :minimize(rosenbrock(v), { v })
print(("after %d iterations: %s"):format(result.iterations, result.message))

local w, adam = start(), nd.optimizers.Adam { learning_rate = 0.01 }
for _ = 1, 1000 do
  adam:minimize(rosenbrock(w), { w })
end

local x, y = table.unpack(v:totable())
print(("LBFGS: x %.4f, y %.4f"):format(x, y))
print(("Adam after 1000 steps: off by %.1f"):format(
  nd.linalg.norm(w - nd.constant({ 1., 1. }, "float64")):item()))
