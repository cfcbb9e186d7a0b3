--- A long chain of scalar ops recorded on one tape from a loop, then swept:
--- the cost of one op that does almost no arithmetic.
--
-- On its own it prints nanoseconds per op: nadir tests/bench/chain.lua 10000
local nd = require "nadir"

local clock = nd.clock

---@param count integer   ops in the chain
---@return number record  seconds spent recording them
---@return number sweep   seconds spent in tape:gradient
local function chain(count)
  local x = nd.Variable(1.0)
  local y = x
  local start = clock()
  local tape <close> = nd.GradientTape()
  for _ = 1, count // 2 do
    y = y * 1.0001 + 0.0001
  end
  local middle = clock()
  tape:gradient(y, x)
  return middle - start, clock() - middle
end

if arg and arg[0]:find "chain%.lua$" then
  local count = tonumber(arg[1]) or 10000
  local runs = math.max(1, 2000000 // count)
  local record, sweep = 0, 0
  for _ = 1, runs do
    local recording, sweeping = chain(count)
    record, sweep = record + recording, sweep + sweeping
  end
  local scale = 1e9 / (runs * count)
  print(("%d ops: %.1f ns an op, recording %.1f, sweep %.1f"):format(count,
    (record + sweep) * scale, record * scale, sweep * scale))
end

return chain
