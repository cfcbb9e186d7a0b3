--- Gradients with known values: what reaches a source, by which paths, and what
-- does not. How a tape is entered, left and used is in tape_spec.lua.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local plain, near, recorded = support.plain, support.near, support.recorded

assert(_VERSION == "Lua 5.4")

local V, C = nd.Variable, nd.constant

-- d f(...) / d ..., all arguments watched.
local function gradients(f, ...)
  local arguments = { ... }
  local tape, y = recorded(nil, function(tape)
    tape:watch(arguments)
    return f(table.unpack(arguments))
  end)
  return tape:gradient(y, arguments)
end

describe("a gradient", function()
  it("of a square is twice the variable [G1]", function()
    local x = V(3.0)
    local tape, y = recorded(nil, function() return nd.square(x) end)
    near(9, y)
    near(6, tape:gradient(y, x))
  end)

  it("of a sum of squares reaches weights and bias [G2]", function()
    local x, y = C { { 1.0, 2 }, { 3, 4 } }, C { { 1.0 }, { 2 } }
    local w, b = V { { 1.0 }, { 2 } }, V(1.0)
    local tape, loss = recorded(nil, function()
      return nd.reduce_sum(nd.square(nd.matmul(x, w) + b - y))
    end)
    near(125, loss)
    near({ { { 70 }, { 100 } }, 30 }, tape:gradient(loss, { w, b }))
  end)

  it("is summed back over broadcast axes [G107]", function()
    local x = V(2.0)
    local tape, y = recorded(nil, function() return x * { 3.0, 4.0 } end)
    near(7, tape:gradient(y, x))
  end)

  it("of a target with many elements is that of their sum [G118]", function()
    near({ { -2, 0, 2 } }, gradients(function(x) return x ^ 2 end,
      C { -1.0, 0, 1 }))
  end)

  it("belongs to its target on a persistent tape [G34]", function()
    local x = C { 1.0, 3.0 }
    local tape, z, y = recorded({ persistent = true }, function(tape)
      tape:watch(x)
      local y = x * x
      return y * y, y
    end)
    near({ 4, 108 }, tape:gradient(z, x))
    near({ 2, 6 }, tape:gradient(y, x))
  end)

  it("of a gradient may be asked of its seed", function()
    local x, u = C { 3.0, 1 }, C { 1.0, 1 }
    local outer, g = recorded(nil, function(outer)
      outer:watch(u)
      local inner, y = recorded(nil, function(inner)
        inner:watch(x)
        return x * x * x
      end)
      return inner:gradient(y, x, u)
    end)
    near({ 27, 3 }, g)
    near({ 27, 3 }, outer:gradient(g, u))
  end)

  it("adds up along several paths [G56]", function()
    local x = V { 1.0 }
    local tape, y = recorded(nil, function()
      local a = x + 1
      return nd.reduce_mean(nd.stack { a, a })
    end)
    near({ 1 }, tape:gradient(y, x))
  end)

  it("passes through variables read by value [G11]", function()
    local v = V(1.0)
    local tape, y = recorded(nil, function() return v:read_value() end)
    near(1, tape:gradient(y, v))
  end)

  it("follows only the branch that was taken [G109, S54]", function()
    local x, v0, v1 = C(1.0), V(2.0), V(2.0)
    local tape, y = recorded({ persistent = true }, function(tape)
      tape:watch(x)
      return x:item() > 0 and v0:read_value() or v1 ^ 2
    end)
    near({ 1, false }, tape:gradient(y, { v0, v1 }))
    assert.is_nil(tape:gradient(y, x))
  end)

  it("follows a loop [G117]", function()
    local x = C(2.0)
    local tape, y = recorded(nil, function(tape)
      tape:watch(x)
      local y, i = x, 1
      while i < 3 do
        y = y * 2
        i = i + 1
      end
      return y
    end)
    near(8, y)
    near(4, tape:gradient(y, x))
  end)

  it("chooses by where [G16]", function()
    local function g(x)
      return nd.where(nd.less(x, 10.0), x, x * x)
    end
    near({ 1 }, gradients(g, C(5.0)))
    near({ 100 }, gradients(g, C(50.0)))
  end)

  it("goes to the winner when Lua compares variables [G17, S32]", function()
    local list = { V(2.0), V(3.0), V(5.0) }
    local tape, y = recorded(nil, function()
      local best = list[1]
      for _, v in ipairs(list) do
        best = v:item() > best:item() and v or best
      end
      return best * 1
    end)
    near({ false, false, 1 }, tape:gradient(y, list))
  end)

  it("has the source's dtype [S62]", function()
    local v = V(1.5)
    local tape, y = recorded(nil, function()
      return nd.square(nd.cast(v, "float64"))
    end)
    assert.equal("float64", y.dtype)
    local g = tape:gradient(y, v)
    assert.equal("float32", g.dtype)
    near(3, g)
  end)
end)

describe("a source", function()
  it("that is the target has the gradient one [G3]", function()
    local x = C(3.0)
    local tape = recorded(nil, function(tape) tape:watch(x) end)
    near(1, tape:gradient(x, x))
  end)

  it("that is the target need not be watched [G10, S21]", function()
    local x = C { { 2.0, 2.0 }, { 2, 2 } }
    local tape = recorded({ persistent = true }, function() end)
    near({ { { 1, 1 }, { 1, 1 } } }, tape:gradient(x, { x }))
    near({ { { 2, 2 }, { 2, 2 } } }, tape:gradient({ x, x }, { x }))
  end)

  it("that is a variable and the target has the gradient one [G116]", function()
    local x = V(3.0)
    local tape = recorded(nil, function() end)
    near(1, tape:gradient(x, x))
  end)

  it("passes through identity [G4]", function()
    near({ 1 }, gradients(nd.identity, C(3.0)))
  end)

  it("may be among the targets [G5]", function()
    local x = C(2.0)
    local tape, y = recorded(nil, function(tape)
      tape:watch(x)
      return x * x
    end)
    near(5, tape:gradient({ x, y }, x))
  end)

  it("counts once for each time it is a target [G6]", function()
    local x = C(3.0)
    local tape = recorded(nil, function(tape) tape:watch(x) end)
    near(2, tape:gradient({ x, x }, x))
  end)

  it("gets what each of several targets brings [G7]", function()
    local x, y = C(3.0), C(5.0)
    local tape, z = recorded(nil, function(tape)
      tape:watch { x, y }
      return y * y
    end)
    near({ 1, 11 }, tape:gradient({ x, y, z }, { x, y }))
  end)

  it("gets nothing from a target it does not reach [G12]", function()
    local x, y = C(3.0), C(2.0)
    local tape, a, b = recorded(nil, function(tape)
      tape:watch { x, y }
      return 2 * x, 3 * y
    end)
    near({ 2, 3 }, tape:gradient({ a, b }, { x, y }))
  end)

  it("may be named several times [G27]", function()
    local x, y = C(3.0), C(5.0)
    local tape, z = recorded({ persistent = true }, function(tape)
      tape:watch { x, y }
      return x * x + x * y
    end)
    near({ 11, 11 }, tape:gradient(z, { x, x }))
    near({ 3, 11 }, tape:gradient(z, { y, x }))
  end)

  it("may be an intermediate [S20, G37]", function()
    local x = C(3.0)
    local tape, y, z = recorded(nil, function(tape)
      tape:watch(x)
      local y = x * x
      return y, y * y
    end)
    near({ 108, 18 }, tape:gradient(z, { x, y }))
  end)

  it("used for both arguments gets both shares", function()
    for _, x in ipairs { C(1.0), C { { 1.0 } }, V(1.0) } do
      local tape, y = recorded(nil, function(tape)
        tape:watch(x)
        return x * x
      end)
      local g = tape:gradient(y, { x, x })
      near(2, g[1]:reshape({}))
      near(2, g[2]:reshape({}))
    end
  end)

  it("is distinct from another constant of the same value"
    .. " [S33, G46]", function()
    local x1, x2 = C(3.0), C(3.0)
    local tape, y = recorded(nil, function(tape)
      tape:watch(x1)
      return x1 + 2 * x2
    end)
    near({ 1 }, tape:gradient(y, { x1 }))
  end)

  it("may be a constant or a variable alike [G47]", function()
    for _, make in ipairs { C, V } do
      local a, b = make(2.0), make(2.0)
      local tape, y, z = recorded(nil, function(tape)
        tape:watch { a, b }
        return a ^ 3, b ^ 2
      end)
      near({ 12, 4 }, tape:gradient({ y, z }, { a, b }))
    end
  end)

  it("made by an op that changes nothing is a new tensor [S34, G48]", function()
    for _, first in ipairs { false, true } do
      local x = C(10.0)
      local tape, loss, xs = recorded(nil, function(tape)
        if first then
          tape:watch(x)
        end
        local xs = { nd.identity(x), x + 0, x - 0, x * 1 }
        tape:watch { x, xs }
        local loss = 2 * x
        for i = 1, 4 do
          loss = loss + 3 * xs[i]
        end
        return loss, xs
      end)
      table.insert(xs, 1, x)
      near({ first and 14 or 2, 3, 3, 3, 3 }, tape:gradient(loss, xs))
    end
  end)
end)

describe("the structure of sources", function()
  local x1, x2, x3 = C(1.0), C(2.0), C(3.0)
  local tape, y

  before_each(function()
    tape, y = recorded({ persistent = true }, function(tape_)
      tape_:watch { x1, x2, x3 }
      return x1 + 2 * x2 + 3 * x3
    end)
  end)

  it("is the structure of the gradients [G28]", function()
    near(1, tape:gradient(y, x1))
    near({ 1 }, tape:gradient(y, { x1 }))
    near({ 1, 2 }, tape:gradient(y, { x1, x2 }))
    near({ { 1, 2 }, { 2, 3 } }, tape:gradient(y, { { x1, x2 }, { x2, x3 } }))
    near({ 1, 2, { 1, 3 } }, tape:gradient(y, { x1, x2, { x1, x3 } }))
    near({ 1, { 2, 3 } }, tape:gradient(y, { x1, { x2, x3 } }))
  end)

  it("may have names [S19]", function()
    near({ one = 1, rest = { two = 2, three = 3 } },
      tape:gradient(y, { one = x1, rest = { two = x2, three = x3 } }))
  end)

  it("may be empty", function()
    assert.same({}, tape:gradient(y, {}))
  end)

  it("may hold a thousand sources", function()
    local many = {}
    for i = 1, 1000 do
      many[i] = i % 2 == 0 and x2 or x3
    end
    local got = tape:gradient(y, many)
    assert.equal(1000, #got)
    near(3, got[999])
    near(2, got[1000])
  end)
end)

describe("targets", function()
  it("may be a table with names [G108]", function()
    local x = V(2.0)
    local tape, y0, y1 = recorded(nil, function() return x ^ 2, 1 / x end)
    near(3.75, tape:gradient({ y0 = y0, y1 = y1 }, x))
  end)

  it("may be nested [S17, G52]", function()
    local x = C { 0.0, 1, 2 }
    local tape, a, b = recorded(nil, function(tape)
      tape:watch(x)
      return x + 2, x * x
    end)
    near({ 1, 3, 5 }, tape:gradient({ { a }, { { b } } }, x))
  end)

  it("may repeat what flows on [G53]", function()
    local x = C(1.0)
    local tape, y = recorded(nil, function(tape)
      tape:watch(x)
      return 2 * x
    end)
    near(3, tape:gradient({ x, y }, x))
  end)

  it("that are none give no gradient [G105]", function()
    local x = V(1.0)
    local tape = recorded({ persistent = true }, function() end)
    assert.is_nil(tape:gradient({}, x))
    near({ false }, tape:gradient({}, { x }))
  end)

  it("that use one another get the total derivative [G121]", function()
    local x = C(1.0)
    local tape, y, z = recorded(nil, function(tape)
      tape:watch(x)
      local y = 2 * x
      return y, x + y
    end)
    near({ 3, 1 }, tape:gradient(z, { x, y }))
  end)
end)

describe("output_gradients", function()
  local function product(x, y)
    return recorded({ persistent = true }, function(tape)
      tape:watch { x, y }
      return x * y, x + y
    end)
  end

  it("multiply what flows into a target [G14]", function()
    local x = C(1.0)
    local tape = recorded({ persistent = true }, function(t) t:watch(x) end)
    near(2, tape:gradient(x, x, 2.0))
    near(2, tape:gradient(x, x, { output_gradients = 2.0 }))
    near(2, tape:gradient(x, x, nd.constant(2.0)))
  end)

  it("are used when a target is also an input of another [G13]", function()
    local x, y = C(3.0), C(2.0)
    local tape, loss = product(x, y)
    near({ 4 }, tape:gradient({ loss, x }, { x }, { 1.0, 2.0 }))
  end)

  it("that are false or left out mean ones", function()
    local x, y = C(3.0), C(2.0)
    local tape, loss, sum = product(x, y)
    near(3, tape:gradient({ loss, sum }, x))
    near(7, tape:gradient({ loss, sum }, x, { false, 5.0 }))
  end)

  it("take the target's dtype when they are numbers", function()
    local x = C(3.0, { dtype = "float64" })
    local tape, y = product(x, x)
    local g = tape:gradient(y, x, 2)
    assert.equal("float64", g.dtype)
    near(12, g)
  end)

  it("have the structure of the targets", function()
    local x, y = C(3.0), C(2.0)
    local tape, loss, sum = product(x, y)
    near(9, tape:gradient({ { loss }, sum }, x, { { 2.0 }, 5.0 }))
    near(9, tape:gradient({ a = loss, b = sum }, x,
      { output_gradients = { a = 2.0, b = 5.0 } }))
  end)

  it("may be a thousand", function()
    local x = C(3.0)
    local tape, y = product(x, x)
    local targets, seeds = {}, {}
    for i = 1, 1000 do
      targets[i], seeds[i] = y, 2
    end
    near(12000, tape:gradient(targets, x, seeds))
  end)

  it("must fit the targets [S23]", function()
    local x, y = C { 3.0, 4 }, C { 2.0, 1 }
    local tape, loss, sum = product(x, y)
    local function refused(message, ...)
      local ok, err = pcall(tape.gradient, tape, ...)
      assert.is_false(ok)
      assert.equal(message, (err:gsub("^[^:]*:%d+: ", "")))
    end
    refused("gradient: output gradient 1 is float32 [], "
      .. "its target is float32 [2]", loss, x, 1.0)
    refused("gradient: output gradient 1 is int32 [2], "
      .. "its target is float32 [2]", loss, x, nd.constant { 1, 2 })
    refused("gradient: 1 output gradients for 2 targets", { loss, sum }, x,
      { loss })
    refused("gradient: 3 output gradients for 2 targets", { loss, sum }, x,
      { loss, loss, loss })
    refused("gradient: output_gradients must be a table like target, "
      .. "got Tensor", { loss, sum }, x, loss)
    refused("gradient: output_gradients lacks 'b'", { a = loss, b = sum }, x,
      { output_gradients = { a = loss, c = loss } })
    near({ 2, 1 }, tape:gradient(loss, x))
  end)
end)

describe("a missing gradient", function()
  it("is nil for one source and false in a table [G38]", function()
    local x, y = C(1.0), C(3.0)
    local tape, z = recorded({ persistent = true }, function(tape)
      tape:watch { x, y }
      return 2 * y
    end)
    assert.is_nil(tape:gradient(z, x))
    assert.same({ false }, plain(tape:gradient(z, { x })))
    near({ false, 2, { false } }, tape:gradient(z, { x, y, { x } }))
  end)

  it("is what variables without a common op have [G31]", function()
    local x, y = V { 3.0 }, V { 2.0 }
    local tape = recorded(nil, function() end)
    assert.is_nil(tape:gradient(x, y))
  end)

  it("is what integers have [S25, G15, G111]", function()
    for _, make in ipairs { C, V } do
      local x = make(10)
      local tape, y = recorded({ persistent = true }, function(tape)
        tape:watch(x)
        return x * x
      end)
      assert.is_nil(tape:gradient(y, x))
      assert.is_nil(tape:gradient(x, x))
      local zero = tape:gradient(y, x, { unconnected_gradients = "zero" })
      assert.equal("int32", zero.dtype)
      near(0, zero)
    end
  end)

  it("comes from stop_gradient [S28, G23]", function()
    local x, y = V(2.0), V(3.0)
    local tape, z = recorded(nil, function()
      return x ^ 2 + nd.stop_gradient(y ^ 2)
    end)
    near(13, z)
    near({ 4, false }, tape:gradient(z, { x, y }))
  end)

  it("comes from values that went through Lua [G110]", function()
    local x = V { 1.0, 2 }
    local tape, y = recorded(nil, function()
      return nd.reduce_mean((x ^ 2):totable())
    end)
    near(2.5, y)
    assert.is_nil(tape:gradient(y, x))
  end)

  it("is zeros when they are asked for [G39]", function()
    for _, x in ipairs { nd.ones { 2, 2 }, V(nd.ones { 2, 2 }) } do
      local tape, z = recorded(nil, function(tape)
        tape:watch(x)
        return C(3.0) * 2
      end)
      near({ { 0, 0 }, { 0, 0 } },
        tape:gradient(z, x, { unconnected_gradients = "zero" }))
    end
  end)

  it("is zero behind stop_gradient when that is asked for"
    .. " [S22, G41]", function()
    local x = C(1.0)
    local tape, y = recorded(nil, function(tape)
      tape:watch(x)
      local k = x + 2
      return nd.stop_gradient(k * k)
    end)
    near(0, tape:gradient(y, x, nil, "zero"))
  end)

  it("stays missing with the mode none", function()
    local x = V(1.0)
    local tape, y = recorded(nil, function() return C(1.0) * 1 end)
    assert.is_nil(tape:gradient(y, x, { unconnected_gradients = "none" }))
  end)
end)

describe("an assignment", function()
  it("is not differentiated [G78]", function()
    local v, x = V(1.0), C(2.0)
    local tape, loss = recorded(nil, function(tape)
      tape:watch(x)
      v:assign_add(x)
      return v * v
    end)
    near(9, loss)
    assert.is_nil(tape:gradient(loss, x))
  end)

  it("from another variable cuts its path [G112]", function()
    local x0, x1 = V(3.0), V(0.0)
    local tape, y = recorded(nil, function()
      x1:assign_add(x0)
      return x1 ^ 2
    end)
    near({ false, 6 }, tape:gradient(y, { x0, x1 }))
  end)

  it("leaves what was read before with its value [G79]", function()
    for _, initial in ipairs { 3.0, { 3.0, 3.0 } } do
      for _, way in ipairs { "assign", "assign_add", "assign_sub" } do
        local v = V(initial)
        local before, after = v:read_value(), nil
        local tape, y, z = recorded({ persistent = true }, function()
          local y = v * v
          v[way](v, initial == 3.0 and 5.0 or { 5.0, 5.0 })
          after = v:read_value()
          return y, v * v
        end)
        near(plain(2 * before), tape:gradient(y, v))
        near(plain(2 * after), tape:gradient(z, v))
      end
    end
  end)

  it("gives a handle that reads the variable [S30]", function()
    local x, z = V(1.0), V(3.0)
    local tape, y = recorded({ persistent = true }, function()
      return x:assign(z ^ 2) * 2
    end)
    near(18, y)
    near({ 2, false }, tape:gradient(y, { x, z }))
  end)

  it("of a tensor to the name of a variable loses the variable"
    .. " [G80]", function()
    local x, seen = V(2.0), {}
    for turn = 1, 2 do
      local tape, y = recorded(nil, function() return x + 1 end)
      local g = tape:gradient(y, x)
      seen[turn] = g and g:item() or false
      x = x + 1
    end
    assert.same({ 1, false }, seen)
  end)
end)

describe("what is watched", function()
  it("may be only what was asked for [S7, G43]", function()
    local x1, x2 = V(1.0), V(1.0)
    local tape, y, z = recorded({ watch_accessed_variables = false },
      function(tape)
        tape:watch(x2)
        return x1 ^ 2, x2 ^ 3
      end)
    near({ false, 3 }, tape:gradient({ y, z }, { x1, x2 }))
  end)

  it("may be one of two variables in one sum [G44]", function()
    local x0, x1 = V(0.0), V(10.0)
    local tape, y = recorded({ watch_accessed_variables = false },
      function(tape)
        tape:watch(x1)
        return nd.reduce_sum(nd.sin(x0) + nd.softplus(x1))
      end)
    near({ false, 0.9999546 }, tape:gradient(y, { x0, x1 }))
  end)

  it("is a trainable variable, but no other and no constant"
    .. " [S3, G45]", function()
    local x0, x1 = V(3.0), V(3.0, { trainable = false })
    local x2, x3 = V(2.0) + 1, C(3.0)
    local tape, y = recorded(nil, function()
      return x0 ^ 2 + x1 ^ 2 + x2 ^ 2 + x3 ^ 2
    end)
    near({ 6, false, false, false }, tape:gradient(y, { x0, x1, x2, x3 }))
  end)

  it("may be a variable that is not trainable", function()
    local v = V(3.0, { trainable = false })
    local tape, y = recorded(nil, function(tape)
      tape:watch(v)
      return v * v
    end)
    near(6, tape:gradient(y, v))
  end)

  it("counts from the watch on [S2, S5]", function()
    local x = C(3.0)
    local tape, y, z = recorded({ persistent = true }, function(tape)
      local y = x * x
      tape:watch(x)
      return y, x * x
    end)
    assert.is_nil(tape:gradient(y, x))
    near(6, tape:gradient(z, x))
  end)
end)

describe("higher orders", function()
  it("come from one persistent tape in its own block [S12, G35]", function()
    local x = C(3.0)
    local tape, y, dy, d2y = recorded({ persistent = true }, function(tape)
      tape:watch(x)
      local y = x ^ 3
      local dy = tape:gradient(y, x)
      return y, dy, tape:gradient(dy, x)
    end)
    near({ 27, 27, 18, 6 }, { y, dy, d2y, tape:gradient(d2y, x) })
  end)

  it("come from nested tapes [S35, G36]", function()
    local x = V(1.0)
    local outer, dy = recorded(nil, function()
      local inner, y = recorded(nil, function() return x * x * x end)
      return inner:gradient(y, x)
    end)
    near(3, dy)
    near(6, outer:gradient(dy, x))
  end)

  it("come from nested tapes on tensors with axes", function()
    local x = V { 1.0, 2 }
    local outer, dy = recorded(nil, function()
      local inner, y = recorded(nil, function()
        return nd.reduce_sum(x * x * x)
      end)
      return inner:gradient(y, x)
    end)
    near({ 3, 12 }, dy)
    near({ 6, 12 }, outer:gradient(dy, x))
  end)

  it("may mix an inner gradient with other ops [G29, G30]", function()
    for _, persistent in ipairs { false, true } do
      local x = C(3.0)
      local options = { persistent = persistent }
      local outer, y, z = recorded(options, function(outer)
        outer:watch(x)
        local y = x * x
        local inner, z = recorded(options, function(inner)
          inner:watch(y)
          return 2 * y
        end)
        local g = inner:gradient(z, y)
        near(2, g)
        return y + g, z
      end)
      near({ 6 }, outer:gradient(y, { x }))
      if persistent then
        near(12, outer:gradient(z, x))
      end
    end
  end)

  it("come from three tapes", function()
    local x = V(2.0)
    local third, d2 = recorded(nil, function()
      local second, d1 = recorded(nil, function()
        local first, y = recorded(nil, function() return x ^ 4 end)
        return first:gradient(y, x)
      end)
      return second:gradient(d1, x)
    end)
    near(48, d2)
    near(48, third:gradient(d2, x))
  end)
end)
