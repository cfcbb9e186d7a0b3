--- Errors of our own Lua modules, raised at the line of the user's script.
local where = require "nadir.where"

---@param format string  `function: what is wrong: facts`
return function(format, ...)
  error(where() .. string.format(format, ...), 0)
end
