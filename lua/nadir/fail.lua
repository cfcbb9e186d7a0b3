--- Errors of our own Lua modules, raised at the line of the user's script.

-- The level, counted from `fail`'s caller, of the innermost function that is
-- neither C nor one of our modules, whose chunk names begin with "=nadir".
local function script_level()
  for level = 3, 200 do
    local info = debug and debug.getinfo(level, "Sl")
    if not info then
      return 0
    end
    if info.currentline > 0 and info.source:sub(1, 6) ~= "=nadir" then
      return level - 1
    end
  end
  return 0
end

---@param format string  `function: what is wrong: facts`
return function(format, ...)
  error(format:format(...), script_level())
end
