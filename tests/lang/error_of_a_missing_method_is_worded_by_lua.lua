local nd = require "nadir"
local x = nd.constant { 1, 2 }
print(x:reduce_som())
-- error:
-- > :3: attempt to call a nil value (method 'reduce_som')
