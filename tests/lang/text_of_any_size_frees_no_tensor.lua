-- Tensors go as Lua frees their userdata. Nothing else is taken for one, of
-- whatever size it is and whatever is in it.
local nd = require "nadir"

local kept = {}
for i = 1, 200 do
  kept[i] = nd.fill({ 2 }, i)
end
for _ = 1, 3 do
  for n = 1, 256 do
    for byte = 0, 255, 51 do
      local _ = string.char(byte):rep(n - 1) .. n % 10
    end
  end
  collectgarbage()
end
local sum = 0
for i = 1, 200 do
  sum = sum + nd.reduce_sum(kept[i]):item()
end
print(sum)
-- output:
-- > 40200
