--- nd.autodiff.vjp: what f gives, and the gradient of its product with v; or,
-- without v, a function that gives that for any v.
--
--   local y, pull = nd.vjp(f, { x, b })
--   local gradients = pull(v)  -- { dx, db }
local nd = require "nadir"
local arguments = require "nadir.autodiff.arguments"

return arguments.callable("vjp", {
  doc = "what f gives, and its gradient given one of that, or a function of it",
  { "f", "callable", doc = "what is differentiated" },
  { "primals", "nested", doc = "its argument, or the list of them" },
  { "v", "nested", false, doc = "in the structure of what f gives" },
}, function(f, primals, v)
  arguments.check_function("vjp", f)
  local copies, list = arguments.watch("vjp", arguments.of(primals))
  local tape = nd.GradientTape { persistent = true,
                                 watch_accessed_variables = false }
  local value
  do
    local _ <close> = tape
    tape:watch(list)
    value = arguments.joined(arguments.call("vjp", f, copies))
  end
  local function pull(seeds)
    local found = {}
    for i, g in ipairs(tape:gradient(value, list, seeds, "zero")) do
      found[list[i]] = g
    end
    return arguments.results(primals, copies, found)
  end
  if v == nil then
    return value, pull
  end
  return value, pull(v)
end)
