--- Values as the messages of errors show them.
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

-- To 14 digits, with a point in every locale, as in src/base/number.h.
local function number(x)
  if x ~= x then
    return "nan"
  end
  return (("%.14g"):format(x):gsub("[^%w+-]+", "."))
end

--- What was given in place of something else: a number, or its kind.
---@param value any
---@return string
function describe.value(value)
  return type(value) == "number" and number(value) or describe.type(value)
end

return describe
