--- Assertions that hold of every element.
local nd = require "nadir"
local report = require "nadir.debugging.report"

local comparisons = {}

local X = { "x", "nested", doc = "a tensor, or what becomes one" }
local Y = { "y", "nested", doc = "the same; they broadcast to each other" }

-- Raises unless compare(x, y) is true everywhere. What the ops find wrong with
-- shapes and dtypes is told by the assertion.
local function check(x, y, sign, compare, fail)
  local ok, holds = pcall(compare, x, y)
  if not ok then
    local text = tostring(holds):match "^.-:%d+: [%w_]+: (.*)$"
    return text and fail("%s", text) or error(holds, 0)
  elseif not nd.reduce_all(holds):item() then
    fail("x %s y does not hold in %s; x is %s, y is %s", sign,
      report.elements(holds, { x, y }), report.typed(x), report.typed(y))
  end
end

local function compare_two(name, sign, compare)
  comparisons[name] = report.callable(name, {
    doc = ("raises unless x %s y for every element"):format(sign), X, Y,
  }, function(values, fail)
    check(report.tensor(values.x, values.y), report.tensor(values.y, values.x),
      sign, compare, fail)
  end)
end

compare_two("assert_equal", "==", nd.equal)
compare_two("assert_none_equal", "~=", nd.not_equal)
compare_two("assert_less", "<", nd.less)
compare_two("assert_less_equal", "<=", nd.less_equal)
compare_two("assert_greater", ">", nd.greater)
compare_two("assert_greater_equal", ">=", nd.greater_equal)

local function compare_zero(name, sign, compare)
  comparisons[name] = report.callable(name, {
    doc = ("raises unless x %s 0 for every element"):format(sign), X,
  }, function(values, fail)
    local x = report.tensor(values.x)
    local holds = compare(x, 0)
    if not nd.reduce_all(holds):item() then
      fail("x %s 0 does not hold in %s; x is %s", sign,
        report.elements(holds, { x }), report.typed(x))
    end
  end)
end

compare_zero("assert_positive", ">", nd.greater)
compare_zero("assert_negative", "<", nd.less)
compare_zero("assert_non_negative", ">=", nd.greater_equal)
compare_zero("assert_non_positive", "<=", nd.less_equal)

-- As TensorFlow's: ten units in the last place of 1.
local NEAR = { float32 = 0x1p-23 * 10, float64 = 0x1p-52 * 10 }

comparisons.assert_near = report.callable("assert_near", {
  doc = "raises unless abs(x - y) <= atol + rtol * abs(y) for every element",
  X, Y,
  { "rtol", "number", false, doc = "nil: ten times the dtype's precision" },
  { "atol", "number", false, doc = "likewise" },
}, function(values, fail)
  local x = report.tensor(values.x, values.y)
  local y = report.tensor(values.y, values.x)
  local near = NEAR[x.dtype] or 0
  local rtol, atol = values.rtol or near, values.atol or near
  check(x, y, ("within %g + %g abs(y) of"):format(atol, rtol), function(p, q)
    local tolerance = nd.abs(q) * rtol + atol
    return nd.logical_or(nd.equal(p, q), nd.less_equal(nd.abs(p - q),
      tolerance))
  end, fail)
end)

return comparisons
