--- nd.scan: all values of a fold along the first axis, stacked: value =
-- f(value, element). Without an initializer the first element is the first
-- value.
local elements = require "nadir.elements"

return elements.callable("scan", {
  doc = "all values of f(value, element), stacked",
  { "fn", "callable", doc = "takes the value so far and an element" },
  { "elems", "nested", doc = "a tensor, or a table of them" },
  { "initializer", "nested", false, doc = "the value before the first" },
  { "reverse", "flag", false, doc = "from the last element to the first" },
}, function(f, elems, initializer, reverse)
  local is_options = type(initializer) == "table" and not
    getmetatable(initializer) and (initializer.reverse ~= nil
    or initializer.initializer ~= nil)
  if is_options then
    initializer, reverse = initializer.initializer, initializer.reverse
  elseif type(reverse) == "table" then
    reverse = reverse.reverse
  end
  local results = {}
  elements.fold("scan", f, elems, initializer, reverse, function(value)
    results[#results + 1] = value
  end)
  if reverse then
    for i = 1, #results // 2 do
      local j = #results + 1 - i
      results[i], results[j] = results[j], results[i]
    end
  end
  return elements.stack("scan", results)
end)
