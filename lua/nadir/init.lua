--- The module "nadir". The C core passes its table of ops and classes; this
-- file adds what is best written in Lua. It lists no ops: they come from the
-- core's table.
local nd = ...

require "nadir.namespace".open(nd)

local core_range = nd.range

--- `range(limit)`, `range(start, limit, delta)`: both ends included.
---@return userdata tensor of rank 1; int32 if all arguments are integers
function nd.range(start, limit, ...)
  if limit == nil and type(start) == "table" then
    return core_range(start)
  elseif limit == nil or type(limit) == "table" and limit.limit == nil then
    return core_range(1, start, 1, limit)
  end
  return core_range(start, limit, ...)
end

nd.convert_to_tensor = nd.constant

return nd
