--- The module "nadir". The C core passes its table of ops and classes; this
-- file adds what is best written in Lua. It lists no ops: they come from the
-- core's table.
local nd = ...
local fail = require "nadir.fail"

require "nadir.namespace".open(nd)

-- The length of a list. Names come after its last position, if it has any.
local function length(name, value)
  if type(value) ~= "table" then
    fail("zip: %s must be a list, got %s", name, type(value))
  end
  local n = #value
  local more = next(value, n > 0 and n or nil) -- any order: if there is one
  local key = more ~= nil and require "nadir.names".first(value)
  if key then
    fail("zip: %s must be a list, got the name '%s'; apply_gradients takes "
      .. "tables with names as they are", name, key)
  end
  return n
end

--- Pairs of two lists, `{{a[1], b[1]}, ...}`, for `apply_gradients`.
-- Goes on to the end of the longer list; what a list lacks is `false`.
---@param a table
---@param b table
---@return table
function nd.zip(a, b)
  local n = math.max(length("a", a), length("b", b))
  local pairs_ = {}
  for i = 1, n do
    pairs_[i] = { a[i] or false, b[i] or false }
  end
  return pairs_
end

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
