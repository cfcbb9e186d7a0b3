--- Errors of our own Lua modules, raised at the line of the user's script.
local add_within = require "nadir.frames".add_within
local where = require "nadir.where"

---@param format string  `function: what is wrong: facts`
return function(format, ...)
  error(where() .. add_within(string.format(format, ...)), 0)
end
