--- Assertions that no element is nan or inf.
local nd = require "nadir"
local report = require "nadir.debugging.report"

local numerics = {}

local X = { "x", "nested", doc = "a tensor of floats, or what becomes one" }

-- Raises if `x` has a nan or inf; `what` is what it is.
local function check(x, what, fail)
  local holds = nd.is_finite(x)
  if not nd.reduce_all(holds):item() then
    fail("%s is not finite in %s; it is %s", what,
      report.elements(holds, { x }), report.typed(x))
  end
end

-- Gives what it is given, of which value and gradient are checked.
local function checked(values, fail)
  local given = values.x
  local x = nd.is_tensor(given) and given or nd.is_variable(given)
    and nd.identity(given) or nd.constant(given)
  check(report.tensor(x), "x", fail)
  return nd.custom_gradient(function(y)
    return y, function(g)
      check(report.tensor(g), "the gradient", fail)
      return g
    end
  end)(x)
end

numerics.check_numerics = report.callable("check_numerics", {
  doc = "gives x, and passes its gradient on; raises if either has nan or inf",
  X,
}, checked)

numerics.assert_all_finite = report.callable("assert_all_finite", {
  doc = "raises if x has nan or inf; gives x, as check_numerics does", X,
}, checked)

return numerics
