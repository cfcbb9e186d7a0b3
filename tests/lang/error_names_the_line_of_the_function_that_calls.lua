local nd = require "nadir"
local function loss(x)
  return nd.reduce_sum(x, 0)
end
print(loss { 1, 2 })
-- error:
-- > :3: reduce_sum: axis 0:
