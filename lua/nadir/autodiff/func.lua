--- nd.autodiff.func: f itself, where TensorFlow's tf.function would trace it;
-- given options, a function that gives f. They are ignored.
local arguments = require "nadir.autodiff.arguments"

return arguments.callable("func", {
  doc = "f itself: nothing needs to be traced",
  { "f", "callable", doc = "a function, or options, which are ignored" },
}, function(f)
  if type(f) == "table" and getmetatable(f) == nil then
    return function(g) return g end
  end
  arguments.check_function("func", f)
  return f
end)
