--- How a call is read by its signature.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local signature = require "nadir.signature"
local refuses = require "support".refuses

assert(_VERSION == "Lua 5.4")

local takes = signature.new("it", {
  { "size", "size" },
  { "flag", "flag", true },
  { "seed", "integer", false },
  { "shape", "shape", false },
})

describe("a signature", function()
  it("reads positions, then options by name", function()
    for _, values in ipairs {
      takes:read(2, false, 7, { 1, 2 }),
      takes:read(2, false, { seed = 7, shape = { 1, 2 } }),
      takes:read { size = 2, flag = false, seed = 7, shape = { 1, 2 } },
    } do
      assert.same({ size = 2, flag = false, seed = 7, shape = { 1, 2 } },
        values)
    end
  end)

  it("fills in initial values, also for nil", function()
    local want = { size = 1, flag = true, seed = false, shape = false }
    assert.same(want, (takes:read(1)))
    assert.same(want, (takes:read(1, {})))
    assert.same(want, (takes:read(1, nil, false)))
  end)

  it("gives back what was given", function()
    local _, given = takes:read(2., { seed = 3 })
    assert.same({ size = 2., seed = 3 }, given)
  end)

  it("takes a whole number in a float, and a shape that is a number", function()
    local values = takes:read(2., { shape = 5. })
    assert.equal("integer", math.type(values.size))
    assert.same({ 5 }, values.shape)
  end)

  it("tells an empty list from options by the place", function()
    assert.same({}, takes:read(1, true, 1, {}).shape)
    assert.is_false(takes:read(1, {}).shape)
  end)

  it("takes no value with a metatable for options", function()
    refuses("it: size must be a whole number, 1 or more, got Dense",
      function() takes:read(nd.layers.Dense(1)) end)
  end)

  for message, arguments in pairs {
    ["it: size is missing: it must be a whole number, 1 or more"] = {},
    ["it: size must be a whole number, 1 or more, got 0"] = { 0 },
    ["it: size must be a whole number, 1 or more, got 1.5"] = { 1.5 },
    ["it: size must be a whole number, 1 or more, got nan"] = { 0 / 0 },
    ["it: size must be a whole number, 1 or more, got Tensor"] =
      { nd.zeros { 2 } },
    ["it: size is given twice"] = { 1, { size = 2 } },
    ["it: flag must be true or false, got string"] = { 1, "yes" },
    ["it: seed must be a whole number, got string"] = { 1, { seed = "1" } },
    ["it: takes at most 4 arguments, got 5"] = { 1, true, 1, { 1 }, 5 },
    ["it: unknown option 'sied': it takes size, flag, seed, shape; "
      .. "did you mean 'seed'?"] = { 1, { sied = 1 } },
    ["it: unknown option 'a': it takes size, flag, seed, shape"] =
      { 1, { zz = 1, a = 1 } },
    ["it: options go by name, as in { size = ... }"] = { { 1, flag = true } },
    ["it: a table mixes values with the name 'size'"] =
      { 1, { true, size = true } },
    ["it: shape must be a whole number or a list of them, got table"] =
      { 1, { shape = { 1, "2" } } },
  } do
    it("refuses a mistake: " .. message, function()
      refuses(message, function() takes:read(table.unpack(arguments)) end)
    end)
  end

  it("is text as scripts would write it", function()
    assert.equal("it(size, flag = true, seed = nil, shape = nil)",
      takes:text())
    assert.equal('it { size = 2, shape = { 1, 2 } }',
      takes:show { shape = { 1, 2 }, size = 2 })
  end)
end)

describe("a function in C", function()
  local V, C = nd.Variable, nd.constant

  it("takes its arguments by position, by name, or mixed", function()
    local SGD, RandomState = nd.optimizers.SGD, nd.random.RandomState
    for _, sgd in ipairs {
      SGD(.5, .25, true),
      SGD(.5, { momentum = .25, nesterov = true }),
      SGD(nil, .25, { learning_rate = .5, nesterov = true }),
      SGD { learning_rate = .5, momentum = .25, nesterov = true },
    } do
      assert.same({ .5, .25, true },
        { sgd.learning_rate, sgd.momentum, sgd.nesterov })
    end
    local v = V { value = 1, name = "w", dtype = "float64", trainable = false }
    assert.same({ 1.0, "w", "float64", false },
      { v:item(), v.name, v.dtype, v.trainable })
    assert.same({ 2, 2 }, C { value = 1, shape = { 2, 2 } }.shape)
    local a, b = RandomState(3), RandomState { seed = 3 }
    assert.equal(a:uniform(1, 2), b:uniform { low = 1, high = 2 })
    assert.equal(a:randint(1, 9), b:randint(1, { high = 9 }))
    assert.same(a:choice(5, 3):totable(),
      b:choice { x = 5, size = 3 }:totable())
    assert.same(a:permutation(4):totable(),
      b:permutation { x = 4 }:totable())
  end)

  it("takes options where its tables have names of their own", function()
    local w = V(2.0)
    local function tape()
      local t = nd.GradientTape(true)
      return t, w * w
    end
    local t, y = tape()
    assert.equal(4.0, t:gradient { target = y, sources = w }:item())
    assert.same({ 4.0 }, { t:gradient(y, { sources = w }).sources:item() })
    local other = V(1.0)
    assert.equal(0.0, t:gradient { target = y, sources = other,
                                   unconnected_gradients = "zero" }:item())
    nd.optimizers.SGD(1):apply_gradients { gradients = { C(1.0) },
                                           variables = { w } }
    assert.equal(1.0, w:item())
    assert.is_nil(w:assign { value = 3.0, read_value = false })
    assert.equal(3.0, w:item())
  end)

  it("takes an empty table for no options where it takes no table", function()
    assert.equal(0.01, nd.optimizers.SGD {}.learning_rate)
    assert.equal(0.5, nd.optimizers.SGD(0.5, {}).learning_rate)
    assert.equal("int32", V(1, {}).dtype)
    assert.same({ 0 }, V({}).shape)
    assert.same({}, nd.GradientTape():gradient(C(1.0), {}))
  end)

  for message, call in pairs {
    ["SGD: learning_rate is given twice"] =
      function() nd.optimizers.SGD(1, { learning_rate = 2 }) end,
    ["RandomState: takes at most 1 argument, got 2"] =
      function() nd.random.RandomState(1, 2) end,
    ["SGD: options go by name, as in { learning_rate = ... }"] =
      function() nd.optimizers.SGD { .1, momentum = .9 } end,
    ["SGD: momentum must be a number within 0..1, got table"] =
      function() nd.optimizers.SGD(.1, { .9 }) end,
    ["SGD: a table mixes values with the name 'nesterov'"] =
      function() nd.optimizers.SGD(.1, { .9, nesterov = true }) end,
    ["uniform: a shape is a table: {2, 3}, not 2, 3"] =
      function() nd.random.RandomState(1):uniform(0, 1, 2, 3) end,
    ["Variable: trainable must be true or false, got Dense"] =
      function() V(1, nd.layers.Dense(1)) end,
    ["gradient: sources is missing: it must be a tensor, a Variable or a table"]
      = function() nd.GradientTape():gradient { target = C(1.0) } end,
    ["assign: unknown option 'valeu': it takes value, read_value; "
      .. "did you mean 'value'?"] = function() V(1):assign { valeu = 2 } end,
  } do
    it("refuses a mistake: " .. message, function()
      refuses(message, call)
    end)
  end
end)
