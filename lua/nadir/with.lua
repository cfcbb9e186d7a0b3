--- What a `with` statement does when it runs: opens its managers and, for a
-- list with several names, closes them.
--
-- A manager is a value whose metatable has `__close`. If it has `__enter` too,
-- that is called with the value, and the name stands for what it returns.
-- Metatables are read as Lua itself reads them for a to-be-closed variable:
-- `__metatable` hides nothing, and `__index` is not asked.
local describe = require "nadir.describe"

local metatable_of = debug and debug.getmetatable or getmetatable

local with = {}

-- The error is raised at `level`, counted from the caller.
local function enter(value, level)
  local metatable = metatable_of(value)
  if not metatable or rawget(metatable, "__close") == nil then
    error("with: cannot close a " .. describe.type(value)
      .. " value; a manager needs a __close metamethod", level + 1)
  end
  local opener = rawget(metatable, "__enter")
  if opener == nil then
    return value
  end
  return (opener(value))
end

---@param value any   a manager
---@return any name   what NAME stands for
---@return any value  what has to be closed
function with.open(value)
  return enter(value, 2), value
end

-- Managers in the order of their opening. Calling a list opens one more.
local List = {}

function List:__call(value)
  local name = enter(value, 2)
  self[#self + 1] = value
  return name
end

-- Closes the last manager and then, whether or not that fails, the others. As
-- in Lua, each is told the error of the moment. A list can be closed again.
function List:__close(err)
  if err ~= nil then
    self.err = err
  end
  local last = table.remove(self)
  if last ~= nil then
    local _ <close> = self
    rawget(metatable_of(last), "__close")(last, self.err)
  end
end

function with.list()
  return setmetatable({}, List)
end

return with
