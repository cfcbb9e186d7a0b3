--- nd.debugging: the finder of nan and inf, strict gradients, assertions.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local cases = require "cases"
local support = require "support"
local near, recorded, refuses = support.near, support.recorded, support.refuses

local debugging = nd.debugging
local C, V = nd.constant, nd.Variable

local function slopes(f, ...)
  local x = { ... }
  local tape, y = recorded(nil, function(tape)
    tape:watch(x)
    return f(table.unpack(x))
  end)
  return tape:gradient(y, x)
end

-- What f(...) is refused with while results are looked at.
local function found(f, ...)
  debugging.enable_check_numerics()
  local ok, message = pcall(support.refusal, f, ...)
  debugging.disable_check_numerics()
  assert(ok, message)
  return message
end

-- What f(...) gives meanwhile.
local function passes(f, ...)
  debugging.enable_check_numerics()
  local results = table.pack(pcall(f, ...))
  debugging.disable_check_numerics()
  assert(table.unpack(results, 1, results.n))
  return table.unpack(results, 2, results.n)
end

describe("enable_check_numerics", function()
  it("tells the op, its result, and the ranges of its inputs", function()
    assert.equal("log: result is not finite: 1 nan and 1 inf in 3 elements of "
      .. "float32 [3]; input float32 [3] -1..2",
      found(nd.log, C { -1.0, 0, 2 }))
    assert.equal("divide: result is not finite: 1 inf in 1 element of "
      .. "float64 []; input 1 float64 [] 2; input 2 float64 [] 0",
      found(nd.divide, nd.cast(2.0, nd.float64), nd.cast(0.0, nd.float64)))
    assert.equal("multiply: result is not finite: 1 nan in 2 elements of "
      .. "float32 [2]; input 1 float32 [2] 1 and 1 nan; input 2 float32 [] 2",
      found(nd.multiply, C { 0 / 0, 1 }, 2.0))
  end)

  it("tells which of several results it is", function()
    assert.matches("^moments: result 2 is not finite: 1 inf in 1 element of "
      .. "float32 %[%]; input float32 %[2%] %-3e%+38..3e%+38$",
      found(nd.nn.moments, C { -3e38, 3e38 }, { 1 }))
  end)

  it("names the op in the middle of a chain that waits", function()
    local x = nd.ones { 5000 } * -1.0
    assert.matches("^sqrt: result is not finite: 5000 nan in 5000 elements",
      found(function()
        return nd.reduce_sum(nd.exp(nd.sqrt(x * 2) * 0 + 1))
      end))
  end)

  it("sees values that do not lie in a row", function()
    local x = nd.transpose(nd.reshape(nd.range(-1.0, 4.0), { 2, 3 }))
    assert.matches("^reciprocal: result is not finite: 1 inf in 6 elements of "
      .. "float32 %[3 2%]; input float32 %[3 2%] %-1..4$",
      found(nd.reciprocal, x))
    local y = nd.concat({ nd.zeros { 600, 2 } - 1, nd.ones { 600, 2 } }, 2)
    assert.matches("^log: result is not finite: 600 nan",
      found(function() return nd.log(y[{ {}, { 2, 3 } }]) end))
  end)

  it("tells of the op that users called, not of what that is made of",
    function()
      assert.matches("^reduce_std: result is not finite: 1 inf",
        found(nd.reduce_std, C { -3e38, 3e38 }))
    end)

  it("says nothing of what is infinite on the way only", function()
    near(0, passes(nd.reduce_logsumexp, C { -math.huge, 0 }))
    near({ { 0, 0.5 } }, passes(slopes, function(x)
      return nd.where(nd.greater(x, 0), nd.sqrt(x), 0)
    end, C { 0.0, 1 }))
  end)

  it("leaves integers, truth values, views and literals alone", function()
    near({ 2, 4 }, passes(function() return C { 1, 2 } * 2 end))
    passes(function()
      local x = nd.reshape(C { 1 / 0, 1 }, { 1, 2 })
      assert.is_true(nd.is_inf(x):totable()[1][1])
      return nd.fill({ 2 }, -1 / 0), V(1 / 0):assign(1 / 0)
    end)
  end)

  it("tells whose gradient it is", function()
    assert.equal("gradient of sqrt: result is not finite: 1 inf in 2 elements "
      .. "of float32 [2]; incoming float32 [2] 1; output float32 [2] 0..2",
      found(slopes, nd.sqrt, C { 0.0, 4 }))
    assert.matches("^gradient of sqrt: result is not finite: 1 inf in 1 "
      .. "element of float32 %[%]; incoming float32 %[%] 1",
      found(slopes, nd.sqrt, V(0.0)))
    local x, y = nd.fill({ 2, 2 }, 1e30), nd.fill({ 2, 2 }, 1e-30)
    assert.matches("^gradient of matmul: result for input 2 is not finite: "
      .. "4 inf in 4 elements of float32 %[2 2%]; incoming float32 %[2 2%] 1e",
      found(slopes, function(a, b)
        return nd.matmul(a, b) * 1e20
      end, x, y))
    assert.matches("^a sum of gradients is not finite", found(slopes,
      function(a) return nd.matmul(a, y) * 0 + a * 3e38 + a * 3e38 end, y)
      :gsub("^gradient: ", ""):gsub("^add: ", ""))
  end)

  it("sees second gradients, Jacobians and tangents", function()
    local function f(x) return nd.sqrt(x) end
    assert.matches("^gradient of sqrt: ", found(nd.jacobian, f, C { 0.0, 1 }))
    assert.matches("^tangent of sqrt: ", found(nd.jvp, f, C(0.0), C(1.0)))
    assert.matches("^gradient of pow: ",
      found(nd.grad(nd.grad(function(x) return x ^ 1.5 end)), C(0.0)))
  end)

  it("looks into functions with gradients of their own", function()
    local f = nd.custom_gradient(function(x)
      return nd.maximum(nd.log(x), -1), function(g) return g / 0 end
    end)
    assert.matches("^log: result is not finite", found(f, C(0.0)))
    assert.matches("^divide: result is not finite", found(slopes, f, C(1.0)))
    assert.matches("^log: ", found(nd.recompute_grad(nd.log), C(0.0)))
  end)

  it("sees what is assigned and what optimizers make", function()
    local v = V { 3e38, 1 }
    assert.matches("^assign_add: result is not finite: 1 inf in 2",
      found(v.assign_add, v, C { 3e38, 0 }))
    near({ 3e38, 1 }, v / 1, 1e31)
    local sgd = nd.optimizers.SGD { learning_rate = 1e38 }
    assert.equal("apply_gradients: the new value of variable 2 is not finite: "
      .. "1 inf in 2 elements of float32 [2]", found(function()
      sgd:apply_gradients { { C(0.0), V(1.0) }, { C { -10.0, 0 }, v } }
    end))
  end)

  it("sees rows of sparse gradients without adding them up", function()
    local table_ = V(nd.ones { 1000, 2 })
    local g = passes(slopes, function(t) return nd.gather(t, C { 3, 3 }) end,
      table_)[1]
    assert.is_true(nd.is_indexed_slices(g))
    assert.matches("^gradient of gather: result .* 2 inf in 4 elements",
      found(function()
        local tape, y = recorded(nil, function()
          return nd.gather(table_, C { 3, 3 })
        end)
        return tape:gradient(y, table_, C { { 1 / 0, 1 }, { 1, -1 / 0 } })
      end))
  end)

  it("works in coroutines, and stays on after errors until it is turned off",
    function()
      debugging.enable_check_numerics()
      debugging.enable_check_numerics()
      for _ = 1, 2 do
        local ok, message = coroutine.resume(coroutine.create(function()
          return nd.log(C(0.0))
        end))
        assert.is_false(ok)
        assert.matches("log: result is not finite", message)
        refuses("reciprocal: result is not finite: 1 inf in 1 element of "
          .. "float32 []; input float32 [] 0", nd.reciprocal, C(0.0))
        assert.is_false(pcall(recorded, nil, function() error "mine" end))
      end
      debugging.disable_check_numerics()
      debugging.disable_check_numerics()
      assert.equal(-math.huge, nd.log(C(0.0)):item())
      assert.equal(math.huge, slopes(nd.sqrt, C(0.0))[1]:item())
    end)

  it("leaves tapes as they are: what was refused is not recorded", function()
    local x = V { 1.0, 4 }
    local tape, y = recorded(nil, function()
      passes(function() pcall(nd.log, x - 1) end)
      return nd.sqrt(x)
    end)
    near({ .5, .25 }, tape:gradient(y, x))
  end)

  it("gives the same numbers", function()
    local x = nd.random.uniform({ 3000 })
    local function f(p)
      return nd.reduce_sum(nd.tanh(p * p) / (1 + nd.exp(p)))
    end
    local want = slopes(f, x)[1]
    assert.is_true(nd.reduce_all(nd.equal(want, passes(slopes, f, x)[1]))
      :item())
  end)
end)

describe("enable_strict_gradients", function()
  local nan = 0 / 0

  local function slope(f, x)
    return cases.show(slopes(f, C(x))[1])
  end

  local function strictly(f, x)
    debugging.enable_strict_gradients()
    local ok, text = pcall(slope, f, x)
    debugging.disable_strict_gradients()
    assert(ok, text)
    return (text:gsub("-nan", "nan"))
  end

  local function masked(x)
    return nd.where(nd.greater(x, 0), nd.log(x), 0)
  end

  it("lets a zero that meets an infinite slope be nan", function()
    assert.equal("float32 {nan 0.5}", strictly(masked, { 0.0, 2 }))
    assert.equal("float32 {0 0.5}", slope(masked, { 0.0, 2 }))
    assert.equal("float32 nan", strictly(masked, 0.0))
    assert.equal("float32 0", slope(masked, 0.0))
  end)

  it("has nan where relu and its kind are nan [E16]", function()
    local x = { nan, -1, 0, 1 }
    assert.equal("float32 {nan 0 0 1}", strictly(nd.nn.relu, x))
    assert.equal("float32 {nan 0 0 1}", strictly(nd.nn.relu6, x))
    assert.equal("float32 {nan 0.2 0.2 1}", strictly(nd.nn.leaky_relu, x))
    assert.equal("float32 nan", strictly(nd.nn.relu, nan))
    assert.equal("float32 {0 0 0 1}", slope(nd.nn.relu, x))
    assert.equal("float32 {0 0 0 1}", slope(nd.nn.relu6, x))
    assert.equal("float32 {0.2 0.2 0.2 1}", slope(nd.nn.leaky_relu, x))
    assert.equal("float32 0", slope(nd.nn.relu, nan))
  end)

  it("changes nothing else", function()
    local function f(x) return nd.reduce_sum(nd.tanh(x * x) / (2 + x)) end
    local x = { .1, .5, 3 }
    assert.equal(slope(f, x), strictly(f, x))
  end)

  it("is so of tangents too", function()
    debugging.enable_strict_gradients()
    local _, t = nd.jvp(nd.log, C { 0.0, 2 }, C { 0.0, 1 })
    debugging.disable_strict_gradients()
    assert.is_true(nd.is_nan(t):totable()[1])
  end)
end)

describe("check_numerics", function()
  it("gives x and passes the gradient on", function()
    local x = V { 1.0, 4 }
    near({ 1, 4 }, debugging.check_numerics(x, "x"))
    near({ { .5, .25 } }, slopes(function(v)
      return nd.sqrt(debugging.check_numerics(v, "x"))
    end, x))
    near(12, nd.grad(nd.grad(function(v)
      return debugging.check_numerics(v * v * v, "cube")
    end))(2.0))
  end)

  it("raises the message for a value or a gradient", function()
    refuses("check_numerics: x: x is not finite in 2 of 3 elements, at [1] "
      .. "inf, [3] nan; it is float32 [3]", debugging.check_numerics,
      C { 1 / 0, 0, 0 / 0 }, "x")
    refuses("check_numerics: w: the gradient is not finite in 1 of 2 elements, "
      .. "at [1] inf; it is float32 [2]", slopes, function(v)
      return nd.sqrt(debugging.check_numerics(v, "w"))
    end, C { 0.0, 1 })
  end)
end)

describe("assertions", function()
  it("pass where they hold", function()
    debugging.assert_equal({ 1, 2 }, C { 1, 2 })
    debugging.assert_equal(C { true }, true)
    debugging.assert_none_equal(C { 1, 2 }, 3)
    debugging.assert_less(1, C { 2, 3 })
    debugging.assert_less_equal(C { 1, 2 }, 2)
    debugging.assert_greater(C { 2.5 }, 2)
    debugging.assert_greater_equal(V { 2.5 }, 2.5)
    debugging.assert_near(C { 1.0, 1 / 0 }, C { 1.0000001, 1 / 0 })
    debugging.assert_near(1.0, 1.4, { atol = .5 })
    debugging.assert_near(1.0, 1.4, .5, 0)
    debugging.assert_positive { 1, 2 }
    debugging.assert_negative(-1.5)
    debugging.assert_non_negative { 0, 1 }
    debugging.assert_non_positive { 0, -1 }
    debugging.assert_all_finite { 1.0 }
    debugging.assert_rank({ 1 }, 1)
    debugging.assert_rank_at_least({ { 1 } }, 1)
    debugging.assert_rank_in(1, { 0, 2 })
    debugging.assert_type(C { 1 }, nd.int32)
    debugging.assert_integer(C { 1 })
    assert.equal(5, debugging.assert_scalar(5))
    debugging.assert_equal(nd.zeros { 0, 3 }, nd.ones { 0, 3 })
  end)

  it("take shapes with names and open ends", function()
    debugging.assert_shapes {
      { nd.zeros { 2, 3 }, { "n", "k" } }, { nd.zeros { 3, 2 }, { "k", "n" } },
      { nd.zeros { 4, 5, 3 }, { "...", "k" } }, { 1, {} },
      { nd.zeros { 2, 7, 7 }, { "n", "..." } }, { nd.zeros { 9 }, { "*" } },
      { nd.zeros { 3 }, "k" },
    }
  end)

  it("say what does not hold, and where", function()
    cases.raise [[
      nd.debugging.assert_equal(m, m + 1) --> assert_equal: x == y does not
      ... hold in 6 of 6 elements, at [1 1] 1 and 2, [1 2] 2 and 3, [1 3] 3 and
      ... 4, ..; x is int32 [2 3], y is int32 [2 3]
      nd.debugging.assert_none_equal(x, 3, "ids") --> assert_none_equal: ids: x
      ... ~= y does not hold in 1 of 6 elements, at [3] 3 and 3; x is int32 [6],
      ... y is int32 []
      nd.debugging.assert_less(f, 1) --> assert_less: x < y does not hold in 2
      ... of 3 elements, at [2] 1 and 1, [3] 2 and 1; x is float32 [3], y is
      ... float32 []
      nd.debugging.assert_less_equal(f, { message = "m", y = 1.1 })
      ... --> assert_less_equal: m: x <= y does not hold in 1 of 3 elements, at
      ... [3] 2 and 1.1; x is float32 [3], y is float32 []
      nd.debugging.assert_greater(2, x[{ {1, 2} }]) --> assert_greater: x > y
      ... does not hold in 1 of 2 elements, at [2] 2 and 2; x is int32 [], y is
      ... int32 [2]
      nd.debugging.assert_greater_equal(1, 2) --> assert_greater_equal: x >= y
      ... does not hold in 1 of 1 elements, at [] 1 and 2; x is int32 [], y is
      ... int32 []
      nd.debugging.assert_near(f, f * 1.01, { rtol = .001, atol = 0 })
      ... --> assert_near: x within 0 + 0.001 abs(y) of y does not hold in 3 of
      ... 3 elements, at [1] 0.5 and 0.505, [2] 1 and 1.01, [3] 2 and 2.02; x is
      ... float32 [3], y is float32 [3]
      nd.debugging.assert_positive(x - 1) --> assert_positive: x > 0 does not
      ... hold in 1 of 6 elements, at [1] 0; x is int32 [6]
      nd.debugging.assert_negative(0/0) --> assert_negative: x < 0 does not hold
      ... in 1 of 1 elements, at [] nan; x is float32 []
      nd.debugging.assert_non_negative(-f) --> assert_non_negative: x >= 0 does
      ... not hold in 3 of 3 elements, at [1] -0.5, [2] -1, [3] -2; x is float32
      ... [3]
      nd.debugging.assert_non_positive(1) --> assert_non_positive: x <= 0 does
      ... not hold in 1 of 1 elements, at [] 1; x is int32 []
      nd.debugging.assert_all_finite(1 / f:floor()) --> assert_all_finite: x is
      ... not finite in 1 of 3 elements, at [1] inf; it is float32 [3]
      nd.debugging.assert_rank(m, 1) --> assert_rank: rank must be 1, x is int32
      ... [2 3]
      nd.debugging.assert_rank_at_least(x, 2) --> assert_rank_at_least: rank
      ... must be at least 2, x is int32 [6]
      nd.debugging.assert_rank_in(x, { 2, 3 }) --> assert_rank_in: rank must be
      ... 2 or 3, x is int32 [6]
      nd.debugging.assert_scalar(x) --> assert_scalar: x must be a scalar, is
      ... int32 [6]
      nd.debugging.assert_type(x, nd.float32) --> assert_type: x must be
      ... float32, is int32 [6]
      nd.debugging.assert_integer(f) --> assert_integer: x must have integers,
      ... is float32 [3]
      nd.debugging.assert_shapes { { m, { "n", "k" } }, { f, { "n" } } }
      ... --> assert_shapes: shape 2 must be [n = 2], is [3]
      nd.debugging.assert_shapes { { m, { "...", 2 } } } --> assert_shapes:
      ... shape 1 must be [... 2], is [2 3]
    ]]
  end)

  it("refuse what does not fit", function()
    cases.raise [[
      nd.debugging.assert_equal(x, f) --> assert_equal: dtypes differ: int32 and
      ... float32; use nd.cast(x, nd.float32)
      nd.debugging.assert_equal(x, m) --> assert_equal: shapes do not broadcast:
      ... [6] and [2 3]
      nd.debugging.assert_equal(x) --> assert_equal: y is missing: it must be a
      ... tensor, a Variable or a table
      nd.debugging.assert_equal(x, x, 3) --> assert_equal: message must be a
      ... string, got 3
      nd.debugging.assert_less(x, 7, { mesage = "m" }) --> assert_less: unknown
      ... option 'mesage': it takes x, y, message; did you mean 'message'?
      nd.debugging.assert_smaller --> nd.debugging: no such name:
      ... 'assert_smaller'; did you mean 'assert_scalar'?
    ]]
  end)
end)
