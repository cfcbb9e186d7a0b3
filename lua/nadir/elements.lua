--- What loops over the elements of tensors along their first axis share, for
-- nd.map_fn, nd.foldl, nd.foldr and nd.scan.
local nd = require "nadir"
local arguments = require "nadir.autodiff.arguments"
local fail = require "nadir.fail"

local elements = {}

--- How many elements all tensors in `elems`, one or a table of them, have.
function elements.count(name, elems)
  local leaves, n = arguments.leaves(elems), nil
  if #leaves == 0 then
    fail("%s: elems holds no tensors", name)
  end
  for _, x in ipairs(leaves) do
    if x.rank == 0 then
      fail("%s: elems needs an axis: it is []", name)
    elseif n and n ~= x.shape[1] then
      fail("%s: elems differ in their first axes: %d and %d", name, n,
        x.shape[1])
    end
    n = x.shape[1]
  end
  return n
end

--- Element `i` of each.
function elements.at(name, elems, i)
  return arguments.map(name, elems, function(x)
    return type(x) == "number" and x or x[i]
  end)
end

--- What results for each element become: one tensor each, stacked.
function elements.stack(name, results)
  local first = results[1]
  if type(first) == "table" and getmetatable(first) == nil then
    local stacked = {}
    for key in pairs(first) do -- any order: each its own
      local list = {}
      for i, result in ipairs(results) do
        list[i] = result[key]
      end
      stacked[key] = elements.stack(name, list)
    end
    return stacked
  elseif first == nil then
    fail("%s: there are no elements, so nothing tells the result", name)
  end
  return nd.stack(results)
end

--- Makes what scripts call, of a list of parameters for help.
function elements.callable(name, params, call)
  return arguments.callable(name, params, function(f, ...)
    arguments.check_function(name, f)
    return call(f, ...)
  end)
end

--- Folds elements first, first + step .. last into `value`, or into the first
-- of them if that is nil; each(value) hears what comes of each.
function elements.fold(name, f, elems, value, backward, each)
  local n = elements.count(name, elems)
  local first, last, step = 1, n, 1
  if backward then
    first, last, step = n, 1, -1
  end
  if value == nil then
    if n == 0 then
      fail("%s: there are no elements; give an initializer", name)
    end
    value = elements.at(name, elems, first)
    each(value)
    first = first + step
  end
  for i = first, last, step do
    value = f(value, elements.at(name, elems, i))
    each(value)
  end
  return value
end

return elements
