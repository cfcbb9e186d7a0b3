--- nd.test: checks gradients against differences.
local nd = require "nadir"
local arguments = require "nadir.autodiff.arguments"
local differences = require "nadir.differences"
local fail = require "nadir.fail"
local position = require "nadir.debugging.report".position
local signature = require "nadir.signature"

local test = {}

-- How far from a point f is asked, and how near both derivatives have to be. A
-- step balances the error of differences and that of rounding.
local STEPS = { float32 = 0x1p-6, float64 = 0x1p-10 }
local NEAR = { float32 = 1e-3, float64 = 1e-7 }

-- ------------------------------------------------------------------ inputs --

-- The inputs as a list: tensors are copied, so that each counts apart;
-- Variables stay, as f may read them itself.
local function inputs_of(name, x)
  local given = type(x) == "table" and getmetatable(x) == nil and x or { x }
  local list = {}
  for i, input in ipairs(given) do
    list[i] = nd.is_variable(input) and input or nd.identity(input)
    if not arguments.is_float(list[i]) then
      fail("%s: x %d must have floats, is %s; use nd.cast", name, i,
        list[i].dtype)
    end
  end
  if #list == 0 then
    fail("%s: x is missing: it must be a tensor, or a list of them", name)
  end
  return list
end

-- Calls f(...) with input `i` replaced by a value; a Variable has it meanwhile.
local function call_with(f, inputs, i, value)
  if not nd.is_variable(inputs[i]) then
    local moved = table.move(inputs, 1, #inputs, 1, {})
    moved[i] = value
    return f(table.unpack(moved))
  end
  local before = nd.identity(inputs[i])
  inputs[i]:assign(value)
  local results = table.pack(pcall(f, table.unpack(inputs)))
  inputs[i]:assign(before)
  if not results[1] then
    error(results[2], 0)
  end
  return results[2]
end

-- ---------------------------------------------------------------- jacobians --

local function flat(x)
  return nd.reshape(x, { -1 })
end

local function by_tape(name, f, inputs)
  local tape = nd.GradientTape { persistent = true }
  local y
  do
    local _ <close> = tape
    tape:watch(inputs)
    y = f(table.unpack(inputs))
  end
  if not nd.is_tensor(y) or not arguments.is_float(y) then
    fail("%s: f must return a tensor of floats, returned %s", name,
      nd.is_tensor(y) and y.dtype or require "nadir.describe".value(y))
  end
  local list = {}
  for i, j in ipairs(tape:jacobian(y, inputs, "zero")) do
    list[i] = nd.reshape(j, { y.size, inputs[i].size })
  end
  return list, y
end

-- The derivatives of what f gives by element `k` of input `i`.
local function column(f, inputs, i, k, y, step)
  local x = nd.identity(inputs[i])
  local one = nd.reshape(nd.one_hot(k, x.size, x.dtype), x.shape)
  return differences(function(t)
    return flat(call_with(f, inputs, i, x + one * t)):totable()
  end, step or STEPS[x.dtype], y.size)
end

local function by_differences(f, inputs, y, step)
  local list = {}
  for i, x in ipairs(inputs) do
    local columns = {}
    for k = 1, x.size do
      columns[k] = column(f, inputs, i, k, y, step)
    end
    list[i] = x.size * y.size == 0 and nd.zeros({ y.size, x.size }, y.dtype)
      or nd.transpose(nd.constant(columns, y.dtype))
  end
  return list
end

local function jacobians(name, values)
  arguments.check_function(name, values.f)
  local inputs = inputs_of(name, values.x)
  local theory, y = by_tape(name, values.f, inputs)
  return theory, by_differences(values.f, inputs, y, values.delta), y, inputs
end

-- --------------------------------------------------------------- functions --

local F = { "f", "callable", doc = "takes the inputs, gives a tensor" }
local X = { "x", "nested", doc = "a tensor or Variable, or a list of them" }
local DELTA = { "delta", "number", false,
  doc = "step of the differences; nil: as it suits the dtype" }

local function callable(name, params, call)
  local takes = signature.new(name, params)
  test[name] = arguments.callable(name, params, function(...)
    return call(takes:read(...))
  end)
end

callable("compute_gradient", {
  doc = "the Jacobians of f by a tape, and by differences: for each input one "
    .. "of [elements of f, elements of x]", F, X, DELTA,
}, function(values)
  local theory, numbers = jacobians("compute_gradient", values)
  return theory, numbers
end)

-- Raises at the first element of two Jacobians that is not near.
local function compare(got, want, y, x, number, values)
  local near = NEAR[x.dtype]
  local rtol, atol = values.rtol or near, values.atol or near
  local a, b = got:totable(), want:totable()
  for row = 1, y.size do
    for k = 1, x.size do
      local p, q = a[row][k], b[row][k]
      local near_enough = math.abs(p - q) <= atol + rtol * math.abs(q)
      if not near_enough then -- so a nan is found, too
        fail("assert_gradient: the derivative of f%s by x%s%s is %.9g by the "
          .. "tape, %.9g by differences", position(y.shape, row), number,
          position(x.shape, k), p, q)
      end
    end
  end
end

callable("assert_gradient", {
  doc = "raises unless the gradient that a tape gives of f is that of "
    .. "differences", F, X, DELTA,
  { "rtol", "number", false, doc = "nil: as it suits the dtype" },
  { "atol", "number", false, doc = "likewise" },
}, function(values)
  local theory, numbers, y, inputs = jacobians("assert_gradient", values)
  for i, x in ipairs(inputs) do
    compare(theory[i], numbers[i], y, x, #inputs > 1 and i or "", values)
  end
end)

return test
