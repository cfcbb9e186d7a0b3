--- Derivatives of functions: nd.grad, nd.vjp, nd.recompute_grad and their kind.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local near, recorded, refuses = support.near, support.recorded, support.refuses

local C, V = nd.constant, nd.Variable

local function cube(x) return nd.reduce_sum(x * x * x) end

-- x'Ax
local A = C { { 1.0, 2 }, { 3, 4 } }
local function form(x)
  return nd.reduce_sum(x * nd.reshape(nd.matmul(A, nd.reshape(x, { 2, 1 })),
    { 2 }))
end

describe("grad", function()
  it("gives a gradient for each argument [S63]", function()
    local f = nd.grad(function(x, y) return x * y end)
    local dx, dy = f(C(3.0), C(5.0))
    near(5, dx)
    near(3, dy)
    near(6, nd.grad(nd.square)(3.0))
  end)

  it("counts one tensor given twice as two arguments [G54]", function()
    local f = nd.grad(function(x, y) return x * y end)
    for _, x in ipairs { C(1.0), C { { 1.0 } }, V(1.0) } do
      local dx, dy = f(x, x)
      near(1, dx:reshape {})
      near(1, dy:reshape {})
    end
    local x = C(3.0)
    near(3, nd.grad(function(y) return x * y end)(x))
  end)

  it("keeps the structure of tables", function()
    local g = nd.grad(function(p, k) return p.w * p.list[1] * k end)(
      { w = C(3.0), list = { 2.0 }, name = "p", ids = C { 1, 2 } }, 2)
    near(4, g.w)
    near(6, g.list[1])
    assert.is_false(g.name)
    assert.is_false(g.ids)
  end)

  it("gives nil to what holds no floats, and zeros where none flow", function()
    local dx, dk, dz, dl = nd.grad(function(x) return x * 2 end)(C(3.0), 2,
      C(1.0), "label")
    near(2, dx)
    assert.is_nil(dk)
    near(0, dz)
    assert.is_nil(dl)
    assert.is_nil(nd.grad(function() return C(1.0) end,
      { unconnected_gradients = "none" })(C(3.0)) or nil)
  end)

  it("takes the positions that it is to differentiate by", function()
    local function f(x, y, z) return x * y * z end
    near(6, nd.grad(f, 1)(C(1.0), C(2.0), C(3.0)))
    local dz, dx = nd.grad(f, { 3, 1 })(C(1.0), C(2.0), C(3.0))
    near({ 2, 6 }, { dz, dx })
    near(3, nd.grad(f, { argnums = 2 })(C(1.0), C(2.0), C(3.0)))
  end)

  it("is of any order, also within a tape [G60]", function()
    near(2, nd.grad(nd.grad(nd.square))(3.0))
    near(1, nd.grad(nd.grad(nd.exp))(0.0))
    near(48, nd.grad(nd.grad(nd.grad(function(x) return x ^ 4 end)))(2.0))
    local x = V(2.0)
    local tape, g = recorded(nil, function() return nd.grad(cube)(x) end)
    near(12, tape:gradient(g, x))
  end)

  it("sums up several values, in tables or not", function()
    near({ 1, 3, 5 }, nd.grad(function(x) return x + 2, x * x end)(
      C { 0.0, 1, 2 }))
    near(3, nd.grad(function(x) return { x, { a = 2 * x } } end)(1.0))
  end)

  it("names what a function lacks that returns nothing [S64]", function()
    local message = support.refusal(nd.grad(function() end), 1.0)
    assert.matches("^grad: f returned nothing to differentiate; did you forget "
      .. "to return a value from the function at "
      .. "tests/lua/autodiff_spec.lua:%d+%?$", message)
  end)

  it("refuses what cannot be differentiated", function()
    refuses("grad: f must be a function, got 3", nd.grad, 3)
    refuses("grad: no argument holds floats; write 2. for 2, or use nd.cast",
      nd.grad(nd.square), 2)
    refuses("grad: argument 2 holds no floats; write 2. for 2, or use nd.cast",
      nd.grad(nd.multiply, 2), 2.0, 2)
    refuses("grad: unknown option 'argnum': it takes argnums, has_aux, "
      .. "unconnected_gradients; did you mean 'argnums'?", nd.grad,
      nd.square, { argnum = 1 })
  end)

  it("takes no tables without an end", function()
    local cycle = { C(1.0) }
    cycle[2] = cycle
    refuses("grad: a table is nested deeper than 32", nd.grad(nd.square), cycle)
  end)

  it("lets errors of its function through, and works on", function()
    local value = {}
    local ok, err = pcall(nd.grad(function() error(value) end), 1.0)
    assert.is_false(ok)
    assert.equal(value, err)
    near(2, nd.grad(nd.square)(1.0))
  end)

  it("is in nd.autodiff, too, and helps", function()
    assert.equal(nd.grad, nd.autodiff.grad)
    assert.equal("grad(f, options = nil)", tostring(nd.grad))
  end)
end)

describe("value_and_grad", function()
  it("gives the value first", function()
    local y, dx = nd.value_and_grad(cube)(C { 1.0, 2 })
    near(9, y)
    near({ 3, 12 }, dx)
  end)

  it("passes on what only comes along", function()
    local y, dx, aux = nd.value_and_grad(function(x)
      return x * x, { "aux", x }
    end, { has_aux = true })(3.0)
    near(9, y)
    near(6, dx)
    assert.equal("aux", aux[1])
  end)

  it("has a form for the Variables that were read", function()
    local v, w, other = V { 1.0, 2 }, V(3.0), V(1.0)
    local loss, pairs_ = nd.implicit_value_and_gradients(function(k)
      return nd.reduce_sum(v * v) * w * k
    end)(2.0)
    near(30, loss)
    nd.optimizers.SGD(0.5):apply_gradients(pairs_)
    near({ -5, -10 }, v)
    near(-2, w)
    near(1, other)
    refuses("implicit_value_and_gradients: f read no trainable Variable",
      nd.implicit_value_and_gradients(nd.square), 1.0)
  end)
end)

describe("jvp", function()
  it("carries the tangents of several arguments [F1]", function()
    local y, dy = nd.jvp(nd.add, { C(4.0), C(5.0) }, { 1, 5 })
    near(9, y)
    near(6, dy)
    y, dy = nd.jvp(nd.multiply, { C(4.0), C(5.0) }, { 2, 3 })
    near(20, y)
    near(22, dy)
  end)

  it("takes one argument as it is [F6]", function()
    local y, dy = nd.jvp(nd.sin, C(0.1), 0.2)
    near(math.sin(0.1), y)
    near(0.199000833, dy)
    local _, dp = nd.jvp(function(p) return { p.a * p.b, p.c } end,
      { a = C(2.0), b = C(3.0), c = C(1) }, { a = 1 })
    near(3, dp[1])
  end)

  it("refuses tangents that do not fit", function()
    refuses("jvp: a primal is float32 [2], its tangent is float32 [3]", nd.jvp,
      cube, C { 1.0, 2 }, C { 1.0, 2, 3 })
    refuses("jvp: tangents is missing: it must be like primals", nd.jvp, cube,
      C(1.0))
    refuses("hvp: v is missing: it must be like primals", nd.hvp, cube, C(1.0))
    refuses("jvp: there is no primal for tangent 'b'", nd.jvp,
      function(p) return p.a end, { a = C(1.0) }, { b = 1 })
  end)

  it("may be inside grad, and grad inside it", function()
    near(12, nd.grad(function(x)
      return (select(2, nd.jvp(cube, x, 1.0)))
    end)(2.0))
    near(12, select(2, nd.jvp(nd.grad(cube), C(2.0), 1)))
  end)
end)

describe("vjp", function()
  it("gives a function that may be called again [G61]", function()
    local y, pull = nd.vjp(nd.square, C(3.0))
    near({ 9, 12, 12 }, { y, pull(2), pull(2) })
    local _, g = nd.vjp(nd.multiply, { C(3.0), C(5.0) }, 2)
    near({ 10, 6 }, g)
  end)
end)

describe("second derivatives", function()
  it("of a form are that of its matrix [G99, G101]", function()
    local x, v = C { 1.0, -2 }, C { 1.0, 3 }
    near({ { 2, 5 }, { 5, 8 } }, nd.hessian(form, x))
    near({ 17, 29 }, nd.hvp(form, x, v))
  end)

  it("of a sum of products of a matrix with itself [G100]", function()
    local x = nd.reshape(nd.range(1.0, 9.0), { 3, 3 })
    local h = nd.hessian(function(m)
      return nd.reduce_sum(nd.matmul(nd.transpose(m), m)) / 2
    end, x)
    for i = 1, 3 do
      for j = 1, 3 do
        for k = 1, 3 do
          for l = 1, 3 do
            near(i == k and 1 or 0, h[i][j][k][l])
          end
        end
      end
    end
  end)

  it("have the structure of the arguments, twice", function()
    local h = nd.hessian(function(x, y) return x * x * y end,
      { C(2.0), C(3.0) })
    near({ { 6, 4 }, { 4, 0 } }, h)
    h = nd.hessian(function(p) return p.a ^ 2 * p.b end,
      { a = C(2.0), b = C(3.0) })
    near({ 6, 4, 4, 0 }, { h.a.a, h.a.b, h.b.a, h.b.b })
    near({ { 2, 0 }, { 0, 4 } }, nd.jacobian(nd.square, C { 1.0, 2 }))
    near({ 0, 0 }, nd.hvp(function(x) return 3 * x end, C { 1.0, 2 },
      C { 1.0, 1 }))
  end)
end)

describe("recompute_grad", function()
  it("gives what its function gives [G76]", function()
    local y = nd.recompute_grad(function(x) return { x[1] + 1, x[2] + 1 } end)(
      { C { 1.0, 2 }, C(1.0) })
    near({ 2, 3 }, y[1])
    near(2, y[2])
    local a, b = nd.recompute_grad(function(x) return x, 2 * x end)(C(3.0))
    near({ 3, 6 }, { a, b })
  end)

  it("is right in every order and mode [S51, G75]", function()
    local f = nd.recompute_grad(function(x)
      return nd.reduce_prod(nd.tanh(x) ^ 2)
    end)
    local first = nd.grad(f)
    local second = nd.grad(first)
    local x = C({ 1.0 }, { dtype = "float64" })
    near(.5800256584, f(x), 1e-9)
    near({ .6397000085 }, first(x), 1e-9)
    near({ -.6216266808 }, second(x), 1e-9)
    near({ -.6650910448 }, nd.grad(second)(x), 1e-9)
    near(.6397000085, select(2, nd.jvp(f, x, { 1 })), 1e-9)
    near({ -.6216266808 }, select(2, nd.jvp(first, x, { 1 })), 1e-9)
    near({ { -.6216266808 } }, nd.hessian(f, x), 1e-9)
  end)

  it("keeps nothing but its arguments", function()
    nd.eager(true)
    local x = V(nd.ones { 100000 })
    collectgarbage()
    local before = nd.memory()
    local f = nd.recompute_grad(function(t)
      return nd.reduce_sum(nd.exp(nd.exp(nd.exp(t))))
    end)
    local tape, y = recorded(nil, function() return f(x) end)
    collectgarbage()
    assert.is_true(nd.memory() - before < 1000)
    assert.equal(100000, tape:gradient(y, x).size)
    nd.eager(false)
  end)

  it("differentiates by Variables, tables and what is given twice", function()
    local v = V { 2.0, 3 }
    local f = nd.recompute_grad(function(x, t)
      return x * v * v, { k = t.a * x, label = C(1) }
    end)
    local x, a = C { 1.0, 1 }, C { 5.0, 6 }
    local tape, y, z = recorded(nil, function(tape)
      tape:watch { x, a }
      local y, z = f(x, { a = a }, "label")
      return y, z.k
    end)
    local g = tape:gradient({ y, z }, { x, a, v })
    near({ { 9, 15 }, { 1, 1 }, { 4, 6 } }, g)
    local twice = nd.recompute_grad(nd.multiply)
    local s = C(3.0)
    local other, w = recorded(nil, function(t)
      t:watch(s)
      return twice(s, s)
    end)
    near(6, other:gradient(w, s))
    near(12, select(2, nd.jvp(function(t) return twice(t, t) end, s, 2)))
  end)

  it("has second derivatives by Variables", function()
    local v = V(3.0)
    local f = nd.recompute_grad(function(x) return x * v ^ 3 end)
    local outer, g = recorded(nil, function()
      local inner, y = recorded(nil, function() return f(C(2.0)) end)
      return inner:gradient(y, v)
    end)
    near(54, g)
    near(36, outer:gradient(g, v))
  end)

  it("gives zeros for what f does not use", function()
    local x, y = C(1.0), C(2.0)
    local tape, z = recorded(nil, function(tape)
      tape:watch { x, y }
      return nd.recompute_grad(function(a) return 2 * a end)(x, y)
    end)
    near({ 2, 0 }, tape:gradient(z, { x, y }))
  end)
end)

describe("grad_pass_through", function()
  it("passes gradients by what cannot be differentiated [S31, G77]", function()
    local x, z = V(1.0), V(3.0)
    local tape, y = recorded(nil, function() return x:assign(z ^ 2) end)
    assert.is_nil(tape:gradient(y, z))
    tape, y = recorded(nil, function()
      return nd.grad_pass_through(function(t) return x:assign(t) end)(z ^ 2)
    end)
    near(9, y)
    near(9, x)
    near(6, tape:gradient(y, z))
    tape, y = recorded({ persistent = true }, function()
      return nd.grad_pass_through(function(t) return x * t end)(z)
    end)
    near(27, y)
    assert.is_nil(tape:gradient(y, x))
    near(1, tape:gradient(y, z))
  end)

  it("takes as many tensors as it gives", function()
    local f = nd.grad_pass_through(function(a, b)
      return nd.round(a), nd.round(b)
    end)
    local da, db = nd.grad(function(a, b)
      local p, q = f(a, b)
      return 2 * p + 3 * q
    end)(1.6, 2.2)
    near({ 2, 3 }, { da, db })
    refuses("grad_pass_through: f gives 1 tensors for 2 arguments",
      nd.grad_pass_through(nd.add), C(1.0), C(2.0))
  end)
end)

describe("func", function()
  it("is the function itself [S55]", function()
    assert.equal(cube, nd.func(cube))
    assert.equal(cube, nd.func { jit_compile = true } (cube))
    local dx, dy = nd.grad(nd.func(function(x) return x * x end))(3.0, 1.0)
    near({ 6, 0 }, { dx, dy })
  end)
end)

describe("known gradients", function()
  it("of ops with no derivative are missing, of sign are zeros [S26]",
    function()
      local x = C { 1.0, -2 }
      local tape = recorded({ persistent = true }, function(tape)
        tape:watch(x)
        for _, f in ipairs { nd.argmax, nd.argsort, nd.round, nd.is_nan,
                             nd.is_inf, nd.is_finite } do
          assert.is_nil(tape:gradient(f(x), x))
        end
        assert.is_nil(tape:gradient(nd.less(x, 0.0), x))
        near({ 0, 0 }, tape:gradient(nd.sign(x), x))
      end)
      tape:release()
    end)

  it("of a convolution of one point [G57]", function()
    local x, k = C { { { { 1.0 } } } }, C { { { { 2.0 } } } }
    near({ { { { 2 } } } }, nd.grad(function(t)
      return nd.nn.conv2d(t, k, 1, "SAME")
    end)(x))
  end)

  it("of cross entropies [G58, G59]", function()
    near({ { -0.5, 0.5 } }, nd.grad(function(logits)
      return nd.reduce_mean(nd.nn.softmax_cross_entropy_with_logits(
        C { { 1.0, 0 } }, logits))
    end)(C { { 0.0, 0 } }))
    near({ { 0 } }, nd.grad(nd.grad(function(logits)
      return nd.nn.sparse_softmax_cross_entropy_with_logits(C { 1 }, logits)
    end))(C { { 0.1 } }))
  end)

  it("may be clipped on the way back [G73]", function()
    local v = V(2.0)
    local clip = nd.custom_gradient(function(x)
      return x, function(dy)
        return dy * nd.minimum(0.5 / nd.sqrt(nd.reduce_sum(dy * dy)), 1.0)
      end
    end)
    local tape, y = recorded(nil, function() return clip(v * v) end)
    near(2, tape:gradient(y, v))
  end)

  it("of log(1 + e^x) are stable in softplus, and by a rule [G74]", function()
    local log1pexp = nd.custom_gradient(function(x)
      local e = nd.exp(x)
      return nd.log(1 + e), function(dy) return dy * (1 - 1 / (1 + e)) end
    end)
    for _, dtype in ipairs { "float32", "float64" } do
      local x = C(100.0, { dtype = dtype })
      local y, g = nd.value_and_grad(log1pexp)(x)
      near(dtype == "float64" and 100 or math.huge, y)
      near(1, g)
      y, g = nd.value_and_grad(nd.nn.softplus)(x)
      near({ 100, 1 }, { y, g })
    end
  end)

  it("of gathered rows say nothing when they become dense [S53]", function()
    assert.equal("", support.output [[
      local nd = require "nadir"
      local v = nd.Variable { { 1., 2. }, { 3., 4. } }
      local tape = nd.GradientTape()
      local y = nd.gather(v, { 1, 1 })
      assert((tape:gradient(y, v) * 1):totable()[1][1] == 2)
    ]])
  end)
end)

describe("a tape that was left", function()
  it("goes on where it was [G26]", function()
    local x = C(3.0)
    local tape, y = recorded(nil, function(tape)
      tape:watch(x)
      return 2 * x
    end)
    local z = assert(nd.load [[
      local tape, y = ... with tape do return 2 * y end]])(tape, y)
    near({ 4 }, tape:gradient(z, { x }))
  end)

  it("by an error in a coroutine gives what it had recorded", function()
    local x, tape, y = C(3.0), nil, nil
    local block = coroutine.create(function()
      local own <close> = nd.GradientTape()
      tape = own
      own:watch(x)
      y = x * x
      coroutine.yield()
      error "oops"
    end)
    coroutine.resume(block)
    local seen = y * x
    assert.is_false(coroutine.resume(block))
    coroutine.close(block)
    near(27, tape:gradient(seen, x))
  end)

  it("inside pcall goes on recording outside it", function()
    local x = C(3.0)
    local tape, y = recorded(nil, function(tape)
      tape:watch(x)
      local ok, part = pcall(function() return x * x end)
      assert.is_true(ok)
      pcall(function() return part + C { 1, 2 } end)
      return part * x
    end)
    near(27, tape:gradient(y, x))
  end)
end)
