-- Where the memory is not ours, tensors have finalizers, and another finalizer
-- may hold one that has run.
local nd = require "nadir"

local o = setmetatable({}, { __gc = function(o)
  local _, message = pcall(nd.square, o.x)
  print(message:match "square.*")
end })
o.x = nd.ones { 2 }
o = nil
collectgarbage()
collectgarbage()
print(o)
-- output:
-- > square: x must be a tensor, got finalized Tensor
-- > nil
