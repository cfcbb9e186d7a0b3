local nd = require "nadir"
local x = nd.constant { 1, 2, 4 }
print(2 * x + 1)
print(8 // x)
print(1 / x)
-- output:
-- > nd.Tensor([3 5 9], shape=(3,), dtype=int32)
-- > nd.Tensor([8 4 2], shape=(3,), dtype=int32)
-- > nd.Tensor([1.   0.5  0.25], shape=(3,), dtype=float32)
