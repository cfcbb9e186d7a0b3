--- nd.autodiff.ForwardAccumulator: tangents beside values. That every op has
-- one, and every order of nesting, is tested in C.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local carried, near, refuses = support.carried, support.near, support.refuses

local C, V = nd.constant, nd.Variable
local Accumulator = nd.autodiff.ForwardAccumulator

describe("ForwardAccumulator", function()
  it("carries the tangents of its primals along", function()
    local x = C { 1.0, 2.0, 3.0 }
    local acc, y = carried(x, { 1, 0, -1 }, function()
      return nd.reduce_sum(x * x * x)
    end)
    near(3 - 27, acc:jvp(y))
    near({ 1, 0, -1 }, acc:jvp(x))
  end)

  it("takes nested primals, and gives tangents as nested", function()
    local a, b = C(4.0), V(5.0)
    local acc, y = carried({ a = a, l = { b } }, { a = 2, l = { 3 } },
      function()
        return { sum = a + b, list = { a * b, C(1.0) } }
      end)
    local t = acc:jvp(y)
    near(5, t.sum)
    near(22, t.list[1])
    assert.is_false(t.list[2])
    assert.is_nil(acc:jvp(C(1.0)))
  end)

  it("gives zeros where it is asked to", function()
    local x = C { 1.0, 2.0 }
    local acc = Accumulator(x, x)
    near({ 0, 0, 0 }, acc:jvp(C { 1.0, 2.0, 3.0 }, "zero"))
    near({ 0 }, acc:jvp(C { 1.0 }, { unconnected_gradients = "zero" }))
    refuses("jvp: unconnected_gradients must be 'none' or 'zero' or "
      .. "'error', got 'nil'",
      acc.jvp, acc, x, "nil")
  end)

  it("listens only inside its block, and again in another [F3]", function()
    local x = C(-2.0)
    local acc, y = carried(x, 1.5, function() return 4 * x end)
    assert.is_nil(acc:jvp(4 * x))
    near(6, acc:jvp(y))
    local z = assert(nd.load [[
      local acc, y = ... with acc do return y * y end]])(acc, y)
    near(-96, acc:jvp(z))
  end)

  it("listens from its construction on, for <close>", function()
    local x = C(3.0)
    local acc
    do
      local a <close> = Accumulator(x, 2)
      acc = a
      near(12, acc:jvp(x * x))
    end
    assert.is_nil(acc:jvp(x * x))
    local z = assert(nd.load [[
      local acc, x = ... with acc do return 5 * x end]])(acc, x)
    near(10, acc:jvp(z))
  end)

  it("watches a variable through its assignments", function()
    local v = V { 1.0, 2.0 }
    local acc, y = carried(v, { 1, 10 }, function()
      v:assign_sub { 0.5, 0.5 }
      return v * v
    end)
    near({ 1, 10 }, acc:jvp(v))
    near({ 1, 30 }, acc:jvp(y))
  end)

  it("watches a variable through the steps of an optimizer", function()
    local v = V { 1.0, 2.0 }
    local acc, y = carried(v, { 1, 10 }, function()
      local tape <close> = nd.GradientTape()
      local g = tape:gradient(nd.reduce_sum(v * v), v)
      nd.optimizers.SGD(0.5):apply_gradients({ g }, { v })
      return { g, v * v, v }
    end)
    near({ { 2, 4 }, { 0, 0 }, { 0, 0 } }, y)
    near({ { 2, 20 }, { 0, 0 }, { 1, 10 } }, acc:jvp(y))
  end)

  it("stands outside a tape for products with a Hessian [S59]", function()
    local x = C { 1.0, 2.0, 3.0 }
    local acc, g = carried(x, { 1, -1, 2 }, function()
      local tape <close> = nd.GradientTape()
      tape:watch(x)
      return tape:gradient(nd.square(nd.reduce_sum(x * x)), x)
    end)
    near({ 56, 112, 168 }, g)
    near({ 96, 24, 232 }, acc:jvp(g))
  end)

  it("stands inside a tape", function()
    local x = C(3.0)
    local tape <close> = nd.GradientTape()
    tape:watch(x)
    local acc, y = carried(x, 1, function() return x * x * x end)
    near(18, tape:gradient(acc:jvp(y), x))
  end)

  it("goes on after an error in its block", function()
    local x = C(3.0)
    local acc = Accumulator(x, 1)
    assert.is_false(pcall(assert(nd.load [[
      local acc = ... with acc do error "no" end]]), acc))
    assert.is_nil(acc:jvp(x * x))
  end)

  it("refuses what cannot be primals and tangents [F4]", function()
    local x, i = C { 1.0, 2.0 }, C { 1, 2 }
    refuses("ForwardAccumulator: a primal is given twice", Accumulator,
      { x, x }, { x, x })
    refuses("ForwardAccumulator: a primal is int32, and only floats have "
      .. "tangents", Accumulator, i, i)
    refuses("ForwardAccumulator: a primal is float32 [2], its tangent is "
      .. "float32 [3]", Accumulator, x, { 1, 2, 3 })
    refuses("ForwardAccumulator: tangents is missing: it must be a tensor, a "
      .. "Variable or a table", Accumulator, x)
    refuses("ForwardAccumulator: primal 2 has no tangent", Accumulator,
      { x, C(1.0) }, { x, false })
    refuses("ForwardAccumulator: 1 tangents for 2 primals", Accumulator,
      { x, C(1.0) }, { x })
    refuses("ForwardAccumulator: tangents lacks 'a'", Accumulator,
      { a = x }, { b = x })
    refuses("ForwardAccumulator: tangents must be a table like primals, got "
      .. "Tensor", Accumulator, { x }, x)
    refuses("ForwardAccumulator: primals must be a tensor, a Variable or a "
      .. "table, got number", Accumulator, 1, 1)
  end)

  it("refuses a second entry [S57]", function()
    local acc = Accumulator(C(1.0), 1)
    local ok, err = pcall(assert(nd.load [[
      local acc = ... with acc do with acc do end end]]), acc)
    assert.is_false(ok)
    assert.matches("ForwardAccumulator: the accumulator is still entered", err,
      1, true)
  end)

  it("may be collected while it is at work", function()
    local x = C { 1.0, 2.0 }
    local weak = setmetatable({}, { __mode = "k" })
    local f = nd.custom_gradient(function(t)
      return t, function(dy)
        collectgarbage()
        return dy
      end
    end)
    do
      local acc = Accumulator(x, x)
      weak[acc] = true
      coroutine.wrap(assert(nd.load [[
        local acc = ... with acc do coroutine.yield() end]]))(acc)
    end
    near({ 1, 2 }, f(x))
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(weak))
    near({ 1, 2 }, f(x))
  end)

  it("is collected with what it keeps", function()
    local x = C { 1.0, 2.0 }
    local weak = setmetatable({}, { __mode = "v" })
    weak[1] = carried(x, x, function() return x * x end)
    collectgarbage()
    collectgarbage()
    assert.is_nil(weak[1])
  end)
end)

describe("its tangents", function()
  it("are those of a multiple [F2]", function()
    local x = C(1.0)
    local acc, y = carried(x, 2, function() return 3 * x end)
    near(6, acc:jvp(y))
  end)

  it("of tangents are asked of the outer one [S58, F8]", function()
    local x = C(2.0)
    local outer, inner = Accumulator(x, 1), Accumulator(x, 1)
    local y = assert(nd.load [[
      local outer, inner, x = ...
      with outer do with inner do return x ^ 3 end end]])(outer, inner, x)
    near(12, outer:jvp(inner:jvp(y)))
    assert.is_nil(inner:jvp(outer:jvp(y)))
  end)

  it("follow a Variable [F9]", function()
    local v = V { 1.0, 2, 3 }
    local acc, y = carried(v, { .1, -.2, .3 }, function()
      return { v, 2 * v, v + .1 }
    end)
    near({ { .1, -.2, .3 }, { .2, -.4, .6 }, { .1, -.2, .3 } }, acc:jvp(y))
  end)

  it("are missing for what is not watched, or zeros [F10, F11]", function()
    local x, v = C { 1.0, 2 }, V { 1.0, 2 }
    local acc, y = carried(x, x, function()
      return { 2 * v, nd.zeros_like(x) }
    end)
    near({ false, false }, acc:jvp(y))
    near({ { 0, 0 }, { 0, 0 } }, acc:jvp(y, "zero"))
    refuses("jvp: no tangent for target 2: it does not depend on a primal, or "
      .. "was computed outside the block", acc.jvp, acc, { x, y[1] }, "error")
  end)

  it("go through gather and products [F12, F18]", function()
    local x, m = C { 1.0 }, C { { 1.0, 2 }, { 3, 4 } }
    local acc, y = carried(x, { 3 }, function() return nd.gather(x, 1) end)
    near(3, acc:jvp(y))
    acc, y = carried(m, { { 1, 0 }, { 0, 0 } }, function()
      return nd.matmul(m, m, { transpose_b = true })
    end)
    near({ { 2, 3 }, { 3, 0 } }, acc:jvp(y))
  end)

  it("are unknown to a tape inside [F15]", function()
    local x = C(2.0)
    local acc = Accumulator(x, 1)
    local tape, y
    assert(nd.load [[local acc, f = ... with acc do f() end]])(acc, function()
      tape, y = support.recorded(nil, function(t)
        t:watch(x)
        return x * x
      end)
    end)
    near(4, acc:jvp(y))
    assert.is_nil(tape:gradient(acc:jvp(y), x))
  end)

  it("follow loops and branches [F16]", function()
    local y = C(1.0)
    local acc, sum = carried(y, 1, function()
      local sum = C(0.0)
      for i = 0, 4 do
        sum = sum + y * i
      end
      return sum
    end)
    near(10, acc:jvp(sum))
    for k, want in pairs { [2] = 3, [0] = false } do
      local branch, z = carried(y, 1, function()
        return { k > 1 and 3 * y or C(0.0) }
      end)
      near({ want }, branch:jvp(z))
    end
  end)

  it("stay with a Variable that is assigned to [F17]", function()
    local v = V(1.0)
    local acc = carried(v, 1, function() v:assign_sub(.5) end)
    near(.5, v)
    near(1, acc:jvp(v))
  end)
end)
