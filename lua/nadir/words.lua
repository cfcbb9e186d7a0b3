--- Kinds of parameters that are one of several words, in capitals or not.
--
--   kinds.padding = words("padding", { "valid", "same" })
local names = require "nadir.names"

---@param what string  what the words are, for messages
---@param list table   the words, as parameters have them
---@return table kind
return function(what, list)
  local known, paths = {}, {}
  for _, word in ipairs(list) do
    known[word:lower()], paths[word] = word, true
  end
  return {
    wanted = "one of " .. table.concat(list, ", "),
    read = function(value)
      if type(value) ~= "string" then
        return nil
      elseif known[value:lower()] then
        return known[value:lower()]
      end
      return nil, names.no_such(what, value, paths, true)
    end,
  }
end
