--- nd.custom_gradient: a script's function as the derivative of another, in
-- both modes, and what that function may do while a tape is swept.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local near, recorded, refuses = support.near, support.recorded, support.refuses

local C, V, custom = nd.constant, nd.Variable, nd.custom_gradient

-- The gradient of f(...) by all arguments, which are tensors.
local function derivatives(f, ...)
  local x = { ... }
  local tape, y = recorded(nil, function(tape)
    tape:watch(x)
    return f(table.unpack(x))
  end)
  return table.unpack(tape:gradient(y, x))
end

local function scaled(k)
  return custom(function(x)
    return x, function(dy) return k * dy end
  end)
end

describe("custom_gradient", function()
  it("gives the value of the function, and its gradient"
    .. " [G62, G66, G68]", function()
    near(2, derivatives(scaled(2), C(1.0)))
    near(4, derivatives(custom(function(x)
      return x * x, function(dy) return 4 * dy end
    end), C(1.0)))
    local f = scaled(3)
    near(9, derivatives(function(x) return f(f(x)) end, C(1.0)))
    near({ 1, 2 }, f(C { 1.0, 2.0 }))
  end)

  it("gives a gradient to each argument [G69]", function()
    local swapped = custom(function(x, y)
      return x * y, function(dz) return dz * x, dz * y end
    end)
    local dx, dy = derivatives(swapped, C(3.0), C(5.0))
    near(3, dx)
    near(5, dy)
  end)

  it("takes the gradients as a list too", function()
    local f = custom(function(x, y)
      return x * y, function(dz) return { dz * y, dz * x } end
    end)
    local dx, dy = derivatives(f, C(3.0), C(5.0))
    near(5, dx)
    near(3, dy)
  end)

  it("learns with a gradient of its own [G64]", function()
    local mul = custom(function(x, y)
      return x * y, function(d) return d * y, d * x end
    end)
    local x, losses = V(2.0), {}
    for i = 1, 5 do
      local tape <close> = nd.GradientTape()
      local loss = mul(2.0, x)
      losses[i] = loss:item()
      x:assign_sub(0.25 * tape:gradient(loss, x))
    end
    assert.same({ 4, 3, 2, 1, 0 }, losses)
  end)

  it("is stable where the formula is not", function()
    local log1pexp = custom(function(x)
      local e = nd.exp(x)
      return nd.log(1 + e), function(dy) return dy * (1 - 1 / (1 + e)) end
    end)
    near(1, derivatives(log1pexp, C(100.0)))
    near(0.5, derivatives(log1pexp, C(0.0)))
  end)

  it("gives several values, each with its gradient", function()
    local both = custom(function(x, y)
      return { sum = x + y, product = x * y }, function(dp, ds)
        return dp * y + ds, dp * x + ds
      end
    end)
    local x, y = C(3.0), C(5.0)
    local tape, z = recorded({ persistent = true }, function(tape)
      tape:watch { x, y }
      return both(x, y)
    end)
    near({ 1, 1 }, tape:gradient(z.sum, { x, y }))
    near({ 5, 3 }, tape:gradient(z.product, { x, y }))
    near({ 6, 4 }, tape:gradient(z, { x, y }))
  end)

  it("takes tables of tensors, and other things beside them [S50]", function()
    local seen
    local f = custom(function(p, scale, name)
      seen = name
      return scale * p.w * p.l[1], function(dy)
        return { w = scale * p.l[1] * dy, l = { scale * p.w * dy } }, nil, nil
      end
    end)
    local w, b = C(3.0), C(5.0)
    local tape, y = recorded(nil, function(tape)
      tape:watch { w, b }
      return f({ w = w, l = { b } }, 2, "name")
    end)
    near(30, y)
    near({ 10, 6 }, tape:gradient(y, { w, b }))
    assert.equal("name", seen)
  end)

  it("passes the variables that were read, and takes theirs"
    .. " [G71, S47]", function()
    local v, fixed = V(3.0), V(2.0, { trainable = false })
    local got
    local f = custom(function(x)
      return x * v * v * fixed, function(dy, variables)
        got = variables
        return 10 * dy, { 20 * dy }
      end
    end)
    local x = C(1.0)
    local tape, y = recorded(nil, function(tape)
      tape:watch(x)
      return f(x)
    end)
    near({ 10, 20 }, tape:gradient(y, { x, v }))
    assert.equal(1, #got)
    assert.equal(v, got[1])
  end)

  it("takes the gradients of variables without any arguments", function()
    local v, w = V(3.0), V(4.0)
    local tape, y = recorded(nil, function()
      return custom(function()
        return v * w, function(dy) return { 10 * dy, 20 * dy } end
      end)()
    end)
    near({ 10, 20 }, tape:gradient(y, { v, w }))
  end)

  it("takes the gradients of many variables", function()
    local variables, want = {}, {}
    for i = 1, 300 do
      variables[i], want[i] = V(1.0), i
    end
    local tape, y = recorded(nil, function()
      return custom(function()
        local sum = nd.reduce_sum(nd.stack(variables))
        return sum, function() return want end
      end)()
    end)
    near(want, tape:gradient(y, variables))
  end)

  it("passes variables that its function has dropped", function()
    local f = custom(function(x)
      local y
      do
        local v = V(3.0)
        y = x * v
      end
      collectgarbage()
      collectgarbage()
      return y, function(dy, variables)
        return dy * variables[1], { dy }
      end
    end)
    near(3, derivatives(f, C(2.0)))
  end)

  it("treats a variable that is an argument as an argument [G65]", function()
    local v = V(3.0)
    local tape, y = recorded(nil, function()
      return custom(function(x)
        return x * x, function(dy) return 2 * dy * x + 1 end
      end)(v)
    end)
    near(7, tape:gradient(y, v))
  end)

  it("passes zeros for values that nothing depends on", function()
    local f = custom(function(x)
      return { x, 2 * x }, function(a, b)
        near({ 0, 0 }, b)
        return a
      end
    end)
    near({ 1, 1 }, derivatives(function(x) return f(x)[1] end, C { 1.0, 2.0 }))
  end)

  it("is not recorded by tapes outside", function()
    local x = C(3.0)
    local outer, y = recorded(nil, function(tape)
      tape:watch(x)
      return custom(function(t)
        local inner <close> = nd.GradientTape()
        inner:watch(t)
        local g = inner:gradient(t * t, t)
        return g, function(dy) return 100 * dy end
      end)(x)
    end)
    near(6, y)
    near(100, outer:gradient(y, x))
  end)

  it("has second derivatives, its own if it is nested [S49]", function()
    local f = custom(function(x)
      return x * x, function(dy)
        return custom(function(t)
          return 2 * t * dy, function(d) return 7 * d end
        end)(x)
      end
    end)
    local x = C(3.0)
    local outer, g = recorded(nil, function(outer)
      outer:watch(x)
      local inner, y = recorded(nil, function(inner)
        inner:watch(x)
        return f(x)
      end)
      return inner:gradient(y, x)
    end)
    near(6, g)
    near(7, outer:gradient(g, x))
  end)

  it("carries tangents by the same function", function()
    local x = C { 1.0, 2.0 }
    local f = custom(function(t)
      return t * t, function(dy) return 10 * t * dy end
    end)
    local acc = nd.autodiff.ForwardAccumulator(x, { 1, -1 })
    local y = assert(nd.load [[
      local acc, f, x = ... with acc do return f(x) end]])(acc, f, x)
    near({ 10, -20 }, acc:jvp(y))
  end)
end)

describe("its function", function()
  local x = C(3.0)

  -- A tape on which f's gradient calls `g`, and its target.
  local function with_gradient(g, options)
    return recorded(options, function(tape)
      tape:watch(x)
      return custom(function(t) return t * t, g end)(x)
    end)
  end

  it("may raise any value, which arrives unchanged [S48]", function()
    local value = { code = 7 }
    local tape, y = with_gradient(function() error(value) end)
    local ok, err = pcall(tape.gradient, tape, y, x)
    assert.is_false(ok)
    assert.equal(value, err)
    local again = select(2, pcall(tape.gradient, tape, y, x))
    assert.equal(value, again)
  end)

  it("keeps the line of an error in it", function()
    local tape, y = with_gradient(function(dy) return dy + C { 1, 2 } end)
    local ok, err = pcall(tape.gradient, tape, y, x)
    assert.is_false(ok)
    assert.matches("^tests/lua/custom_spec.lua:%d+: add: dtypes differ", err)
  end)

  it("cannot yield, and says so", function()
    local tape, y = with_gradient(function(dy)
      coroutine.yield(1)
      return dy
    end)
    local ok, err = coroutine.resume(coroutine.create(function()
      return tape:gradient(y, x)
    end))
    assert.is_false(ok)
    assert.matches("attempt to yield across a C%-call boundary", err)
    assert.near(3, x:item(), 0)
  end)

  it("cannot take the records of the tape away", function()
    for _, name in ipairs { "release", "gradient" } do
      local tape, y
      tape, y = with_gradient(function(dy)
        tape[name](tape, y, x)
        return dy
      end)
      local ok, err = pcall(tape.gradient, tape, y, x)
      assert.is_false(ok)
      assert.matches(name .. ": the tape is giving its gradient", err, 1, true)
    end
    local tape, y
    tape, y = with_gradient(function(dy)
      tape:release()
      return dy
    end, { persistent = true })
    assert.is_false(pcall(tape.gradient, tape, y, x))
  end)

  it("may ask a persistent tape again", function()
    local tape, z
    tape = recorded({ persistent = true }, function(t)
      t:watch(x)
      z = 5 * x
    end)
    local f = custom(function(t)
      return t * t, function(dy) return dy * tape:gradient(z, x) end
    end)
    near(5, derivatives(f, x))
    local own, y
    own, y = recorded({ persistent = true }, function(t)
      t:watch(x)
      z = 5 * x
      return custom(function(u)
        return u * u, function(dy) return dy * own:gradient(z, x) end
      end)(x)
    end)
    tape = own
    near(5, own:gradient(y, x))
  end)

  it("may assign to the source", function()
    local v = V { 1.0, 2.0 }
    local tape, y = recorded(nil, function()
      return custom(function(t)
        return 1 * t, function(dy)
          v:assign { 7, 8 }
          collectgarbage()
          return 3 * dy
        end
      end)(v)
    end)
    near({ 3, 3 }, tape:gradient(y, v, nil, "zero"))
  end)

  it("cannot change the tables of the call", function()
    local function cycle(list) list[2] = list end
    for _, change in ipairs { { 1 }, { 2, 7 }, { 2, "x" }, { 3, x } } do
      local sources = { x, { x } }
      local function put() sources[change[1]] = change[2] end
      local tape, y = with_gradient(function(dy) put() return dy end)
      refuses("gradient: a table changed during the call", function()
        tape:gradient(y, sources)
      end)
    end
    local sources = { x, { x } }
    local tape, y = with_gradient(function(dy) cycle(sources) return dy end)
    refuses("gradient: a table changed during the call", function()
      tape:gradient(y, sources)
    end)
    local values
    local acc <close> = nd.autodiff.ForwardAccumulator(x, 1)
    assert(nd.load [[
      local acc, refuses, f, x = ... with acc do refuses(
        "custom_gradient: a table changed during the call", f, x) end]])(
      acc, refuses, custom(function(t)
        values = { t, { t } }
        return values, function(dy) cycle(values) return dy end
      end), x)
  end)

  it("is collected with the tape that it captures", function()
    local weak = setmetatable({}, { __mode = "v" })
    for i = 1, 3 do
      local tape = nd.GradientTape { persistent = i > 1 }
      tape:watch(x)
      custom(function(t) return t, function(dy) return dy, tape end end)(x)
      weak[i] = tape
      if i == 3 then
        tape:gradient(x, x)
      end
    end
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(weak))
  end)

  it("goes when the tape lets go of its records", function()
    local weak = setmetatable({}, { __mode = "v" })
    local function record(options)
      local g = function(dy) return dy * x end
      weak[#weak + 1] = g
      return with_gradient(g, options)
    end
    local tape, y = record()
    tape:gradient(y, x)
    local released = record { persistent = true }
    released:release()
    local held = record { persistent = true }
    collectgarbage()
    collectgarbage()
    assert.is_nil(weak[1])
    assert.is_nil(weak[2])
    assert.is_truthy(weak[3])
    held:release()
  end)

  it("lets go of what its tape holds when the tape is collected", function()
    local before = nd.memory()
    do
      local tape, big = nd.GradientTape(), nd.ones { 100000 }
      tape:watch(big)
      scaled(2)(nd.square(big))
    end
    collectgarbage()
    collectgarbage()
    assert.equal(before, (nd.memory()))
  end)

  it("is not held by tapes that record nothing of it", function()
    local outer <close> = nd.GradientTape { persistent = true }
    outer:watch(C(1.0))
    local weak = setmetatable({}, { __mode = "v" })
    do
      local g = function(dy) return dy, x end
      weak[1] = g
      custom(function(t) return t * t, g end)(x)
    end
    collectgarbage()
    collectgarbage()
    assert.is_nil(weak[1])
  end)

  it("is held where it calls another while tangents are carried", function()
    local sin, cos
    sin = custom(function(t)
      return nd.sin(t), function(dy) return dy * cos(t) end
    end)
    cos = custom(function(t)
      return nd.cos(t), function(dy) return -dy * sin(t) end
    end)
    local acc = nd.autodiff.ForwardAccumulator(x, 1)
    local tape, y = recorded(nil, function(tape)
      tape:watch(x)
      return assert(nd.load [[
        local acc, f, x = ... with acc do return f(x) end]])(acc, sin, x)
    end)
    collectgarbage()
    collectgarbage()
    near(math.cos(3), tape:gradient(y, x))
  end)

  it("is held for a tape that waits for its finalizer", function()
    local seen
    nd.GradientTape():watch(x)
    setmetatable({}, { __gc = function() seen = scaled(3)(x) end })
    collectgarbage()
    near(3, seen)
  end)

  it("is held for a tape whose pause ends while tangents are carried",
    function()
      local tape, pause
      local f = custom(function(t)
        return t * t, function(dy)
          coroutine.resume(pause)
          return 10 * dy
        end
      end)
      local y = assert(nd.load [[
        local acc, call = ... with acc do return call() end]])(
        nd.autodiff.ForwardAccumulator(x, 1), function()
          tape = nd.GradientTape()
          tape:watch(x)
          pause = coroutine.create(function()
            local _ <close> = tape:stop_recording()
            coroutine.yield()
          end)
          coroutine.resume(pause)
          return f(x)
        end)
      collectgarbage()
      collectgarbage()
      near(10, tape:gradient(y, x))
    end)

  it("is held for a tape that ends while tangents are carried", function()
    local tape, others, block = nil, {}, nil
    local f = custom(function(t)
      return t * t, function(dy)
        coroutine.resume(block)
        for i = 1, 20 do
          others[i] = nd.GradientTape()
        end
        return 10 * dy
      end
    end)
    block = coroutine.create(function()
      local own <close> = nd.GradientTape()
      own:watch(x)
      tape = own
      coroutine.yield()
    end)
    coroutine.resume(block)
    local y = assert(nd.load [[
      local acc, f, x = ... with acc do return f(x) end]])(
      nd.autodiff.ForwardAccumulator(x, 1), f, x)
    collectgarbage()
    collectgarbage()
    near(10, tape:gradient(y, x))
    assert.equal(20, #others)
  end)

  it("is held whatever finalizers do to tapes", function()
    local tapes, seed = {}, 0  -- from 7 on those that are only kept
    local function any(n)
      seed = (seed * 1103515245 + 12345) % 2147483648
      return (seed >> 16) % n
    end
    local function change(k)
      local tape, way = tapes[k], any(5)
      if way == 0 or tape == nil then
        tapes[k] = nd.GradientTape { persistent = any(2) == 0 }
        tapes[k]:watch(x)
      elseif way == 1 then
        pcall(tape.release, tape)
      elseif way == 2 then
        pcall(tape.reset, tape)
      elseif way == 3 then
        tapes[7 + any(3)], tapes[k] = tape, nil
      end
    end
    local going = true
    local function arm(k)
      setmetatable({}, { __gc = function()
        if going then
          change(k)
          arm(k)
        end
      end })
    end
    for k = 1, 6 do
      arm(k)
    end
    collectgarbage("incremental", 10, 1000, 1)
    local f = scaled(3)
    for _ = 1, 300 do
      local y = f(f(x))
      for k = 1, 6 do
        local tape = tapes[k]
        if tape then
          local ok, err = pcall(tape.gradient, tape, y, x)
          assert(ok or not err:find("is gone", 1, true), err)
        end
      end
    end
    going = false
    collectgarbage "generational"
  end)

  it("is gone for a finalizer that has the tape", function()
    local message
    do
      local tape, y = with_gradient(function(dy) return dy * x end)
      setmetatable({}, { __gc = function()
        message = select(2, pcall(tape.gradient, tape, y, x))
      end })
    end
    collectgarbage()
    collectgarbage()
    assert.matches("custom_gradient: the function is gone with the tape that "
      .. "kept it", message, 1, true)
  end)

  it("works on many tapes at once", function()
    local tapes = {}
    for i = 1, 40 do
      tapes[i] = nd.GradientTape { persistent = true }
      tapes[i]:watch(x)
    end
    local y = scaled(3)(x)
    collectgarbage()
    for i = 1, 40 do
      near(3, tapes[i]:gradient(y, x))
    end
    for i = 1, 40 do
      tapes[i]:release()
    end
  end)
end)

describe("custom_gradient refuses", function()
  local x = C { 1.0, 2.0 }

  local function gradient_of(g)
    return function()
      derivatives(custom(function(t) return t, g end), x)
    end
  end

  it("what is no function", function()
    refuses("custom_gradient: f must be a function, got 1", custom, 1)
    refuses("custom_gradient: f is missing: it must be a function", custom)
  end)

  it("functions that do not return a value and a function", function()
    local message = "custom_gradient: the function must return a value, or a "
      .. "list of them, and then the function that gives the gradients"
    refuses(message, custom(function(t) return t end), x)
    refuses(message, custom(function() end), x)
    refuses(message, custom(function(t) return t, t end), x)
    refuses(message, custom(function(t) return t, t, print end), x)
  end)

  it("another number of gradients [S46, G63]", function()
    refuses("custom_gradient: 0 gradients for 1 arguments",
      gradient_of(function() end))
    refuses("custom_gradient: 2 gradients for 1 arguments",
      gradient_of(function(dy) return dy, dy end))
    refuses("custom_gradient: 0 gradients for 1 arguments",
      gradient_of(function() return {} end))
  end)

  it("gradients that do not fit", function()
    refuses("custom_gradient: gradient 1 is float32 [], its input is float32 "
      .. "[2]", gradient_of(function() return C(1.0) end))
    refuses("custom_gradient: a gradient must be a tensor, got function",
      gradient_of(function() return print end))
  end)

  it("to drop the gradients of variables [G72]", function()
    local v = V(3.0)
    refuses("custom_gradient: 0 gradients of variables for the 1 that were "
      .. "read; the function gets them as its last argument, and returns a "
      .. "list of their gradients last",
      function()
        derivatives(custom(function(t)
          return t * v, function(dy) return dy end
        end), x)
      end)
  end)
end)
