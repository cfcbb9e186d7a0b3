local nd = require "nadir"
local function try(f, ...)
  local ok, message = pcall(f, ...)
  print(ok, message:match("lua:(.*)"))
end
try(nd.zeros, { 1e9, 1e18 })
try(nd.constant, { { 1, 2 }, { 3 } })
try(nd.square, io.stdout)
print(nd.square { 1, 2, 3 })
-- output:
-- > false	3: zeros: too large: [1000000000 1000000000000000000] of float32
-- > false	3: constant: ragged table: level 2 has 2 and 1 values
-- > false	3: square: x must be a tensor, got FILE*
-- > nd.Tensor([1 4 9], shape=(3,), dtype=int32)
