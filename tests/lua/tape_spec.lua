--- What a GradientTape records, when it may be asked, and what it refuses. The
-- values of gradients are in gradient_spec.lua; `with` is in tests/lang.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local recorded, refuses = support.recorded, support.refuses
local output = support.output

assert(_VERSION == "Lua 5.4")

local V, C = nd.Variable, nd.constant

local function square_of(x, options)
  return recorded(options, function(tape)
    tape:watch(x)
    return x * x
  end)
end

-- Enters a tape again, as `with tape do` does.
local function entered(tape, f, ...)
  return assert(nd.load([[
    local tape, f = ...
    with tape do return f(select(3, ...)) end
  ]], "=tests/lua/tape_spec.lua"))(tape, f, ...)
end

local function method(name, ...)
  local arguments = table.pack(...)
  return function(object)
    return object[name](object, table.unpack(arguments, 1, arguments.n))
  end
end

describe("GradientTape", function()
  it("records from its construction to the end of its block", function()
    local x = C(3.0)
    local tape, y
    do
      local t <close> = nd.GradientTape { persistent = true }
      tape = t
      t:watch(x)
      y = x * x
    end
    local z = x * x
    assert.equal(6.0, tape:gradient(y, x):item())
    assert.is_nil(tape:gradient(z, x))
  end)

  it("takes its options by name or by position [S1]", function()
    for _, options in ipairs { { true }, { { persistent = true } },
      { true, true }, { true, nil } } do
      local v = V(3.0)
      local tape <close> = nd.GradientTape(table.unpack(options))
      local y = v * v
      for _ = 1, 2 do
        assert.equal(6.0, tape:gradient(y, v):item())
      end
    end
    for _, options in ipairs { { n = 2, nil, false }, { n = 2, false, false },
      { n = 1, { watch_accessed_variables = false } } } do
      local v = V(3.0)
      local tape <close> = nd.GradientTape(table.unpack(options, 1, options.n))
      assert.is_nil(tape:gradient(v * v, v))
    end
    local tape <close> = nd.GradientTape {}
    assert.same({}, tape:watched_variables())
  end)

  it("refuses options it does not know", function()
    refuses("GradientTape: unknown option 'presistent': it takes persistent, "
      .. "watch_accessed_variables; did you mean 'persistent'?",
      nd.GradientTape, { presistent = true })
    refuses("GradientTape: persistent must be true or false, got 1",
      nd.GradientTape, { persistent = 1 })
    refuses("GradientTape: persistent must be true or false, got 1",
      nd.GradientTape, 1)
    refuses("GradientTape: watch_accessed_variables must be true or false, "
      .. "got string", nd.GradientTape, nil, "no")
    refuses("GradientTape: takes at most 2 arguments, got 3",
      nd.GradientTape, true, true, true)
    refuses("GradientTape: options go by name, as in { persistent = ... }",
      nd.GradientTape, { true })
  end)

  it("is refused as self by its methods", function()
    local tape = recorded(nil, function() end)
    for _, name in ipairs { "watch", "gradient", "stop_recording", "pause",
      "reset", "release", "watched_variables" } do
      refuses(name .. ": self must be a GradientTape, got number",
        tape[name], 1, print)
      refuses(name .. ": self is missing: it must be a GradientTape",
        tape[name], nil, print)
    end
  end)
end)

describe("one use", function()
  it("is what a tape has that is not persistent [S9, G32]", function()
    local x = C(3.0)
    local tape, y = square_of(x)
    assert.equal(6.0, tape:gradient(y, x):item())
    refuses("gradient: the tape has given its gradient; persistent = true "
      .. "allows more than one", method("gradient", y, x), tape)
  end)

  it("is not limited on a persistent tape [S10, G33]", function()
    local x = C(3.0)
    local tape, y, z = recorded({ persistent = true }, function(tape)
      tape:watch(x)
      local y = x * x
      return y, y * y
    end)
    assert.equal(108.0, tape:gradient(z, x):item())
    assert.equal(6.0, tape:gradient(y, x):item())
    assert.equal(108.0, tape:gradient(z, x):item())
  end)

  it("is not spent by a call with wrong arguments [G40]", function()
    local x = C(3.0)
    local tape, y = square_of(x)
    local what = " must be a tensor, a Variable or a table"
    refuses("gradient: target is missing: it" .. what,
      method("gradient", nil, x), tape)
    refuses("gradient: sources is missing: it" .. what,
      method("gradient", y), tape)
    refuses("gradient: target" .. what .. ", got number",
      method("gradient", 2, x), tape)
    refuses("gradient: target" .. what .. ", got string",
      method("gradient", { y, "y" }, x), tape)
    refuses("gradient: sources" .. what .. ", got boolean",
      method("gradient", y, { x, false }), tape)
    refuses("gradient: unconnected_gradients must be 'none' or 'zero' or "
      .. "'error', got 'nonsense'",
      method("gradient", y, x, { unconnected_gradients = "nonsense" }), tape)
    refuses("gradient: unconnected_gradients must be 'none' or 'zero' or "
      .. "'error', got boolean", method("gradient", y, x, nil, true), tape)
    refuses("gradient: unknown option 'unconnected': it takes target, "
      .. "sources, output_gradients, unconnected_gradients",
      method("gradient", y, x, { unconnected = "zero" }), tape)
    refuses("gradient: output gradient 1 is float32 [2], "
      .. "its target is float32 []", method("gradient", y, x, { 1, 2 }), tape)
    refuses("gradient: output_gradients must be a tensor, got string",
      method("gradient", y, x, "one"), tape)
    local cycle = {}
    cycle[1] = cycle
    refuses("gradient: a table is nested deeper than 32",
      method("gradient", y, cycle), tape)
    assert.equal(6.0, tape:gradient(y, x):item())
  end)

  it("comes back, with an empty trace, when the tape is entered", function()
    local x = C(3.0)
    local tape, y = square_of(x)
    tape:gradient(y, x)
    local z = entered(tape, function()
      local before = x * x
      tape:watch(x)
      return before + x
    end)
    assert.same({ false, 1.0 }, (function(g)
      return { g[1], g[2]:item() }
    end)(tape:gradient(z, { y, x })))
    refuses("gradient: the tape has given its gradient; persistent = true "
      .. "allows more than one", method("gradient", z, x), tape)
  end)

  it("may come inside the tape's own block [S11, G24]", function()
    local v = V(1.0)
    for _, persistent in ipairs { false, true } do
      local g
      recorded(persistent, function(tape)
        g = tape:gradient(2 * v, v)
      end)
      assert.equal(2.0, g:item())
    end
  end)

  it("in its own block stops recording", function()
    local x = C(3.0)
    local ok
    recorded(nil, function(tape)
      tape:watch(x)
      tape:gradient(x * x, x)
      ok = pcall(tape.stop_recording, tape)
    end)
    assert.is_false(ok)
  end)
end)

describe("watch", function()
  it("takes tensors, variables and nested tables of them [S4]", function()
    local a, b, c = C(1.0), V(2.0, { trainable = false }), C(3.0)
    local tape, y = recorded(nil, function(tape)
      tape:watch { a, { b = b, { c } } }
      return a * b * c
    end)
    local g = tape:gradient(y, { a, b, c })
    assert.same({ 6, 3, 2 }, { g[1]:item(), g[2]:item(), g[3]:item() })
  end)

  it("names the type of what it cannot watch [G49, S18]", function()
    local tape <close> = nd.GradientTape()
    local what = "watch: value must be a tensor, a Variable or a table, got "
    refuses(what .. "number", method("watch", 3.0), tape)
    refuses(what .. "number", method("watch", { 1.0, 2.0 }), tape)
    refuses(what .. "string", method("watch", { C(1.0), "x" }), tape)
    refuses(what .. "GradientTape", method("watch", tape), tape)
    refuses("watch: value is missing: it must be a tensor, a Variable or a "
      .. "table", method "watch", tape)
    local cycle = {}
    cycle[1] = cycle
    refuses("watch: a table is nested deeper than 32",
      method("watch", cycle), tape)
  end)

  it("warns of whole numbers, with the script's line", function()
    assert.equal("script:3: watch: no gradient: it is int32, and only floats "
      .. "have gradients; write 0. for 0, or use nd.cast\n", output [[
      local nd = require "nadir"
      local tape = nd.GradientTape()
      tape:watch(nd.constant(3))
    ]])
  end)

  it("belongs to one tape [S6]", function()
    local x = C(3.0)
    local a <close> = nd.GradientTape()
    local b <close> = nd.GradientTape()
    a:watch(x)
    local y = x * x
    assert.is_nil(b:gradient(y, x))
    assert.equal(6.0, a:gradient(y, x):item())
  end)

  it("may be repeated", function()
    local x = C(3.0)
    local tape, y = recorded(nil, function(tape)
      tape:watch(x)
      local y = x * x
      tape:watch(x)
      tape:watch(y)
      return y * 2
    end)
    assert.equal(12.0, tape:gradient(y, x):item())
  end)
end)

describe("watched_variables", function()
  local function watches(tape, ...)
    local list = tape:watched_variables()
    assert.equal(select("#", ...), #list)
    for i = 1, #list do
      assert.is_true(rawequal(select(i, ...), list[i]))
    end
  end

  it("holds what was read, until the next trace [G50]", function()
    local v = V(3.0)
    local tape = nd.GradientTape()
    watches(tape)
    local _ = v * v
    watches(tape, v)
    tape:reset()
    watches(tape)
    local y = v * v
    watches(tape, v)
    tape:gradient(y, v)
    watches(tape, v)
    entered(tape, function() watches(tape) end)
  end)

  it("is in the order in which the variables were made [S8, G51]", function()
    local v0, v1, v2 = V(0.0), V { 1.0 }, V(2.0)
    local tape, y = recorded(nil, function() return v2 + v0 + 3 * v1 end)
    watches(tape, v0, v1, v2)
    local g = tape:gradient(y, tape:watched_variables())
    assert.same({ 1.0, 3.0, 1.0 },
      { g[1]:item(), g[2]:item(), g[3]:item() })
  end)

  it("holds a variable once", function()
    local v = V(3.0)
    local tape = recorded(nil, function(tape)
      tape:watch(v)
      local _ = v * v
      v:assign(1.0)
      return v * v
    end)
    watches(tape, v)
  end)

  it("holds only what was asked for, if so wanted", function()
    local v0, v1 = V(1.0), V(1.0)
    local tape = recorded({ watch_accessed_variables = false },
      function(tape)
        tape:watch(v1)
        return v0 + v1
      end)
    watches(tape, v1)
  end)

  it("holds no variables that are not trainable or not floats", function()
    local v0, v1 = V(1.0, { trainable = false }), V(1)
    watches((recorded(nil, function() return v0 * 2, v1 * 2 end)))
  end)

  it("does not hold a variable that was only looked at", function()
    local v = V(1.0)
    watches((recorded(nil, function()
      return v:item(), v.shape, v.dtype, tostring(v), v.trainable, v.name
    end)))
  end)
end)

describe("entering a tape again", function()
  it("continues its trace and its watches [S13]", function()
    local x = C(3.0)
    local tape, y = recorded(nil, function(tape)
      tape:watch(x)
      return 2 * x
    end)
    local unseen = 5 * y
    local z = entered(tape, function() return 2 * y + x end)
    assert.equal(5.0, tape:gradient({ z, unseen }, { x })[1]:item())
  end)

  it("is refused while it records [G25]", function()
    local tape <close> = nd.GradientTape()
    entered(tape, function()
      refuses("GradientTape: the tape is still recording",
        function() entered(tape, print) end)
    end)
  end)

  it("is refused also if its first block was a local's", function()
    local tape = recorded(nil, function() end)
    entered(tape, function()
      refuses("GradientTape: the tape is still recording",
        function() entered(tape, print) end)
    end)
  end)

  it("is refused while it is paused", function()
    local tape <close> = nd.GradientTape()
    entered(tape, function()
      tape:pause(function()
        refuses("GradientTape: the tape is still recording",
          function() entered(tape, print) end)
      end)
    end)
  end)
end)

describe("an error in a tape's block", function()
  it("stops the tape, whose gradients are there [S14]", function()
    local x = C(3.0)
    local tape, y
    assert.is_false(pcall(recorded, nil, function(tape_)
      tape = tape_
      tape:watch(x)
      y = x * x
      error "oops"
    end))
    assert.equal(6.0, tape:gradient(y, x):item())
  end)

  it("leaves later tapes as they are [G55]", function()
    assert.is_false(pcall(recorded, nil, function() error "oops" end))
    local x = C(1.0)
    local tape, y = square_of(x)
    assert.equal(2.0, tape:gradient(y, x):item())
  end)
end)

describe("stop_recording", function()
  it("hides its block from the tape [G18]", function()
    local x = V(1.0)
    local tape, y = recorded(nil, function(tape)
      local _ <close> = tape:stop_recording()
      return x * x
    end)
    assert.is_nil(tape:gradient(y, x))
  end)

  it("hides nothing after its block [G19]", function()
    local x, x2 = V(1.0), nil
    local tape, y, z = recorded({ persistent = true }, function(tape)
      x2 = 2 * x
      local y
      do
        local _ <close> = tape:stop_recording()
        y = x2 * x2
      end
      return y, x2 * x2
    end)
    assert.is_nil(tape:gradient(y, x2))
    assert.equal(4.0, tape:gradient(z, x2):item())
    assert.equal(8.0, tape:gradient(z, x):item())
  end)

  it("makes what was computed there a constant [G21]", function()
    local x, y = V(2.0), V(3.0)
    local tape, z = recorded(nil, function(tape)
      local x_sq = x * x
      local y_sq = tape:pause(function() return y * y end)
      return x_sq + y_sq
    end)
    local g = tape:gradient(z, { x, y })
    assert.equal(4.0, g[1]:item())
    assert.is_false(g[2])
  end)

  it("leaves other tapes recording", function()
    local x = V(1.0)
    local outer, inner, y
    do
      local a <close> = nd.GradientTape()
      local b <close> = nd.GradientTape()
      outer, inner = a, b
      y = inner:pause(function() return x * x end)
    end
    assert.is_nil(inner:gradient(y, x))
    assert.equal(2.0, outer:gradient(y, x):item())
  end)

  it("is refused when nothing is recorded [S15, G114]", function()
    local tape = recorded(nil, function(tape)
      tape:pause(function()
        refuses("stop_recording: the tape is not recording",
          method "stop_recording", tape)
        refuses("pause: the tape is not recording",
          method("pause", print), tape)
      end)
    end)
    refuses("stop_recording: the tape is not recording",
      method "stop_recording", tape)
  end)

  it("goes on recording after an error", function()
    local x = C(3.0)
    local tape, y = recorded(nil, function(tape)
      tape:watch(x)
      assert.is_false(pcall(tape.pause, tape, function() error "oops" end))
      return x * x
    end)
    assert.equal(6.0, tape:gradient(y, x):item())
  end)

  it("as pause calls a function and returns its values", function()
    local tape <close> = nd.GradientTape()
    assert.same({ 1, nil, 3, n = 3 }, table.pack(tape:pause(function()
      return 1, nil, 3
    end)))
    refuses("pause: f must be a function, got 1", method("pause", 1), tape)
    refuses("pause: f is missing: it must be a function", method "pause", tape)
  end)
end)

describe("reset", function()
  it("drops what was recorded before [G20]", function()
    local v = V(1.0)
    local tape, loss = recorded(nil, function(tape)
      local loss = v * v
      tape:reset()
      return loss + v * v
    end)
    assert.equal(2.0, tape:gradient(loss, v):item())
  end)

  it("drops watches of tensors, and variables until they are read"
    .. " [S16, G22]", function()
    local x, y = V(2.0), V(3.0)
    local t = C(1.0)
    local tape, z = recorded(nil, function(tape)
      tape:watch(t)
      local y_sq = y * y
      tape:reset()
      return x * x + y_sq + t
    end)
    local g = tape:gradient(z, { x, y, t })
    assert.equal(4.0, g[1]:item())
    assert.is_false(g[2])
    assert.is_false(g[3])
  end)

  it("is refused when nothing is recorded", function()
    local tape = recorded(nil, function(tape)
      tape:pause(function()
        refuses("reset: the tape is not recording", method "reset", tape)
      end)
    end)
    refuses("reset: the tape is not recording", method "reset", tape)
  end)
end)

describe("release", function()
  it("refuses gradients until the tape is entered again", function()
    local x = C(3.0)
    for _, persistent in ipairs { false, true } do
      local tape, y = square_of(x, persistent)
      tape:release()
      tape:release()
      refuses("gradient: the tape was released", method("gradient", y, x),
        tape)
      y = entered(tape, function()
        tape:watch(x)
        return x * x
      end)
      assert.equal(6.0, tape:gradient(y, x):item())
    end
  end)

  it("stops a tape that records", function()
    local tape <close> = nd.GradientTape()
    tape:release()
    refuses("stop_recording: the tape is not recording",
      method "stop_recording", tape)
  end)
end)

describe("several tapes", function()
  it("watch what each was told to [S36]", function()
    local x0, x1 = C(0.0), C(0.0)
    local a <close> = nd.GradientTape()
    local b <close> = nd.GradientTape()
    a:watch(x0)
    b:watch(x1)
    local y = nd.reduce_sum(nd.sin(x0) + nd.sigmoid(x1))
    assert.equal(1.0, a:gradient(y, x0):item())
    assert.equal(0.25, b:gradient(y, x1):item())
  end)

  it("may be left in any order", function()
    local x = V(3.0)
    local a, b = nd.GradientTape(), nd.GradientTape()
    local y = x * x
    local ga = a:gradient(y, x)
    local z = x * y
    local gb = b:gradient(z, x)
    assert.equal(6.0, ga:item())
    assert.equal(27.0, gb:item())
  end)

  it("may be a hundred at once", function()
    local x, tapes = V { 3.0, 1.0 }, {}
    for i = 1, 100 do
      tapes[i] = nd.GradientTape()
    end
    local y = x * x
    for i = 1, 100 do
      assert.same({ 6.0, 2.0 }, tapes[i]:gradient(y, x):totable())
    end
  end)

  it("belong to the state, not to a coroutine [S37]", function()
    local x = V(3.0)
    local tape, y = recorded(nil, function()
      return coroutine.wrap(function() return x * x end)()
    end)
    assert.equal(6.0, tape:gradient(y, x):item())
  end)
end)

describe("a tape's memory", function()
  local function used() return (nd.memory()) end
  local size = 4 * 100000

  -- What waits counts as if it had values.
  before_each(function() nd.eager(true) end)
  after_each(function() nd.eager(false) end)

  it("holds what the derivative reads and no more [S38]", function()
    local x = V(nd.ones { 100000 })
    collectgarbage()
    local before = used()
    local tape = recorded(nil, function()
      return nd.reduce_sum(nd.square(x + 1 + 1 + 1))
    end)
    collectgarbage()
    assert.is_true(used() - before < 1.5 * size)
    tape:release()
    assert.equal(before, used())
  end)

  it("is free after the gradient", function()
    local x = V(nd.ones { 100000 })
    local tape, y = recorded(nil, function()
      return nd.reduce_sum(nd.exp(nd.exp(x)))
    end)
    collectgarbage()
    local before = used()
    local g = tape:gradient(y, x)
    assert.is_true(used() <= before - size, "two saved, one gradient left")
    assert.equal(100000, g.size)
  end)

  it("stays with a persistent tape until it is released", function()
    local x = V(nd.ones { 100000 })
    collectgarbage()
    local before = used()
    local tape, y = recorded(true, function()
      return nd.reduce_sum(nd.exp(nd.exp(x)))
    end)
    tape:gradient(y, x)
    collectgarbage()
    assert.is_true(used() >= before + 2 * size)
    tape:release()
    assert.equal(before, used())
  end)

  it("is free when the tape is unreachable, left or not", function()
    local x = V(nd.ones { 100000 })
    collectgarbage()
    local before = used()
    do
      local left = recorded(nil, function() return nd.exp(nd.exp(x)) end)
      local open = nd.GradientTape()
      local _ = nd.exp(nd.exp(x))
      assert.is_true(left ~= open)
    end
    collectgarbage()
    collectgarbage()
    assert.equal(before, used())
    local _ = nd.exp(nd.exp(x))
    _ = nil
    collectgarbage()
    assert.equal(before, used(), "an unreachable tape has stopped")
  end)
end)

describe("a finalizer", function()
  -- Tensors stay: they have no finalizer, but in a stock Lua.
  it("may hold what was finalized before it", function()
    local seen
    local o = setmetatable({}, { __gc = function(o)
      local tape <close> = nd.GradientTape()
      seen = {}
      for _, f in ipairs {
        function() return o.v + 1 end,
        function() return o.v:assign(1) end,
        function() return nd.Variable(o.v) end,
        function() return o.tape:gradient(o.v, o.v) end,
        function() return tape:gradient(o.v, { o.v }) end,
        function() return tape:gradient(o.x, { o.x }) end,
        function() return tape:watch(o.x) end,
        function() return o.x + 1 end,
        function() return o.sgd.iterations end,
        function() local _ <close> = o.pause end,
      } do
        seen[#seen + 1] = pcall(f)
      end
    end })
    o.v, o.x = V(3.0), C { 1.0, 2 }
    o.tape, o.sgd = nd.GradientTape(), nd.optimizers.SGD()
    o.pause = o.tape:stop_recording()
    o = nil
    collectgarbage()
    collectgarbage()
    local no, yes = false, true
    assert.same({ no, no, no, no, no, yes, yes, yes, no, yes }, seen)
    assert.is_nil(o)
  end)
end)

describe("a warning of gradient", function()
  local begin = [[
    local nd = require "nadir"
    local V, C = nd.Variable, nd.constant
    local v, x = V(2., { name = "v" }), C(3.)
    local function gradient(sources, options)
      local tape <close> = nd.GradientTape(options)
      local y = v * x
      return tape:gradient(y, sources)
    end
  ]]

  -- The reason that the only warning gives, at line 7.
  local function reason(text)
    local all = output(begin .. text)
    local start = "script:7: gradient: no gradient for source"
    assert.equal(start, all:sub(1, #start))
    assert.equal("\n", all:match("\n.*"))
    return all:sub(#start + 1, -2)
  end

  it("says why a source has none", function()
    local integer = "it is int32, and only floats have gradients; "
      .. "write 0. for 0, or use nd.cast"
    assert.equal(": " .. integer, reason "gradient(V(0))")
    assert.equal(" 2: " .. integer, reason "gradient { v, C { 1, 2 } }")
    assert.equal(": it was not watched by the tape of script:5; "
      .. "call tape:watch before it is used", reason "gradient(x)")
    assert.equal(" 'w': it was not used while the tape of script:5 recorded",
      reason "gradient(V(1., { trainable = false, name = 'w' }))")
    assert.equal(" 'v': it was not watched when it was read at script:6, and "
      .. "this tape watches nothing by itself; call tape:watch before it is "
      .. "used", reason "gradient(v, { watch_accessed_variables = false })")
  end)

  it("names the first in the order of the tables", function()
    assert.equal(" 2 and 2 more: it was not watched by the tape of script:5; "
      .. "call tape:watch before it is used", reason "gradient { v, x, x, x }")
    assert.equal(" layer.b 'bias' and 1 more: it was not used while the tape "
      .. "of script:5 recorded", reason [[
      local b = V(1., { name = "bias" })
      gradient { z = b, layer = { w = v, b = b }, v }
    ]])
  end)

  it("comes once for each line", function()
    reason "for _ = 1, 3 do gradient(x) end"
    reason "gradient(x) gradient(V(0))"
  end)

  it("is not given where a gradient or zeros come", function()
    assert.equal("", output(begin .. [[
      gradient(v)
      local tape = nd.GradientTape()
      tape:watch(x)
      local y = x * x
      assert(tape:gradient(y, { y, V(1.) },
        { unconnected_gradients = "zero" })[2]:item() == 0)
      tape = nd.GradientTape()
      assert(tape:gradient(x, x):item() == 1)
      tape = nd.GradientTape()
      tape:watch(x)
      assert(tape:gradient(v * v, x) == nil)
    ]]))
  end)

  it("is turned off by warn, as Lua's own are", function()
    assert.equal("", output(begin .. "warn '@off' gradient(x)"))
    assert.not_equal("", output(begin .. "warn '@off' warn '@on' "
      .. "gradient(x)"))
  end)

  it("says that a persistent tape records its own gradient", function()
    local persistent = [[
      local nd = require "nadir"
      local v = nd.Variable(2.)
      local tape = nd.GradientTape { persistent = true }
      local y = v * v
    ]]
    assert.equal("script:5: gradient: the persistent tape records its own "
      .. "gradient, and is slower each time; call gradient after its block, "
      .. "unless you want derivatives of derivatives\n",
      output(persistent .. "for _ = 1, 3 do tape:gradient(y, v) end"))
    assert.equal("", output(persistent
      .. "tape:pause(function() tape:gradient(y, v) end)"))
  end)
end)
