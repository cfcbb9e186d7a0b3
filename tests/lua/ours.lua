--- Whether an error is one in words of ours, at a line of a script: it begins
-- with a name. Lua's own are of a line of our modules, or of none.
---@param message any
---@return boolean
return function(message)
  if type(message) ~= "string" then
    return false
  elseif message:find "not enough memory" or message:find "quota" then
    return true
  end
  return message:find "^[%w_/]+%.lua:%d+: [^:]+: "
    and not message:find "attempt to" and not message:find "bad argument"
    and not message:find "stack overflow" and not message:find "%[nadir"
end
