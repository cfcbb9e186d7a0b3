local nd = require "nadir"
local x = nd.constant { 1, 2 }
local y = x * x
local z = y + { 1, 2, 3 }
print(z)
-- error:
-- > :4: add: shapes do not broadcast: [2] and [3]
