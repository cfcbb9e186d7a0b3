--- Assertions of dtypes.
local report = require "nadir.debugging.report"

local types = {}

local X = { "x", "nested", doc = "a tensor, or what becomes one" }

types.assert_type = report.callable("assert_type", {
  doc = "raises unless x is of that dtype", X,
  { "dtype", "text", doc = "as nd.float32" },
}, function(values, fail)
  local x = report.tensor(values.x)
  if x.dtype ~= values.dtype then
    fail("x must be %s, is %s", values.dtype, report.typed(x))
  end
end)

types.assert_integer = report.callable("assert_integer", {
  doc = "raises unless x has integers", X,
}, function(values, fail)
  local x = report.tensor(values.x)
  if not x.dtype:find "int" then
    fail("x must have integers, is %s", report.typed(x))
  end
end)

return types
