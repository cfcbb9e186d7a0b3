--- nd.autodiff.jacobian: all derivatives of what f gives, by its arguments: for
-- each tensor that it gives the structure of primals.
local nd = require "nadir"
local arguments = require "nadir.autodiff.arguments"

return arguments.callable("jacobian", {
  doc = "all derivatives of what f gives, in the structure of its arguments",
  { "f", "callable", doc = "what is differentiated" },
  { "primals", "nested", doc = "its argument, or the list of them" },
}, function(f, primals)
  arguments.check_function("jacobian", f)
  local copies, list = arguments.watch("jacobian", arguments.of(primals))
  local tape = nd.GradientTape { persistent = true,
                                 watch_accessed_variables = false }
  local value
  do
    local _ <close> = tape
    tape:watch(list)
    value = arguments.joined(arguments.call("jacobian", f, copies))
  end
  return arguments.map("jacobian", value, function(y)
    local found = {}
    for i, j in ipairs(tape:jacobian(y, list, "zero")) do
      found[list[i]] = j
    end
    return arguments.results(primals, copies, found)
  end)
end)
