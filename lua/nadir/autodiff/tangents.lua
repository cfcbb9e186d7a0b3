--- Tangents in the structure of arguments, checked and ready to be carried.
local nd = require "nadir"
local arguments = require "nadir.autodiff.arguments"
local fail = require "nadir.fail"

local tangents = {}

-- The tangent of one tensor; a literal gets its dtype.
local function read(name, x, t)
  if not (nd.is_tensor(t) or nd.is_variable(t)) then
    t = nd.constant(t, x.dtype)
  end
  if t.dtype ~= x.dtype or t.shape ~= x.shape then
    fail("%s: a primal is %s %s, its tangent is %s %s", name, x.dtype, x.shape,
      t.dtype, t.shape)
  end
  return t
end

-- Adds the tangents `t` of the floats in `x`; nil and false are none.
local function pair(name, x, t, primals, list)
  if t == nil or t == false then
    return
  elseif nd.is_tensor(x) then
    if arguments.is_float(x) then
      primals[#primals + 1] = x
      list[#list + 1] = read(name, x, t)
    end
  elseif type(x) == "table" and getmetatable(x) == nil then
    if type(t) ~= "table" then
      fail("%s: tangents must be in the structure of primals", name)
    end
    for key in pairs(t) do -- any order: each its own
      if x[key] == nil then
        fail("%s: there is no primal for tangent '%s'", name, tostring(key))
      end
      pair(name, x[key], t[key], primals, list)
    end
  end
end

--- Calls run() while the tangents are carried along from the copies; gives the
-- accumulator and what it gives.
function tangents.carry(name, primals, copies, given, run)
  if given == nil then
    fail("%s: %s is missing: it must be like primals", name,
      name == "hvp" and "v" or "tangents")
  end
  local from, list = {}, {}
  given = copies.n == 1 and arguments.of(primals)[1] == primals and { given }
    or arguments.of(given)
  for i = 1, copies.n do
    pair(name, copies[i], given[i], from, list)
  end
  local acc = nd.autodiff.ForwardAccumulator(from, list)
  local _ <close> = require "nadir.manager" (acc)
  return acc, run()
end

return tangents
