local nd = require "nadir"
local x = nd.constant { 1, 2 }
x[1] = 3
-- error:
-- > :3: index: tensors never change
