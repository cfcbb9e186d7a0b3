--- nd.autodiff.jvp: what f gives, and its derivative in the direction of the
-- tangents, in one forward pass.
--
--   local y, dy = nd.jvp(f, { x, b }, { dx, db })
--
-- A list has an argument in each place; anything else is one argument.
local arguments = require "nadir.autodiff.arguments"
local tangents = require "nadir.autodiff.tangents"

return arguments.callable("jvp", {
  doc = "what f gives, and its derivative in the direction of the tangents",
  { "f", "callable", doc = "what is differentiated" },
  { "primals", "nested", doc = "its argument, or the list of them" },
  { "tangents", "nested",
    doc = "in the structure of primals; what is left out is zero" },
}, function(f, primals, given)
  arguments.check_function("jvp", f)
  local copies = arguments.watch("jvp", arguments.of(primals))
  local acc, values = tangents.carry("jvp", primals, copies, given, function()
    return arguments.call("jvp", f, copies)
  end)
  local value = arguments.joined(values)
  return value, acc:jvp(value, "zero")
end)
