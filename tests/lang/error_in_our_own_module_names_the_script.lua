local nd = require "nadir"
local text = nd.inspect({ 1, 2 }, { depth = -1 })
print(text)
-- error:
-- > :2: inspect: depth must be a number, 0 or more, got -1
