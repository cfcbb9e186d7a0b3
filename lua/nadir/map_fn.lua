--- nd.map_fn: what f gives for each element of a tensor along its first axis,
-- or for those of a table of tensors, stacked.
--
--   nd.map_fn(function(row) return nd.reduce_sum(row) end, x)
local elements = require "nadir.elements"

return elements.callable("map_fn", {
  doc = "results of f for each element along the first axis, stacked",
  { "fn", "callable", doc = "takes an element, or a table of them" },
  { "elems", "nested", doc = "a tensor, or a table of them" },
}, function(f, elems)
  local results = {}
  for i = 1, elements.count("map_fn", elems) do
    results[i] = f(elements.at("map_fn", elems, i))
  end
  return elements.stack("map_fn", results)
end)
