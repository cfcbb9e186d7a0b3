local nd = require "nadir"
local x = nd.zeros { 2, 3 }
print(nd.matmul(x, x))
-- error:
-- > :3: matmul: inner sizes differ: a is [2 3], b is [2 3]
