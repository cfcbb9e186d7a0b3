--- MultiOptimizer and OptimizerMap: several optimizers, each for Variables of
-- its own.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local refuses, near = support.refuses, support.near

assert(_VERSION == "Lua 5.4")

local optimizers = nd.optimizers
local Multi, Map, SGD = optimizers.MultiOptimizer, optimizers.OptimizerMap,
  optimizers.SGD

local function scalar_of(name)
  return nd.Variable(0., { name = name })
end

local one = nd.constant(1.)

describe("OptimizerMap", function()
  local slow, fast, own = SGD(.1), SGD(1.), SGD(2.)
  local map = Map(slow, { ["encoder/.*"] = fast, ["encoder/a"] = own,
                          ["dec.der"] = fast })

  it("chooses by the name, then by the pattern that all of it fits", function()
    for name, want in pairs { ["encoder/b"] = fast, ["encoder/a"] = own,
                              ["my/encoder/b"] = slow, decoder = fast,
                              ["decoder/x"] = slow } do -- any order
      assert.equal(want, map(scalar_of(name)))
    end
  end)

  it("takes names, too", function()
    assert.equal(fast, Map { default_optimizer = slow,
                             optimizer_map = { x = fast } }(scalar_of "x"))
    assert.equal(slow, Map { default_optimizer = slow }(scalar_of "x"))
    assert.equal("OptimizerMap { default_optimizer = SGD }", tostring(map))
    refuses("OptimizerMap: unknown option 'map': it takes default_optimizer, "
      .. "optimizer_map", Map, { map = {} })
  end)

  it("refuses two patterns, and what is no optimizer", function()
    refuses("OptimizerMap: 'abc' fits two patterns, '.*c' and 'a.*'",
      Map(slow, { ["a.*"] = fast, [".*c"] = own }),
      scalar_of "abc")
    refuses("OptimizerMap: '[' is no pattern of Lua's",
      Map(slow, { ["["] = fast }), scalar_of "x")
    refuses("OptimizerMap: default_optimizer must be an optimizer, got 1", Map,
      1)
    refuses("OptimizerMap: optimizer_map must have optimizers by patterns, got "
      .. "1 by a", Map, slow, { a = 1 })
  end)
end)

describe("MultiOptimizer", function()
  it("has each Variable trained by its optimizer", function()
    local a, b = SGD(1.), SGD(.5)
    local x, y, z = scalar_of "head/x", scalar_of "y", scalar_of "head/z"
    local optimizer = Multi(Map(b, { ["head/.*"] = a }))
    optimizer:apply_gradients { { one, x }, { one, y }, { one, z } }
    near({ -1, -.5, -1 }, nd.stack { x, y, z }, 0)
    optimizer:apply_gradients({ { q = one } }, { { q = x, r = y } })
    near({ -2, -.5, -1 }, nd.stack { x, y, z }, 0)
    assert.same({ 2, 2, 1 },
      { optimizer.iterations, a.iterations, b.iterations })
  end)

  it("asks a function once of each Variable", function()
    local asked, sgd = {}, SGD(1.)
    local x, y = scalar_of "x", scalar_of "y"
    local optimizer = Multi(function(variable)
      asked[#asked + 1] = variable.name
      return sgd
    end)
    for _ = 1, 2 do optimizer:minimize(function() return x * 2 + y end) end
    table.sort(asked)
    assert.same({ "x", "y" }, asked)
    near({ -4, -2 }, nd.stack { x, y }, 0)
  end)

  it("goes on from its state", function()
    local function make()
      return Multi(Map(optimizers.Adam(.1),
        { optimizer_map = { x = SGD { momentum = .5 } } }))
    end
    local function descend(optimizer, v)
      for _ = 1, 3 do
        optimizer:minimize(function() return nd.exp(v[1]) + nd.exp(v[2]) end, v)
      end
    end
    local a, b = make(), make()
    local v = { scalar_of "x", scalar_of "y" }
    local w = { scalar_of "x", scalar_of "y" }
    descend(a, v)
    w[1]:assign(v[1])
    w[2]:assign(v[2])
    b:load_state_dict(a:state_dict(v), w)
    descend(a, v)
    descend(b, w)
    assert.same({ v[1]:item(), v[2]:item() }, { w[1]:item(), w[2]:item() })
    assert.equal(6, b.iterations)
    refuses("load_state_dict: the state is of 2 optimizers, not of 1",
      b.load_state_dict, b, a:state_dict(v), { w[1] })
  end)

  it("gives running means", function()
    local x, y = scalar_of "x", scalar_of "y"
    local optimizer = Multi(Map(SGD { learning_rate = 1, use_ema = true },
      { optimizer_map = { y = SGD(1.) } }))
    for _ = 1, 2 do optimizer:apply_gradients { { one, x }, { one, y } } end
    optimizer:finalize_variable_values { x, y }
    near({ -1.01, -2 }, nd.stack { x, y }, 1e-7)
  end)

  it("refuses what it cannot do", function()
    local optimizer = Multi(Map(SGD()))
    refuses("MultiOptimizer: learning_rate is of the optimizers inside",
      function() return optimizer.learning_rate end)
    refuses("MultiOptimizer: learning_rate is of the optimizers inside",
      function() optimizer.learning_rate = 1 end)
    refuses("MultiOptimizer: exclude_from_weight_decay is of the optimizers "
      .. "inside", optimizer.exclude_from_weight_decay, optimizer)
    refuses("MultiOptimizer: 'x' gets a number, which is no optimizer",
      function()
        Multi(function() return 3 end):apply_gradients {
          { one, scalar_of "x" } }
      end)
    refuses("MultiOptimizer: 'x' gets a MultiOptimizer, which cannot be inside",
      function()
        Multi(function() return optimizer end):apply_gradients {
          { one, scalar_of "x" } }
      end)
    refuses("apply_gradients: no variables", optimizer.apply_gradients,
      optimizer, {})
    refuses("apply_gradients: a variable must be a Variable, got Tensor",
      optimizer.apply_gradients, optimizer, { { one, one } })
    refuses("apply_gradients: no gradients: every one of 1 is missing: "
      .. "variable 1 'x'", optimizer.apply_gradients, optimizer,
      { { false, scalar_of "x" } })
  end)
end)
