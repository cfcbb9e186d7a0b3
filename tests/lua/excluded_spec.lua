--- exclude_from_weight_decay and exclude_layers: which Variables optimizers
-- leave alone.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local refuses = support.refuses

assert(_VERSION == "Lua 5.4")

local SGD = nd.optimizers.SGD

describe("exclude_from_weight_decay", function()
  it("leaves Variables alone, by list or name", function()
    local function train(exclude)
      local w = nd.Variable(2., { name = "dense/kernel" })
      local b = nd.Variable(2., { name = "dense/bias" })
      local sgd = SGD { learning_rate = 1, weight_decay = .5 }
      exclude(sgd, b)
      sgd:apply_gradients { { nd.constant(0.), w }, { nd.constant(0.), b } }
      return { w:item(), b:item() }
    end
    assert.same({ 1.0, 1.0 }, train(function() end))
    assert.same({ 1.0, 2.0 }, train(function(sgd, b)
      sgd:exclude_from_weight_decay { var_list = { b } }
    end))
    assert.same({ 1.0, 2.0 }, train(function(sgd)
      sgd:exclude_from_weight_decay { var_names = { "bias$" } }
    end))
    assert.same({ 2.0, 1.0 }, train(function(sgd, b)
      sgd:exclude_from_weight_decay { var_list = { b } }
      sgd:exclude_from_weight_decay { var_names = { "kernel" } }
    end))
  end)

  it("is asked of any number of Variables", function()
    local variables = {}
    for i = 1, 12 do
      variables[i] = nd.Variable(2., { name = i % 2 == 0 and "bias" or "w" })
    end
    local sgd = SGD { learning_rate = 1, weight_decay = .5 }
    sgd:exclude_from_weight_decay { var_names = { "bias" } }
    sgd:minimize(function()
      local sum = 0
      for _, v in ipairs(variables) do sum = sum + v * 0 end
      return sum
    end, { odd = variables })
    for i, v in ipairs(variables) do
      assert.equal(i % 2 == 0 and 2. or 1., v:item())
    end
  end)

  it("refuses what is no list, and no pattern", function()
    local function refused(message, ...)
      refuses("exclude_from_weight_decay: " .. message,
        SGD().exclude_from_weight_decay, SGD(), ...)
    end
    refused("var_names must be a list of patterns", { var_names = "bias" })
    refused("var_names must be a list of patterns", { var_names = { 3 } })
    refused("var_list must be a list of Variables", nd.Variable(1.))
    refused("var_list must be a list of Variables", { nd.constant(1.) })
    local sgd = SGD { weight_decay = .5 }
    sgd:exclude_from_weight_decay { var_names = { "w[" } }
    refuses("exclude_from_weight_decay: 'w[' is no pattern of Lua's",
      sgd.apply_gradients, sgd,
      { { nd.constant(0.), nd.Variable(1., { name = "w" }) } })
  end)
end)

describe("which Variables are excluded", function()
  it("is asked once of each, and again after a change", function()
    local asked = 0
    local v = nd.Variable(2., { name = "bias" })
    local sgd = SGD { learning_rate = 1, weight_decay = .5 }
    sgd:exclude_from_weight_decay { var_names = { "bias" } }
    local zero = nd.constant(0.)
    debug.sethook(function()
      if debug.getinfo(2, "f").func == string.find then asked = asked + 1 end
    end, "c")
    for _ = 1, 3 do sgd:apply_gradients { { zero, v } } end
    debug.sethook()
    assert.equal(2., v:item())
    assert.equal(1, asked)
    sgd:exclude_from_weight_decay { var_names = { "kernel" } }
    sgd:apply_gradients { { zero, v } }
    assert.equal(1., v:item())
  end)

  it("is an option of Muon's, which can be changed", function()
    local muon = nd.optimizers.Muon { exclude_layers = { "head" } }
    assert.same({ { "head" }, true },
      { muon.exclude_layers, muon.exclude_embeddings })
    local v = nd.Variable({ { 1., 2 }, { 3, 4 } }, { name = "head" })
    muon:apply_gradients { { v * 1, v } }
    assert.is_not_nil(muon:get_slot(v, "velocity"))
    muon.exclude_layers = nil
    muon:set_slot(v, "velocity", nil)
    muon:apply_gradients { { v * 1, v } }
    assert.is_nil(muon:get_slot(v, "velocity"))
    muon.exclude_embeddings = false
    assert.is_false(muon.exclude_embeddings)
    refuses("Muon: exclude_layers must be a list of patterns", function()
      muon.exclude_layers = "head"
    end)
    refuses("Muon: exclude_embeddings must be true or false, got 1", function()
      muon.exclude_embeddings = 1
    end)
    refuses("Muon: exclude_layers must be a list of patterns",
      nd.optimizers.Muon, { exclude_layers = { 3 } })
  end)
end)
