--- Memory that goes when the script says so: x:release(), nd.scope, nd.keep.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local carried, recorded = support.carried, support.recorded
local refuses = support.refuses

assert(_VERSION == "Lua 5.4")

local C, V = nd.constant, nd.Variable
local BYTES = 4000 -- of the values of `large`

local function large()
  return nd.ones { 1000 }
end

-- Bytes that f leaves behind, without any collection.
local function left_by(f, ...)
  collectgarbage()
  collectgarbage()
  collectgarbage "stop"
  local before = nd.memory()
  f(...)
  local after = nd.memory()
  collectgarbage "restart"
  return after - before
end

local function released()
  local x = C { 1., 2., 3. }
  x:release()
  return x
end

describe("release", function()
  it("gives the values back at once", function()
    assert.is_true(left_by(large) >= BYTES)
    assert.equal(0, left_by(function() large():release() end))
  end)

  it("ends the handle, not what else holds the values", function()
    local x = C { 1., 2., 3. }
    local view, v = x[{ { 2, 3 } }], V(x)
    x:release()
    assert.same({ 2., 3. }, view:totable())
    assert.same({ 1., 2., 3. }, v:read_value():totable())
  end)

  it("leaves tapes what they recorded", function()
    local x, w = C { 1., 2., 3. }, V { 1., 1., 1. }
    local tape, y = recorded(nil, function()
      local y = nd.reduce_sum(w * x)
      x:release()
      return y
    end)
    assert.same({ 1., 2., 3. }, tape:gradient(y, w):totable())
  end)

  it("may come twice, and for a scalar", function()
    local x, y = C { 1., 2. }, C(2.)
    for _ = 1, 2 do
      x:release()
      y:release()
    end
    refuses("square: x must be a tensor, got released Tensor", nd.square, y)
  end)

  it("is of a tensor", function()
    refuses("release: self is missing: it must be a tensor", C(1.).release, nil)
    refuses("release: self must be a tensor, got Variable", C(1.).release,
      V(1.))
    refuses("Variable: no such name: 'release'; did you mean 'reverse'?",
      function()
      V(1.):release()
    end)
  end)

  it("makes a handle that nd.is_tensor does not know", function()
    assert.is_false(nd.is_tensor(released()))
  end)
end)

describe("a released handle", function()
  local function all_refuse(cases)
    for message, f in pairs(cases) do -- any order
      refuses(message, f, released())
    end
  end

  local got = ", got released Tensor"
  local of_self = "self must be a tensor" .. got
  local nested = " must be a tensor, a Variable or a table" .. got

  it("is no argument of an op", function()
    all_refuse {
      ["square: x must be a tensor" .. got] = nd.square,
      ["add: a must be a tensor" .. got] = function(x) return x + 1 end,
      ["add: b must be a tensor" .. got] = function(x) return 1 + x end,
      ["negative: x must be a tensor" .. got] = function(x) return -x end,
      ["sqrt: x must be a tensor" .. got] = function(x) return x:sqrt() end,
      ["reduce_sum: x must be a tensor" .. got] = function(x)
        return nd.reduce_sum(x, { axis = 1 })
      end,
      ["concat: values must be a tensor" .. got] = function(x)
        return nd.concat { C { 1. }, x }
      end,
      ["split: x must be a tensor" .. got] = function(x)
        return nd.split(x, 3)
      end,
      ["slice: x must be a tensor" .. got] = function(x) return x[1] end,
      ["constant: value must be a tensor" .. got] = C,
      ["Variable: value must be a tensor" .. got] = V,
      ["shuffle: x must be a tensor" .. got] = nd.random.shuffle,
    }
  end)

  it("has no values, fields or text", function()
    all_refuse {
      ["item: " .. of_self] = function(x) return x:item() end,
      ["totable: " .. of_self] = function(x) return x:totable() end,
      ["#: " .. of_self] = function(x) return #x end,
      ["tostring: " .. of_self] = tostring,
      ["index: " .. of_self] = function(x) return x.shape end,
      ["..: a tensor and a released Tensor value do not join"] = function(x)
        return x .. ""
      end,
      ["==: gives one boolean in Lua; use nd.equal, or rawequal to ask for the "
        .. "same object"] = function(x) return x == C(1.) end,
    }
    refuses("tostring: " .. of_self, print, released())
  end)

  it("is neither watched, assigned nor differentiated", function()
    local v, sgd = V { 1., 2., 3. }, nd.optimizers.SGD()
    local tape <close> = nd.GradientTape { persistent = true }
    local y = v * v
    all_refuse {
      ["watch: value" .. nested] = function(x) tape:watch(x) end,
      ["assign: value must be a tensor" .. got] = function(x) v:assign(x) end,
      ["gradient: target" .. nested] = function(x) tape:gradient(x, v) end,
      ["gradient: sources" .. nested] = function(x)
        tape:gradient(y, { v, x })
      end,
      ["gradient: output_gradients must be a tensor" .. got] = function(x)
        tape:gradient(y, v, x)
      end,
      ["apply_gradients: a gradient must be a tensor or false" .. got] =
        function(x) sgd:apply_gradients({ x }, { v }) end,
      ["ForwardAccumulator: tangents must be a tensor" .. got] = function(x)
        nd.autodiff.ForwardAccumulator(y, x)
      end,
    }
  end)

  it("ends an iteration that releases what it goes over", function()
    local x = C { 1., 2. }
    refuses("slice: x must be a tensor" .. got, function()
      for _ in ipairs(x) do
        x:release()
      end
    end)
  end)
end)

describe("a tensor that is released during a call", function()
  it("may be a target, a source or a gradient, in grad_fn", function()
    local x, y = C { 1., 2. }
    local f = nd.custom_gradient(function(a)
      return a * 2, function(g)
        x:release()
        y:release()
        local result = g * 2
        g:release()
        return result
      end
    end)
    local tape
    tape, y = recorded(nil, function(t)
      t:watch(x)
      return f(x)
    end)
    assert.same({ 2., 2. }, tape:gradient(y, x):totable())
    refuses("square: x must be a tensor, got released Tensor", nd.square, x)
  end)

  it("is missed where custom_gradient's function releases its argument",
    function()
      local f = nd.custom_gradient(function(x)
        x:release()
        return C { 2., 4. }, function(g) return g end
      end)
      refuses("custom_gradient: a tensor was released during the call", f,
        C { 1., 2. })
    end)

  it("may be a value that forward mode carries on", function()
    local value
    local f = nd.custom_gradient(function(x)
      value = x * 2
      return value, function(g)
        value:release()
        return g * 2
      end
    end)
    local x = C { 1., 2. }
    local a, y = carried(x, C { 1., 1. }, f, x)
    assert.same({ 2., 2. }, a:jvp(y):totable())
    assert.same({ 2., 4. }, y:totable())
  end)
end)

describe("scope", function()
  it("returns what the function returns and ends the rest", function()
    local other
    local a, n, b, nothing = nd.scope(function()
      local x = large()
      other = x + 1
      return x * 2, 7, other.shape, nil
    end)
    assert.equal(2., a[1]:item())
    assert.equal(7, n)
    assert.same({ 1000 }, { table.unpack(b) })
    assert.is_nil(nothing)
    refuses("square: x must be a tensor, got Tensor of an ended scope",
      nd.square, other)
    other:release()
  end)

  it("leaves nothing to the collector", function()
    assert.equal(0, left_by(nd.scope, function()
      local x = large()
      for _ = 1, 10 do
        x = nd.exp(-x)
      end
    end))
    local bytes = left_by(function()
      _G.kept = nd.scope(function() return large() * 2 + large() end)
    end)
    assert.is_true(bytes >= BYTES and bytes < 2 * BYTES)
    _G.kept = nil
  end)

  it("ends scalars too", function()
    local x
    nd.scope(function() x = C(1.) end)
    refuses("item: self must be a tensor, got Tensor of an ended scope",
      x.item, x)
  end)

  it("keeps what is in returned tables, however deep, and in cycles", function()
    local lost
    local t = nd.scope(function()
      local t = { C { 1. }, list = { {}, { w = C { 2. } } } }
      t.list.self, t.list.again = t, t[1]
      t.object = setmetatable({ x = C { 3. } }, { __index = error })
      lost = C { 4. }
      t.f = function() return lost end
      return t
    end)
    assert.same({ 1. }, t[1]:totable())
    assert.same({ 1. }, t.list.again:totable())
    assert.same({ 2. }, t.list[2].w:totable())
    assert.same({ 3. }, t.object.x:totable())
    assert.is_false(nd.is_tensor(t.f()))
  end)

  it("ends nothing that was there before", function()
    local x, t = C { 1. }, { C { 2. } }
    assert.equal(x, nd.scope(function() return x, t end))
    assert.same({ 1., 2. }, nd.concat({ x, t[1] }, 1):totable())
  end)

  it("leaves Variables, and what optimizers keep", function()
    local v, adam = nd.scope(function()
      local v, adam = V { 1., 2. }, nd.optimizers.Adam()
      adam:apply_gradients({ C { 1., 1. } }, { v })
      v:assign_add(C { 1., 1. })
      return v, adam
    end)
    nd.scope(function() adam:apply_gradients({ C { 1., 1. } }, { v }) end)
    assert.equal(2, adam.iterations)
    assert.equal(2, #v:totable())
  end)

  it("gives what it returns to the scope around it", function()
    local inner, outer
    nd.scope(function()
      inner = nd.scope(function() return C { 1. } end)
      assert.same({ 1. }, inner:totable())
      outer = C { 2. }
      nd.scope(function() outer = outer * 2 end)
      refuses("square: x must be a tensor, got Tensor of an ended scope",
        nd.square, outer)
    end)
    refuses("square: x must be a tensor, got Tensor of an ended scope",
      nd.square, inner)
  end)

  it("ends when an error leaves it", function()
    local x
    local ok, problem = pcall(nd.scope, function()
      x = C { 1. }
      error { x }
    end)
    assert.is_false(ok)
    assert.equal(x, problem[1])
    assert.is_false(nd.is_tensor(x))
    assert.is_true(nd.is_tensor(C { 1. }))
  end)

  it("lets tapes record across it and drops those made in it", function()
    local w, x = V { 1., 2. }, C { 3., 4. }
    local tape, y = recorded(nil, function()
      return nd.scope(function() return nd.reduce_sum(nd.exp(w * 0.) * x) end)
    end)
    assert.same({ 0., 0. }, tape:gradient(y, w):totable())
    local bytes = left_by(nd.scope, function()
      local v = V(0.)
      recorded({ persistent = true }, function() return v * large() end)
    end)
    assert.equal(0, bytes)
    local inside
    local function double() return w * 2 end
    nd.scope(function() inside, y = recorded(nil, double) end)
    refuses("gradient: the tape was released", inside.gradient, inside, w, w)
    inside, y = nd.scope(function() return recorded(nil, double) end)
    assert.same({ 2., 2. }, inside:gradient(y, w):totable())
  end)

  it("has a form for `with`, which keeps what nd.keep is given", function()
    local f = assert(nd.load([[
      local nd, large = ...
      local a, b
      with nd.scope() do
        a = large()
        b = nd.keep(a * 2)
      end
      return a, b
    ]], "=spec"))
    local a, b = f(nd, large)
    assert.is_false(nd.is_tensor(a))
    assert.equal(2., b[1]:item())
  end)

  it("takes a function, or nothing", function()
    refuses("scope: f must be a function, got 1", nd.scope, 1)
    refuses("scope: f must be a function, got Tensor", nd.scope, C(1.))
  end)

  it("goes when it is never left, and then ends nothing", function()
    local x
    local co = coroutine.create(function()
      local _ <close> = nd.scope()
      x = C { 1. }
      coroutine.yield()
    end)
    coroutine.resume(co)
    co = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert.same({ 1. }, x:totable())
  end)

  it("stays flat while it is open, as garbage goes", function()
    local most = nd.scope(function()
      local x, most = large(), 0
      for _ = 1, 20000 do
        x = x * 1
        most = math.max(most, (nd.memory()))
      end
      return most
    end)
    assert.is_true(most < 8 << 20)
  end)
end)

describe("scopes and coroutines", function()
  it("take what a coroutine makes while the scope waits for it", function()
    local x
    nd.scope(function()
      coroutine.wrap(function() x = C { 1. } end)()
      assert.same({ 1. }, x:totable())
    end)
    assert.is_false(nd.is_tensor(x))
  end)

  it("take nothing from others while their coroutine is suspended", function()
    local inside
    local co = coroutine.wrap(function()
      return nd.scope(function()
        inside = C { 1. }
        coroutine.yield()
        return inside * 2
      end)
    end)
    co()
    local outside = C { 3. }
    local nested = coroutine.wrap(function() return C { 4. } end)()
    assert.same({ 1. }, inside:totable())
    assert.same({ 2. }, co():totable())
    assert.is_false(nd.is_tensor(inside))
    assert.same({ 3. }, outside:totable())
    assert.same({ 4. }, nested:totable())
  end)

  it("end in any order", function()
    local x, y
    local co = coroutine.wrap(function()
      local _ <close> = nd.scope()
      x = C { 1. }
      coroutine.yield()
    end)
    local _ <close> = nd.scope()
    co()
    nd.scope(function()
      y = C { 2. }
      co()
      assert.is_false(nd.is_tensor(x))
      assert.is_true(nd.is_tensor(y))
    end)
    assert.is_false(nd.is_tensor(y))
  end)

  it("end when their coroutine is closed", function()
    local x
    local co = coroutine.create(function()
      nd.scope(function()
        x = C { 1. }
        coroutine.yield()
      end)
    end)
    coroutine.resume(co)
    coroutine.close(co)
    assert.is_false(nd.is_tensor(x))
  end)
end)

describe("keep", function()
  it("returns what it is given, of any kind", function()
    local x, t = C { 1. }, {}
    local a, b, c, d = nd.keep(x, t, nil, 3)
    assert.equal(x, a)
    assert.equal(t, b)
    assert.is_nil(c)
    assert.equal(3, d)
    assert.equal(0, select("#", nd.keep()))
  end)

  it("takes tensors, also in tables, out of every scope", function()
    local x, t
    nd.scope(function()
      nd.scope(function()
        x, t = nd.keep(C { 1. }, { a = { C { 2. } } })
      end)
    end)
    assert.same({ 1. }, x:totable())
    assert.same({ 2. }, t.a[1]:totable())
  end)
end)
