local nd = require "nadir"
local x, y
with nd.scope() do
  x = nd.ones { 2 }
  y = nd.keep(x + 1)
end
print(y)
print((select(2, pcall(nd.square, x)):gsub("^.-:", "")))
-- output:
-- > nd.Tensor([2. 2.], shape=(2,), dtype=float32)
-- > 8: square: x must be a tensor, got Tensor of an ended scope
