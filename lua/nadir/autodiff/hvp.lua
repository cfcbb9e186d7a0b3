--- nd.autodiff.hvp: the product of f's Hessian with a vector, in the structure
-- of primals, for about the cost of two gradients: forward over reverse.
local nd = require "nadir"
local arguments = require "nadir.autodiff.arguments"
local tangents = require "nadir.autodiff.tangents"

local function gradient(f, copies, list)
  local tape = nd.GradientTape { watch_accessed_variables = false }
  local values
  do
    local _ <close> = tape
    tape:watch(list)
    values = arguments.call("hvp", f, copies)
  end
  return tape:gradient(arguments.joined(values), list, nil, "zero")
end

return arguments.callable("hvp", {
  doc = "the product of the Hessian of f, summed up, with a vector",
  { "f", "callable", doc = "what is differentiated twice" },
  { "primals", "nested", doc = "its argument, or the list of them" },
  { "v", "nested", doc = "the vector, in the structure of primals" },
}, function(f, primals, v)
  arguments.check_function("hvp", f)
  local copies, list = arguments.watch("hvp", arguments.of(primals))
  local acc, g = tangents.carry("hvp", primals, copies, v, function()
    return gradient(f, copies, list)
  end)
  local found = {}
  for i, t in ipairs(acc:jvp(g, "zero")) do
    found[list[i]] = t
  end
  return arguments.results(primals, copies, found)
end)
