local nd = require "nadir"
local pairs_ = nd.zip({ 1, 2 }, 3)
print(pairs_)
-- error:
-- > :2: zip: b must be a list, got number
