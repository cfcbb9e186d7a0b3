--- nd.autodiff.recompute_grad: a function that gives what f gives, of which
-- tapes keep only the arguments: f runs again when its gradient is asked for.
--
-- It must give the same again: Variables that it reads have the values then
-- that they had, and random numbers come from a stateless generator.
local nd = require "nadir"
local arguments = require "nadir.autodiff.arguments"

-- The floats in a list, each once.
local function unique_floats(list)
  local floats, seen = {}, {}
  for _, x in ipairs(list) do
    if arguments.is_float(x) and not seen[x] then
      seen[x] = true
      floats[#floats + 1] = x
    end
  end
  return floats
end

-- Of what is given more than once the first place has the whole gradient.
local function take_once(value, found)
  return arguments.map("recompute_grad", value, function(x)
    local g = found[x] or false
    found[x] = nil
    return g
  end)
end

-- The gradients of the arguments and of the variables, given those of what f
-- gives.
local function gradients(f, packed, upstream, variables)
  local values
  local floats = unique_floats(arguments.leaves(packed))
  local tape = nd.GradientTape()
  do
    local _ <close> = tape
    tape:watch(floats)
    values = arguments.call("recompute_grad", f, packed)
  end
  local g = tape:gradient(arguments.leaves(arguments.joined(values)),
    { floats, variables }, upstream, "zero")
  local found, results = {}, {}
  for i, x in ipairs(floats) do
    found[x] = g[1][i]
  end
  for i = 1, packed.n do
    results[i] = take_once(packed[i], found)
  end
  return results, g[2]
end

-- f as custom_gradient takes it.
local function with_gradient(f, count)
  return function(...)
    local packed = table.pack(...)
    local values = arguments.call("recompute_grad", f, packed)
    count.n = values.n
    local value = arguments.joined(values)
    local outs = #arguments.leaves(value)
    return value, function(...)
      local upstream = { ... }
      local variables = upstream[outs + 1]
      upstream[outs + 1] = nil
      local results, others = gradients(f, packed, upstream, variables or {})
      local n = packed.n
      if variables then
        n = n + 1
        results[n] = others
      end
      return table.unpack(results, 1, n)
    end
  end
end

return arguments.callable("recompute_grad", {
  doc = "f, which runs again for its gradient; tapes keep its arguments only",
  { "f", "callable", doc = "gives a tensor, or tables or several of them" },
}, function(f)
  arguments.check_function("recompute_grad", f)
  return function(...)
    local count = {}
    local value = nd.custom_gradient(with_gradient(f, count))(...)
    if count.n == 1 then
      return value
    end
    return table.unpack(value, 1, count.n)
  end
end)
