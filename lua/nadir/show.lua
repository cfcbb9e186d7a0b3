--- Values as a console shows them: of tables their contents, unless they have a
-- text of their own.
local inspect = require "nadir.inspect"

local metatable_of = debug.getmetatable

local show = {}

local function has_text(value)
  local metatable = metatable_of(value)
  return metatable and rawget(metatable, "__tostring") ~= nil
end

--- What to give to `print` for the values.
function show.values(...)
  local values = { ... }
  for i = 1, select("#", ...) do
    if type(values[i]) == "table" and not has_text(values[i]) then
      values[i] = inspect(values[i])
    end
  end
  return table.unpack(values, 1, select("#", ...))
end

--- What `print` would make of that, without the line break.
---@return string
function show.text(...)
  local words = { show.values(...) }
  for i = 1, select("#", ...) do
    words[i] = tostring(words[i])
  end
  return table.concat(words, "\t")
end

return show
