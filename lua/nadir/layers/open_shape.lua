--- Shapes of what layers are called with, when it does not matter how many
-- examples there are.
local describe = require "nadir.describe"
local fail = require "nadir.fail"
local structure = require "nadir.structure"

-- Whether a value is a list of sizes, `false` for those that are not known.
local function is_shape(value)
  if type(value) ~= "table" then
    return false
  elseif getmetatable(value) ~= nil then
    return true
  end
  for i, size in pairs(value) do -- any order: all have to be sizes
    local known = math.type(size) == "integer" and size >= 0
    if math.type(i) ~= "integer" or not known and size ~= false then
      return false
    end
  end
  return true
end

local WANTED <const> = "shape must be a list of sizes, false for those that "
  .. "are not known, or a table of such lists"

local function open(shape, who)
  local list = {}
  if is_shape(shape) then
    for axis, size in ipairs(shape) do
      list[axis] = axis > 1 and size
    end
    return list
  elseif type(shape) ~= "table" then
    fail("%s: %s, got %s", who, WANTED, describe.value(shape))
  end
  for key, one in pairs(shape) do -- any order: each its own
    list[key] = open(one, who)
  end
  return list
end

--- A shape, or shapes in lists and tables of them, of any number of examples.
---@param shape any
---@param who string  for messages
---@return table
return function(shape, who)
  local problem = structure.problem(shape)
  if problem then
    fail("%s: %s", who, problem)
  end
  return open(shape, who)
end
