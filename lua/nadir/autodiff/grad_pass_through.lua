--- nd.autodiff.grad_pass_through: a function that gives what f gives, and
-- whose derivative is that of identity: what comes in for a value goes on to
-- the argument in its place. What f captures has no gradient.
local nd = require "nadir"
local arguments = require "nadir.autodiff.arguments"
local fail = require "nadir.fail"

local NAME = "grad_pass_through"

-- Gives `value` for the arguments, and passes gradients on.
local function passing(value)
  return nd.custom_gradient(function(...)
    local packed = table.pack(...)
    local leaves = arguments.leaves(table.move(packed, 1, packed.n, 1, {}))
    local outs = #arguments.leaves(value)
    if #leaves ~= outs then
      fail("%s: f gives %d tensors for %d arguments", NAME, outs, #leaves)
    end
    return value, function(...)
      local upstream, at, results = { ... }, 0, {}
      for i = 1, packed.n do
        results[i] = arguments.map(NAME, packed[i], function(x)
          if type(x) == "number" then
            return false
          end
          at = at + 1
          return upstream[at]
        end)
      end
      return table.unpack(results, 1, packed.n)
    end
  end)
end

return arguments.callable(NAME, {
  doc = "f with the derivative of identity",
  { "f", "callable", doc = "gives a tensor like each of its arguments" },
}, function(f)
  arguments.check_function(NAME, f)
  return function(...)
    local values = arguments.call(NAME, f, table.pack(...))
    local value = arguments.map(NAME, arguments.joined(values),
      nd.stop_gradient)
    local result = passing(value)(...)
    if values.n == 1 then
      return result
    end
    return table.unpack(result, 1, values.n)
  end
end)
