--- nd.foldl: folds the elements of a tensor along its first axis, from the
-- first to the last: value = f(value, element). Without an initializer the
-- first element is the first value.
local elements = require "nadir.elements"

return elements.callable("foldl", {
  doc = "the last value of f(value, element), from the first element on",
  { "fn", "callable", doc = "takes the value so far and an element" },
  { "elems", "nested", doc = "a tensor, or a table of them" },
  { "initializer", "nested", false, doc = "the first value" },
}, function(f, elems, initializer)
  return elements.fold("foldl", f, elems, initializer, false, function() end)
end)
