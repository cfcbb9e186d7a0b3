local nd = require "nadir"
print(_VERSION, nd.square { 1, 2, 3 })
print(nd.matmul({ { 1.0, 2 } }, { { 3 }, { 4 } }):item())
-- output:
-- > Lua 5.4	nd.Tensor([1 4 9], shape=(3,), dtype=int32)
-- > 11.0
