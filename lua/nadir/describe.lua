--- Values as the messages of errors show them.
local number_text = require "nadir.number"

local metatable_of = debug and debug.getmetatable or getmetatable

local describe = {}

--- What kind of value it is, by the name of its class if it has one.
---@param value any
---@return string
function describe.type(value)
  local metatable = metatable_of(value)
  local name = metatable and rawget(metatable, "__name")
  return type(name) == "string" and name or type(value)
end

--- What was given in place of something else: a number, or its kind.
---@param value any
---@return string
function describe.value(value)
  return type(value) == "number" and number_text(value) or describe.type(value)
end

return describe
