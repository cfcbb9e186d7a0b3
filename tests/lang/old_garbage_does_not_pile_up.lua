-- Collections paced by tensor memory keep the Lua heap flat, too.
local nd = require "nadir"
local x = nd.zeros { 1000 }
local function steps(n)
  for _ = 1, n do
    local tape <close> = nd.GradientTape()
    tape:watch(x)
    tape:gradient(nd.reduce_sum(x * 2 + 1), { x })
  end
end
steps(1000)
local before = collectgarbage "count"
steps(80000)
print(collectgarbage "count" - before < 350)
-- output:
-- > true
