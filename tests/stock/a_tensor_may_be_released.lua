-- Where the memory is not ours, too: its finalizer finds nothing to do.
local nd = require "nadir"

local kept
do
  local _ <close> = nd.scope()
  local x = nd.ones { 2 }
  kept = nd.keep(x + 1)
  local y = nd.ones { 2 }
  y:release()
  print((select(2, pcall(nd.square, y)):gsub("^.-:", "")))
end
print(kept[1] + nd.scope(function() return nd.square(3.) end))
collectgarbage()
collectgarbage()
-- output:
-- > 11: square: x must be a tensor, got released Tensor
-- > nd.Tensor(11.0, shape=(), dtype=float32)
