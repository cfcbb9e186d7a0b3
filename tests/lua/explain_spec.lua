--- Why there is no gradient: tape:explain, and the warnings and errors that say
-- the same sentence. The cases are texts, whose lines the sentences name.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local output, recorded, refuses = support.output, support.recorded,
  support.refuses

assert(_VERSION == "Lua 5.4")

local BEGIN = [[local nd = require "nadir"
local V, C, item = nd.Variable, nd.constant, ...
local v, w, x = V(2.), V(5.), C(3.)
]]

-- What the text returns, from line 4 on.
local function script(text, ...)
  return assert(nd.load(BEGIN .. text, "=script"))(...)
end

-- Asserts that the text, which makes `tape`, `y` and `source`, has no gradient
-- for that reason, whoever says it.
local function is(want, text)
  local ends = " return tape, y, source, rival"
  local tape, y, source, rival = script(text .. ends)
  assert.equal(want, tape:explain(y, source))
  assert.equal(want, tape:explain(y, { y, source })[2])
  refuses("gradient: no gradient for source: " .. want, tape.gradient, tape, y,
    source, { unconnected_gradients = "error" })
  refuses("jacobian: no gradient for source: " .. want, tape.jacobian, tape, y,
    source, { unconnected_gradients = "error" })
  tape:release()
  if rival then rival:release() end
  tape, y, source, rival = script(text .. ends)
  assert.is_nil(tape:gradient(y, source))
  assert.equal(want, tape:explain(y, source), "after the gradient")
  if rival then rival:release() end
  if nd.is_variable(source) then
    refuses("apply_gradients: no gradients: every one of 1 is missing: "
      .. "variable 1" .. (source.dtype == "int32" and " (int32)" or "") .. ": "
      .. want, nd.optimizers.SGD().apply_gradients, nd.optimizers.SGD(),
      { false }, { source })
  end
end

describe("a gradient is missing of what", function()
  it("was never watched", function()
    is("it was not watched by the tape of script:4; call tape:watch before it "
      .. "is used", [[
      local tape, source = nd.GradientTape(), x
      local y = x * x]])
  end)

  it("is an integer [G111]", function()
    is("it is int32, and only floats have gradients; write 0. for 0, or use "
      .. "nd.cast", [[
      local tape, source = nd.GradientTape(), V(10)
      local y = source * source]])
  end)

  it("becomes an integer on its way", function()
    is("its way to target ends at script:6: cast gives int32, and only floats "
      .. "have gradients", [[
      local tape, source = nd.GradientTape(), v
      local h = v * 3
      local i = nd.cast(h, "int32")
      local y = w * nd.cast(i + 1, "float32")]])
  end)

  it("was read as a number and came back [G110]", function()
    is("it was read as a number at script:5, and numbers have no gradient", [[
      local tape, source = nd.GradientTape(), v
      local n = v:item()
      local y = w * (n + 1)]])
    is("what depends on it was read as a number at script:6, and numbers have "
      .. "no gradient", [[
      local tape, source = nd.GradientTape { persistent = false }, v
      local squares = nd.square(nd.stack { v, v })
      local y = w * nd.constant(squares:totable())]])
  end)

  it("was assigned before it was read [G77, G78]", function()
    is("its way to target ends at script:5: assign to a Variable has no "
      .. "gradient", [[
      local tape, source = nd.GradientTape(), v
      w:assign(v * v)
      local y = w * w]])
    is("its way to target ends at script:6: assign_add to a Variable has no "
      .. "gradient", [[
      local tape, source = nd.GradientTape(), x
      tape:watch(x)
      w:assign_add(x)
      local y = w * w]])
    is("its way to target ends at script:5: assign to a Variable has no "
      .. "gradient", [[
      local tape, source = nd.GradientTape(), v
      local y = w:assign(v * v)]])
    is("its way to target ends at script:6: assign to a Variable has no "
      .. "gradient", [[
      local tape, source = nd.GradientTape(), v
      local part = V { 1., 2., 3. }
      part[2] = v * v
      local y = nd.reduce_sum(part)]])
  end)

  it("was assigned another shape after it was read", function()
    is("it was assigned another shape at script:6 after it was read", [[
      local source = V({ 1., 2. }, { shape = false })
      local tape = nd.GradientTape() local y = nd.reduce_sum(source * 2)
      source:assign { 1., 2., 3. }]])
  end)

  it("went through stop_gradient [G23]", function()
    is("its way to target ends at script:5: stop_gradient lets no gradient "
      .. "through", [[
      local tape, source = nd.GradientTape(), v
      local s = nd.stop_gradient(v * v)
      local y = w * w + s]])
  end)

  it("another tape watches [S6]", function()
    is("it was watched by the tape of script:4, not by the tape of script:6", [[
      local rival, source = nd.GradientTape(), x
      rival:watch(x)
      local tape = nd.GradientTape()
      local y = x * x]])
    is("it was recorded by the tape of script:4, not by the tape of "
      .. "script:6", [[
      local rival = nd.GradientTape()
      v = v + 1
      local tape, source = nd.GradientTape(), v
      local y = v * v]])
  end)

  it("another tape recorded", function()
    is("target was recorded by the tape of script:7, not by the tape of "
      .. "script:4", [[
      local tape, source, y = nd.GradientTape(), v, nil
      local _ = v * v
      do local _ <close> = tape end
      with nd.GradientTape() as rival do
        y = v * v
      end]])
  end)

  it("was used outside of the tape's block [G31, G45]", function()
    is("target was made after the tape of script:5 had stopped recording", [[
      local source, y = v, nil
      with nd.GradientTape() as tape do
        y = v * v
      end
      y = y * 2]])
    is("target was made before the tape of script:5 began to record", [[
      local source, y = v, v * v
      local tape = nd.GradientTape()
      local _ = v * v]])
    is("target was made while the tape of script:5 did not record", [[
      local source, y = v, nil
      with nd.GradientTape() as tape do
        y = v * v
      end
      y = y * 2
      with tape do
        local _ = v * v
      end]])
  end)

  it("was used while the tape was paused [G18, G21]", function()
    is("its way to target ends at script:7: multiply happened while the tape "
      .. "was paused", [[
      local tape, source, y = nd.GradientTape(), v, nil
      local h = v * 3
      with tape:stop_recording() do
        y = h * h
      end
      y = w * y]])
    is("its way to target ends at script:5: square happened while the tape was "
      .. "paused", [[
      local tape, source = nd.GradientTape(), v
      local y = w * tape:pause(function() return nd.square(v) end)]])
  end)

  it("was used before the tape was reset [G20, G22]", function()
    is("it was not used since the tape of script:4 was reset at script:6", [[
      local tape, source = nd.GradientTape(), v
      local h = v * v
      tape:reset()
      local y = w * h]])
    is("it was not watched since the tape of script:4 was reset at script:6; "
      .. "call tape:watch before it is used", [[
      local tape, source = nd.GradientTape(), x
      tape:watch(x)
      tape:reset()
      local y = w * x]])
    is("target was made before the tape of script:4 was reset at script:6", [[
      local tape, source = nd.GradientTape(), v
      local y = v * v
      tape:reset()
      local _ = v * v]])
  end)

  it("went into an op without gradient [S26]", function()
    is("its way to target ends at script:5: argmax has no gradient", [[
      local tape, source = nd.GradientTape(), v
      local i = nd.argmax(nd.stack { v, 3 * v })
      local y = w * nd.cast(i, "float32")]])
    is("its way to target ends at script:6: round has no gradient", [[
      local tape, source = nd.GradientTape(), x
      tape:watch(x)
      local y = nd.round(x * 1.5)]])
  end)

  it("was a Variable and is a tensor [G80]", function()
    is("it is no Variable but a tensor, computed from one at script:4 and not "
      .. "watched; use assign to change a Variable", [[
      v = v + 1
      local tape, source = nd.GradientTape(), v
      local y = v * v]])
    is("it is no Variable but a tensor, computed from one at script:7 and not "
      .. "watched; use assign to change a Variable", [[
      local tape, y
      for step = 1, 2 do
        tape = nd.GradientTape() y = w * w + v
        if step == 1 then w = w - 0.1 * tape:gradient(y, w) end
      end
      local source = w]])
  end)

  it("is not trainable [G45]", function()
    is("it is not trainable and was not watched when it was read at script:5; "
      .. "call tape:watch before it is used", [[
      local tape, source = nd.GradientTape(), V(3., { trainable = false })
      local y = w * source]])
  end)

  it("a tape does not watch by itself [G43, S7]", function()
    is("it was not watched when it was read at script:5, and this tape watches "
      .. "nothing by itself; call tape:watch before it is used", [[
      local tape = nd.GradientTape { watch_accessed_variables = false }
      local y = v * v local source = v]])
  end)

  it("target does not depend on [G38, G109]", function()
    is("target does not depend on it, by what the tape of script:4 recorded", [[
      local tape, source = nd.GradientTape(), v
      local _ = v * v
      local y = w * w]])
    is("it was not used while the tape of script:4 recorded", [[
      local tape, source = nd.GradientTape(), v
      local y = w * w]])
  end)
end)

describe("of several breaks", function()
  it("the one nearest to target is told", function()
    is("its way to target ends at script:6: round has no gradient", [[
      local tape, source = nd.GradientTape(), v
      local a = nd.stop_gradient(v * v) + w
      local b = nd.round(v * 1.5)
      local y = a * w + b]])
    is("its way to target ends at script:5: stop_gradient lets no gradient "
      .. "through", [[
      local tape, source = nd.GradientTape(), v
      local a, b = nd.stop_gradient(v * v), nil
      b = w * nd.round(v * 1.5)
      local y = b * w * a]])
  end)

  it("those on no way to target are not", function()
    is("its way to target ends at script:6: floor has no gradient", [[
      local tape, source = nd.GradientTape(), v
      local _ = nd.stop_gradient(v) * w + nd.argmax(nd.stack { v, w }):item()
      local y = w * nd.floor(v)
      local _ = nd.round(v)]])
    is("its way to target ends at script:5: stop_gradient lets no gradient "
      .. "through", [[
      local tape, source, other = nd.GradientTape(), v, V(1.)
      local y = w + nd.stop_gradient(v * other)
      y = y + nd.round(other * 1.5)]])
  end)

  it("the first of one way is told", function()
    is("its way to target ends at script:5: stop_gradient lets no gradient "
      .. "through", [[
      local tape, source = nd.GradientTape(), v
      local s = nd.stop_gradient(v)
      s = nd.cast(nd.cast(s + 1, "int32"), "float32")
      local y = w * (s + nd.stop_gradient(w))]])
  end)

  it("an assignment that another one replaced is not", function()
    is("target does not depend on it, by what the tape of script:4 recorded", [[
      local tape, source = nd.GradientTape(), v
      w:assign(v * v)
      w:assign(3.)
      local y = w * w]])
    is("target does not depend on it, by what the tape of script:4 recorded", [[
      local tape, source = nd.GradientTape(), v
      local y = w * w
      w:assign(v * v)]])
  end)

  it("an assignment goes on through a Variable nobody watches", function()
    is("its way to target ends at script:6: assign to a Variable has no "
      .. "gradient", [[
      local tape, source = nd.GradientTape(), v
      local mean = V(0., { trainable = false })
      mean:assign(v * v)
      local y = w * (mean + 1)]])
  end)
end)

describe("explain", function()
  it("gives nothing where there is a gradient", function()
    local tape, y, v, w, x = script [[
      local tape = nd.GradientTape()
      tape:watch(x)
      return tape, v * x, v, w, x]]
    assert.is_nil(tape:explain(y, v))
    assert.same({ false, a = { false } }, tape:explain(y, { v, a = { x } }))
    assert.is_nil(tape:explain(w, w))
    assert.equal(3.0, tape:gradient(y, v):item())
  end)

  it("gives the structure of the sources", function()
    local tape, y, v, w, x = script [[
      local tape = nd.GradientTape()
      return tape, { v * v, c = x }, v, w, x]]
    local unused = "it was not used while the tape of script:4 recorded"
    assert.same({ false, unused, b = { c = false, d = unused } },
      tape:explain(y, { v, w, b = { c = x, d = w } }))
    local many = {}
    for i = 1, 20 do many[i] = i % 2 == 0 and v or w end
    for i, reason in ipairs(tape:explain(y, many)) do
      assert.equal(i % 2 == 1 and unused, reason)
    end
  end)

  it("knows several targets", function()
    local reason = script [[
      local tape = nd.GradientTape()
      local a, b = w * w, nd.stop_gradient(v) * w
      return tape:explain({ a, { b } }, v)]]
    assert.equal("its way to target ends at script:5: stop_gradient lets no "
      .. "gradient through", reason)
  end)

  it("may be asked at any time of a persistent tape", function()
    local tape, y, z, v = script [[
      local tape = nd.GradientTape { persistent = true }
      return tape, v * v, nd.round(v), v]]
    for _ = 1, 2 do
      tape:gradient(y, v)
      assert.is_nil(tape:explain(y, v))
      assert.equal("its way to target ends at script:5: round has no gradient",
        tape:explain(z, v))
    end
  end)

  it("knows of a used tape what was missing", function()
    local tape, y, v, w = script [[
      local tape = nd.GradientTape()
      return tape, v * v, v, w]]
    tape:gradient(y, { v, w })
    assert.equal("it was not used while the tape of script:4 recorded",
      tape:explain(y, w))
    refuses("explain: the tape has given its gradient, and missed none of "
      .. "these; persistent = true keeps what it recorded", tape.explain, tape,
      y, v)
    refuses("explain: the tape has given its gradient, and missed none of "
      .. "these; persistent = true keeps what it recorded", tape.explain, tape,
      v, w)
    tape:release()
    tape = recorded(nil, function() end)
    tape:release()
    refuses("explain: the tape was released", tape.explain, tape, y, v)
  end)

  it("refuses what is no tensor", function()
    local tape = recorded(nil, function() end)
    refuses("explain: target is missing: it must be a tensor, a Variable or a "
      .. "table", tape.explain, tape)
    refuses("explain: sources must be a tensor, a Variable or a table, got "
      .. "number", tape.explain, tape, nd.constant(1.0), 2)
    refuses("explain: self must be a GradientTape, got number", tape.explain, 1)
  end)

  it("names the script's line, whoever calls the op for it", function()
    is("its way to target ends at script:6: stop_gradient lets no gradient "
      .. "through", [[
      local tape, source = nd.GradientTape(), v
      local function stop(z)
        return nd.stop_gradient(z)
      end
      local y = w * stop(v)]])
    assert.equal("its way to target ends at script:7: stop_gradient lets no "
      .. "gradient through", script [[
      local dense = nd.layers.Dense(1, { activation = "stop_gradient" })
      dense(nd.ones { 1, 1 })
      local tape = nd.GradientTape()
      return tape:explain(dense(nd.ones { 1, 1 }), dense.kernel)]])
  end)

  it("names the file of a function from elsewhere", function()
    local stop = assert(nd.load("local nd = ...\nreturn function(x)\n"
      .. "return nd.stop_gradient(x) end", "=library"))(nd)
    assert.equal("its way to target ends at library:3: stop_gradient lets no "
      .. "gradient through", script([[
      local tape = nd.GradientTape()
      return tape:explain(w * item(v), v)]], stop))
  end)

  it("knows lines in coroutines", function()
    is("its way to target ends at script:6: stop_gradient lets no gradient "
      .. "through", [[
      local tape, source, y = nd.GradientTape(), v, nil
      local go = coroutine.wrap(function()
        local s = nd.stop_gradient(v * v)
        coroutine.yield()
        y = w * s
      end)
      go() go() collectgarbage()]])
  end)

  it("tells nested tapes apart", function()
    local inner, outer, y, v = script [[
      local outer, y = nd.GradientTape { persistent = true }, nil
      local inner = nd.GradientTape { persistent = true }
      local y = w * inner:pause(function() return v * v end)
      return inner, outer, y, v]]
    assert.equal("its way to target ends at script:6: multiply happened while "
      .. "the tape was paused", inner:explain(y, v))
    assert.is_nil(outer:explain(y, v))
  end)

  it("keeps the first thousand breaks and the last numbers", function()
    is("its way to target ends at script:5: round has no gradient", [[
      local tape, source = nd.GradientTape(), v
      local y = w * nd.round(v)
      for _ = 1, 3000 do local _ = nd.less(v * 1, w), nd.round(w) end]])
    is("it was read as a number at script:6, and numbers have no gradient", [[
      local tape, source = nd.GradientTape(), v
      for _ = 1, 100 do local _ = w:item() end
      local n = v:item()
      for _ = 1, 30 do local _ = w:item() end
      local y = w * n]])
  end)
end)

describe("the sentence", function()
  it("is in the warning of gradient", function()
    assert.equal("script:4: gradient: no gradient for source: it was not used "
      .. "while the tape of script:3 recorded\n", output [[
      local nd = require "nadir"
      local v, w = nd.Variable(1.), nd.Variable(1.)
      local tape = nd.GradientTape() local y = w * w
      tape:gradient(y, v)
    ]])
  end)

  it("is in the warning of apply_gradients", function()
    local begin = [[
      local nd = require "nadir"
      local v, w, u = nd.Variable(1.), nd.Variable(1.), nd.Variable(1.)
      local tape = nd.GradientTape() local y = w * nd.stop_gradient(v * u)
    ]]
    local reason = "its way to target ends at script:3: stop_gradient lets no "
      .. "gradient through\n"
    assert.equal("script:5: apply_gradients: no gradient for variable 2: "
      .. reason, output(begin .. [[local g = tape:gradient(y, { w, v })
      nd.optimizers.SGD():apply_gradients(nd.zip(g, { w, v }))]]))
    assert.equal("script:5: apply_gradients: no gradient for variable 1, 3; "
      .. "the first: " .. reason,
      output(begin .. [[local g = tape:gradient(y, { v, w, u })
      nd.optimizers.SGD():apply_gradients(g, { v, w, u })]]))
  end)

  it("goes when there is a gradient", function()
    assert.equal("script:6: apply_gradients: no gradient for variable 1\n",
      output [[
      local nd = require "nadir"
      local v, w = nd.Variable(1.), nd.Variable(1.)
      local t = nd.GradientTape() t:gradient(w * nd.stop_gradient(v), { w, v })
      t = nd.GradientTape() t:gradient(w * v, { w, v })
      local one = nd.constant(1.)
      nd.optimizers.SGD():apply_gradients({ nil, one }, { v, w })
    ]])
  end)
end)
