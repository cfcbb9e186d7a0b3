--- nd.random: RandomState against what NumPy draws, the shapes, dtypes and
-- errors of its calls, and the seed and shuffle of the other generator.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local refuses = require "support".refuses
local golden = dofile "tests/golden/random_state.lua"

local RandomState = nd.random.RandomState

local function shuffled(r, n)
  local list = {}
  for i = 1, n do list[i] = i end
  r:shuffle(list)
  return list
end

-- The calls of golden/random_state.py by name.
local f64 = { dtype = "float64" }
local rows = { {0, 1}, {2, 3}, {4, 5}, {6, 7}, {8, 9}, {10, 11} }
local calls = {
  ["rand"] = function(r) return r:rand() end,
  ["rand f32"] = function(r) return r:rand(2, 3) end,
  ["rand f64"] = function(r) return r:rand(3, f64) end,
  ["randn"] = function(r) return r:randn() end,
  ["randn f32"] = function(r) return r:randn(7, 5) end,
  ["randn f64"] = function(r) return r:randn(4, f64) end,
  ["uniform"] = function(r) return r:uniform(-1, 2) end,
  ["uniform f32"] = function(r) return r:uniform(-1.5, 2.25, 5) end,
  ["uniform f64"] = function(r)
    return r:uniform { high = 10, size = {2, 2}, dtype = "float64" }
  end,
  ["normal"] = function(r) return r:normal(2, 3) end,
  ["normal f32"] = function(r) return r:normal(2, 3, { size = 5 }) end,
  ["normal f64"] = function(r) return r:normal(-1, .5, {2, 2}, "float64") end,
  ["randint n"] = function(r) return r:randint(1000000, { size = 6 }) end,
  ["randint"] = function(r) return r:randint(10) end,
  ["randint low high"] = function(r)
    return r:randint(-5, 5, { size = {2, 4} })
  end,
  ["randint wide"] = function(r) return r:randint(0, 2^40 - 1, 4) end,
  ["randint all"] = function(r)
    return r:randint(math.mininteger, math.maxinteger, 3)
  end,
  ["randint one"] = function(r) return r:randint(7, 7, 3) end,
  ["choice"] = function(r) return r:choice(5) end,
  ["choice n"] = function(r) return r:choice(50, 6) end,
  ["choice shape"] = function(r) return r:choice(50, { size = {2, 3} }) end,
  ["choice without"] = function(r)
    return r:choice(20, { size = 6, replace = false })
  end,
  ["choice one without"] = function(r)
    return r:choice(20, { replace = false })
  end,
  ["permutation"] = function(r) return r:permutation(9) end,
  ["permutation rows"] = function(r)
    return r:permutation(nd.constant(rows))
  end,
  ["permutation flat"] = function(r)
    return r:permutation { 0, 10, 20, 30, 40, 50 }
  end,
  ["shuffle"] = function(r) return shuffled(r, 11) end,
  ["rand again"] = function(r) return r:rand() end,
}
-- Those that give positions, which NumPy counts from 0.
local counts_from_one = {
  ["randint"] = true, ["randint n"] = true, ["choice"] = true,
  ["choice n"] = true, ["choice shape"] = true, ["choice without"] = true,
  ["choice one without"] = true, ["permutation"] = true, ["shuffle"] = true,
}

local function flatten(x, out)
  if type(x) == "userdata" then x = x:totable() end
  if type(x) ~= "table" then x = { x } end
  out = out or {}
  for _, v in ipairs(x) do
    if type(v) == "table" then flatten(v, out) else out[#out + 1] = v end
  end
  return out
end

-- The numbers after the name, as our call counts them.
local function expected(row)
  local first = counts_from_one[row[1]] and 1 or 0
  local out = {}
  for i = 2, #row do out[i - 1] = row[i] + first end
  return out
end

-- The same for a method.
local function rejects(message, name, ...)
  local r = RandomState(0)
  refuses(message, r[name], r, ...)
end

describe("a RandomState", function()
  for seed, list in pairs(golden) do
    it("draws what NumPy draws from seed " .. seed, function()
      local r = RandomState(seed)
      for _, row in ipairs(list) do
        local got = flatten(calls[row[1]](r))
        assert.are.same({ row[1], expected(row) }, { row[1], got })
      end
    end)
  end

  -- NumPy's draws of these seeds round to 1 in float32.
  it("stays below the end of a range in float32", function()
    local last = RandomState(48):rand(122691)[-1]:item()
    assert.is_true(last < 1 and last > .9999999)
    local x = RandomState(0):uniform(.1, .7, 10000)
    assert.is_true(nd.reduce_min(x):item() >= .1)
    assert.is_true(nd.reduce_max(x):item() < .7)
    x = RandomState(0):uniform(1, 1 + 2^-22, 100)
    assert.is_true(nd.reduce_all(nd.less(x, 1 + 2^-22)):item())
    assert.are.same({ 3, 3 }, RandomState(0):uniform(3, 3, 2):totable())
  end)

  it("starts again when it is seeded again", function()
    local r = RandomState(0)
    r:randn(3)
    r:seed(42)
    assert.are.equal(RandomState(42):rand(), r:rand())
    assert.are.equal(RandomState(42.0):rand(), RandomState(42):rand())
  end)

  it("takes a seed of its own when it is given none", function()
    assert.are_not.equal(RandomState():rand(), RandomState():rand())
    local r = RandomState(0)
    r:seed()
    assert.are_not.equal(RandomState(0):rand(), r:rand())
  end)

  it("goes on from a saved state", function()
    local r, s = RandomState(3), RandomState(4)
    r:randn(5)
    local state = r:get_state()
    assert.are.equal(624, #state.key)
    assert.are.equal("float", math.type(state.gauss))
    s:set_state(state)
    assert.are.same(r:randn(700):totable(), s:randn(700):totable())
    assert.are.same(r:get_state(), s:get_state())
  end)

  it("shares nothing with another one", function()
    local r, s = RandomState(0), RandomState(0)
    r:rand(1000)
    assert.are.equal(RandomState(0):rand(), s:rand())
  end)

  it("has a name, and names the nearest of a missing method", function()
    assert.truthy(tostring(RandomState(0)):find("^RandomState: "))
    local r = RandomState(0)
    refuses("RandomState: no such name: 'rnad'; did you mean 'rand'?",
      function() r:rnad() end)
  end)
end)

describe("a result", function()
  local r = RandomState(0)

  it("is a Lua number when no size is given", function()
    assert.are.equal("float", math.type(r:rand()))
    assert.are.equal("float", math.type(r:randn { dtype = "float32" }))
    assert.are.equal("float", math.type(r:uniform(0, 1)))
    assert.are.equal("float", math.type(r:normal()))
    assert.are.equal("integer", math.type(r:randint(6)))
    assert.are.equal("integer", math.type(r:choice(6)))
  end)

  it("has the size asked for, which may be no axes or no elements", function()
    assert.are.same({ 2, 3 }, r:randn(2, 3).shape)
    assert.are.same({ 4 }, r:uniform(0, 1, 4).shape)
    assert.are.same({ 0, 3 }, r:rand(0, 3).shape)
    assert.are.same({}, r:randint(6, { size = {} }).shape)
    assert.are.same({ 0 }, r:permutation(0).shape)
  end)

  it("has the dtype asked for, or the smallest that holds the range", function()
    assert.are.equal("float32", r:rand(2).dtype)
    assert.are.equal("float64", r:randn(2, { dtype = "float64" }).dtype)
    assert.are.equal("int32", r:randint(2^31 - 1, { size = 1 }).dtype)
    assert.are.equal("int64", r:randint(2^31, { size = 1 }).dtype)
    assert.are.equal("int64", r:randint(-2^31 - 1, 0, { size = 1 }).dtype)
    assert.are.equal("int64", r:randint(1, 6, 1, "int64").dtype)
    assert.are.equal("int32", r:choice(5, 3).dtype)
    assert.are.equal("int32", r:permutation(5).dtype)
  end)

  it("of randint reaches both ends and goes no further", function()
    local seen = {}
    for _, v in ipairs(r:randint(-1, 1, { size = 100 }):totable()) do
      seen[v] = true
    end
    assert.are.same({ [-1] = true, [0] = true, [1] = true }, seen)
  end)
end)

describe("choice", function()
  local x = nd.constant { {1, 2}, {3, 4}, {5, 6} }

  it("picks rows of a tensor, as the same draw of positions does", function()
    local at = RandomState(1):choice(3, { size = {2, 2} })
    local picked = RandomState(1):choice(x, { size = {2, 2} })
    assert.are.same(nd.gather(x, at):totable(), picked:totable())
    local one = RandomState(1):choice(3)
    assert.are.same(x[one]:totable(), RandomState(1):choice(x):totable())
  end)

  it("picks from a list: one value of any type, or a tensor", function()
    local at = RandomState(2):choice(3)
    assert.are.equal(({ "a", "b", "c" })[at],
                     RandomState(2):choice { "a", "b", "c" })
    local got = RandomState(2):choice({ 10, 20, 30 }, 4)
    local want = RandomState(2):choice(3, 4) * 10
    assert.are.same(want:totable(), got:totable())
  end)

  it("gives every position once when nothing is put back", function()
    local all = RandomState(0):choice(50, { size = 50, replace = false })
    local list = all:totable()
    table.sort(list)
    for i = 1, 50 do assert.are.equal(i, list[i]) end
  end)

  it("of rows is recorded by a tape", function()
    local v = nd.Variable(nd.ones { 3 })
    local tape <close> = nd.GradientTape()
    local y = nd.reduce_sum(RandomState(0):choice(v, 5))
    local sums = nd.reduce_sum(tape:gradient(y, v))
    assert.are.equal(5, sums:item())
  end)
end)

describe("nd.random", function()
  local x = nd.range(100)

  it("repeats its numbers after set_seed", function()
    nd.random.set_seed(7)
    local a, b = nd.random.normal({ 3 }), nd.random.shuffle(x)
    nd.random.set_seed(7)
    assert.are.same(a:totable(), nd.random.normal({ 3 }):totable())
    assert.are.same(b:totable(), nd.random.shuffle(x):totable())
  end)

  it("shuffles rows anew each time, and leaves the tensor as it was", function()
    nd.random.set_seed(0)
    local before = x:totable()
    local a, b = nd.random.shuffle(x):totable(), nd.random.shuffle(x):totable()
    assert.are_not.same(a, b)
    assert.are_not.same(before, a)
    table.sort(a)
    assert.are.same(before, a)
    assert.are.same(before, x:totable())
  end)

  it("shuffles by a seed of its own", function()
    local list = { 1, 2, 3, 4, 5, 6, 7, 8 }
    local function shuffle(seed)
      return nd.random.shuffle(list, { seed = seed }):totable()
    end
    nd.random.set_seed(1)
    local first, second = shuffle(3), shuffle(3)
    assert.are_not.same(first, second)
    nd.random.set_seed(1)
    assert.are.same(first, shuffle(3))
    assert.are_not.same(second, shuffle(4))
    assert.are.same(shuffle { 3, 4 }, shuffle { 3, 4 })
    refuses("shuffle: seed is one number or two, got 3", nd.random.shuffle,
      list, { 1, 2, 3 })
  end)

  it("keeps rows whole when it shuffles", function()
    local y = nd.random.shuffle { {1, 10}, {2, 20}, {3, 30} }:totable()
    for _, row in ipairs(y) do assert.are.equal(10 * row[1], row[2]) end
    assert.are.same({ 0, 2 }, nd.random.shuffle(nd.zeros { 0, 2 }).shape)
  end)
end)

describe("an error", function()
  local word = "must be a whole number, got "

  it("names a wrong seed", function()
    local range = "seed must be within 0..4294967295, got "
    refuses("RandomState: " .. range .. "-1", RandomState, -1)
    refuses("RandomState: " .. range .. "4294967296", RandomState, 2^32)
    refuses("RandomState: seed " .. word .. "1.5", RandomState, 1.5)
    refuses("RandomState: seed " .. word .. "string", RandomState, "0")
    rejects("seed: " .. range .. "-1", "seed", -1)
    refuses("set_seed: seed " .. word .. "string", nd.random.set_seed, "1")
    refuses("set_seed: seed is missing: it must be a whole number",
           nd.random.set_seed)
  end)

  it("names a wrong self", function()
    refuses("rand: self must be a RandomState, got number",
           RandomState(0).rand, 3)
  end)

  it("names a wrong size", function()
    rejects("rand: a size " .. word .. "2.5", "rand", 2.5)
    rejects("rand: a size " .. word .. "string", "rand", "3")
    rejects("randn: negative size: [2 -1]", "randn", 2, -1)
    rejects("randn: at most 8 axes, got 9", "randn", 1, 1, 1, 1, 1, 1, 1, 1, 1)
    rejects("uniform: negative size: [-3]", "uniform", 0, 1, -3)
    rejects("choice: negative size: [-3]", "choice", 5, -3)
    rejects("permutation: negative size: [-1]", "permutation", -1)
    rejects("randint: too large: [4611686018427387904] of int32", "randint", 5,
            { size = 1 << 62 })
  end)

  it("names a wrong dtype or option", function()
    rejects("rand: dtype must be float32 or float64, got int32", "rand", 3,
            { dtype = "int32" })
    rejects("rand: unknown option 'size': it takes dtype", "rand", { size = 3 })
    rejects("normal: unknown option 'mean': it takes loc, scale, size, dtype; "
            .. "did you mean 'loc'?", "normal", { mean = 3 })
    rejects("randint: dtype must be int32 or int64, got float32", "randint", 5,
            { dtype = "float32" })
    rejects("randint: 1..5000000000 does not fit int32", "randint", 5e9,
            { dtype = "int32" })
    rejects("choice: unknown option 'p': it takes x, size, replace", "choice",
            3, { p = {} })
    rejects("choice: replace must be true or false, got 1", "choice", 3,
            { replace = 1 })
  end)

  it("names a range that has nothing in it", function()
    rejects("uniform: no such interval of float64: 2 to 1", "uniform", 2, 1)
    rejects("uniform: no such interval of float64: 0 to inf", "uniform", 0,
            math.huge)
    rejects("uniform: no such interval of float32: 0 to 1e+39", "uniform", 0,
            1e39, 3)
    rejects("uniform: no such interval of float32: 0.1 to 0.100000000001",
            "uniform", .1, .1 + 1e-12, 3)
    assert.is_true(RandomState(0):uniform(0, 1e39) > 1e38)
    rejects("normal: scale must be 0 or more, got -1", "normal", 0, -1)
    rejects("normal: scale must be a finite float64, got nan", "normal", 0,
            0 / 0)
    rejects("normal: loc must be a finite float32, got 1e+39", "normal", 1e39,
            1, 3)
    rejects("randint: empty range: 1..0", "randint", 0)
    rejects("randint: empty range: 3..2", "randint", 3, 2)
    rejects("choice: nothing to choose from: 1..0", "choice", {})
    rejects("choice: too many without replacement: 4 of 3", "choice", 3,
            { size = 4, replace = false })
  end)

  it("names a wrong argument", function()
    rejects("uniform: low must be a number, got string", "uniform", "1")
    rejects("randint: low is missing: it must be a whole number", "randint")
    rejects("randint: high " .. word .. "1.5", "randint", 1, 1.5)
    rejects("choice: x must be a whole number, a tensor or a list, got string",
            "choice", "abc")
    rejects("permutation: needs an axis: x is []", "permutation",
            nd.constant(3))
    refuses("shuffle: x must be a tensor, got 3", nd.random.shuffle, 3)
  end)

  it("of shuffle points from tensors to permutation", function()
    local message = "shuffle: tensors never change; use permutation"
    rejects(message, "shuffle", nd.constant { 1, 2 })
    rejects(message, "shuffle", nd.Variable { 1, 2 })
    rejects("shuffle: x must be a list, got 3", "shuffle", 3)
  end)

  it("of set_state leaves the stream as it was", function()
    local r = RandomState(0)
    local state = r:get_state()
    state.position = 625
    refuses("set_state: position must be within 0..624, got 625", r.set_state,
           r, state)
    state.position, state.key[624] = 0, 2^32
    refuses("set_state: a word of key must be within 0..4294967295, got " ..
           "4294967296", r.set_state, r, state)
    state.key = nil
    refuses("set_state: key is missing: it must be a list", r.set_state, r,
           state)
    refuses("set_state: state must be a table from get_state, got 1",
           r.set_state, r, 1)
    assert.are.equal(RandomState(0):rand(), r:rand())
  end)
end)
