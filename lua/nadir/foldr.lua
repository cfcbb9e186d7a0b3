--- nd.foldr: folds the elements of a tensor along its first axis, from the
-- last to the first: value = f(value, element). Without an initializer the
-- last element is the first value.
local elements = require "nadir.elements"

return elements.callable("foldr", {
  doc = "the last value of f(value, element), from the last element on",
  { "fn", "callable", doc = "takes the value so far and an element" },
  { "elems", "nested", doc = "a tensor, or a table of them" },
  { "initializer", "nested", false, doc = "the first value" },
}, function(f, elems, initializer)
  return elements.fold("foldr", f, elems, initializer, true, function() end)
end)
