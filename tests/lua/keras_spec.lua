--- nd.keras: names that lead to what is elsewhere.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local refuses = require "support".refuses

assert(_VERSION == "Lua 5.4")

local keras = nd.keras

describe("nd.keras", function()
  it("leads to the same", function()
    for _, name in ipairs { "layers", "Model", "Sequential", "losses", "Input",
                            "optimizers", "callbacks", "random" } do
      assert.equal(nd[name], keras[name])
    end
    assert.equal(nd.silu, keras.ops.silu)
    refuses("nd.keras: no such name: 'layer'; did you mean 'layers'?",
      function() return keras.layer end)
    refuses("nd: no such name: 'mean'; did you mean 'reduce_mean'?",
      function() return keras.ops.mean end)
  end)

  it("gives what it holds", function()
    local names = {}
    for name, value in pairs(keras) do
      names[#names + 1] = name
      assert.equal(keras[name], value)
    end
    assert.equal("Input Model Sequential activations callbacks constraints "
      .. "initializers layers losses metrics models ops optimizers random "
      .. "regularizers utils", table.concat(names, " "))
    local layers = {}
    for name, value in pairs(keras.layers) do layers[name] = value end
    assert.equal(nd.layers.Dense, layers.Dense)
  end)

  it("has what is used of utils", function()
    assert.same({ { 1, 0, 0 }, { 0, 0, 1 } },
      keras.utils.to_categorical({ 1, 3 }):totable())
    assert.same({ { 0, 1, 0 } },
      keras.utils.to_categorical({ 2 }, 3):totable())
    keras.utils.set_random_seed(7)
    local first = nd.random.normal({ 3 }):totable()
    nd.random.set_seed(7)
    assert.same(first, nd.random.normal({ 3 }):totable())
    refuses("nd.keras.utils: no such name: 'to_categorial'; "
      .. "did you mean 'to_categorical'?",
      function() return keras.utils.to_categorial end)
  end)
end)
