--- What a `with` statement does when it runs: opens its managers and, for a
-- list with several names, closes them.
local open = require "nadir.manager"

local metatable_of = debug and debug.getmetatable or getmetatable

local with = {}

---@param value any   a manager: its metatable has `__close`
---@return any name   what NAME stands for: what `__enter` gives, or the value
---@return any value  what has to be closed
with.open = open

-- Managers in the order of their opening. Calling a list opens one more.
local List = {}

function List:__call(value)
  local name = open(value)
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
