--- nd.autodiff.implicit_value_and_gradients: a function that gives what f gives
-- and a list of { gradient, Variable } for all Variables that f read, as
-- apply_gradients takes it.
local nd = require "nadir"
local arguments = require "nadir.autodiff.arguments"
local fail = require "nadir.fail"

local NAME = "implicit_value_and_gradients"

return arguments.callable(NAME, {
  doc = "f as a function that gives its value, then its gradient by each "
    .. "Variable that it reads",
  { "f", "callable", doc = "what is differentiated, summed up" },
}, function(f)
  arguments.check_function(NAME, f)
  return function(...)
    local values
    local tape = nd.GradientTape()
    do
      local _ <close> = tape
      values = arguments.call(NAME, f, table.pack(...))
    end
    local variables = tape:watched_variables()
    if #variables == 0 then
      fail("%s: f read no trainable Variable", NAME)
    end
    local value = arguments.joined(values)
    return value, nd.zip(tape:gradient(value, variables), variables)
  end
end)
