--- nd.autodiff.hessian: all second derivatives of a number that f gives. Of a
-- list or table of arguments it has for each the structure of all.
--
--   local h = nd.hessian(f, { x, y })  -- h[1][2] is d2 f / dx dy
local nd = require "nadir"
local arguments = require "nadir.autodiff.arguments"

-- By what is watched, the row in the structure of the primals.
local function find_rows(rows, primals, copies, list)
  local found = {}
  for i, x in ipairs(list) do
    local row = {}
    for k, y in ipairs(list) do
      row[y] = rows[i][k]
    end
    found[x] = arguments.results(primals, copies, row)
  end
  return found
end

return arguments.callable("hessian", {
  doc = "all second derivatives of the number that f gives",
  { "f", "callable", doc = "what is differentiated twice" },
  { "primals", "nested", doc = "its argument, or the list of them" },
}, function(f, primals)
  arguments.check_function("hessian", f)
  local copies, list = arguments.watch("hessian", arguments.of(primals))
  local tape = nd.GradientTape { watch_accessed_variables = false }
  local values
  do
    local _ <close> = tape
    tape:watch(list)
    values = arguments.call("hessian", f, copies)
  end
  local rows = tape:hessian(values[1], list, "zero")
  return arguments.results(primals, copies,
    find_rows(rows, primals, copies, list))
end)
