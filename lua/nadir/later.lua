--- Functions that stand in a module of ours which is opened when one of them is
-- first called.
local later = {}

local homes = setmetatable({}, { __mode = "k" })  -- by function: its real one

--- A function that calls one of a module.
---@param module string
---@param name? string  of the function; nil: the module is one
---@return function
function later.call(module, name)
  local function find()
    local found = require(module)
    return name and found[name] or found
  end
  local function call(...)
    return find()(...)
  end
  homes[call] = find
  return call
end

--- The function that is called; any other value is as it was.
---@param value any
---@return any
function later.open(value)
  local find = homes[value]
  return find and find() or value
end

return later
