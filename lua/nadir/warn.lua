--- Where warnings go in a Lua that is not ours, and so has no host to tell: its
-- standard error, if it has one.
local io = io

---@param text string
return function(text)
  if io and io.stderr then
    io.stderr:write("nadir: warning: ", text, "\n")
  end
end
