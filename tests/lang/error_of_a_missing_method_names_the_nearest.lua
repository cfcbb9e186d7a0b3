local nd = require "nadir"
local x = nd.constant { 1, 2 }
print(x:reduce_som())
-- error:
-- > :3: Tensor: no such name: 'reduce_som'; did you mean 'reduce_sum'?
