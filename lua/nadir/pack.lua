--- Nested values as text and tensors, for files: tensors in it go to a table of
-- their own under names, and the rest stands as it is, with { tensor = name }
-- in their places.
local nd = require "nadir"

local pack = {}

local REFERENCE <const> = "@tensor"

--- The value without its tensors, which are added to `tensors` by names that
--- begin with the prefix.
---@param value any
---@param prefix string
---@param tensors table
---@return any
function pack.write(value, prefix, tensors)
  if nd.is_tensor(value) or nd.is_variable(value) then
    tensors[prefix] = value
    return { [REFERENCE] = prefix }
  elseif type(value) ~= "table" or getmetatable(value) then
    return value
  end
  local copy = {}
  for key, one in pairs(value) do -- any order: each has its own name
    copy[key] = pack.write(one, ("%s/%s"):format(prefix, key), tensors)
  end
  return copy
end

--- The value that was written; nil for a tensor that is not there.
---@param value any
---@param tensors table
---@return any
function pack.read(value, tensors)
  if type(value) ~= "table" then
    return value
  elseif value[REFERENCE] then
    return tensors[value[REFERENCE]]
  end
  local copy = {}
  for key, one in pairs(value) do -- any order: each its own
    copy[key] = pack.read(one, tensors)
  end
  return copy
end

return pack
