--- Chains of layers.
local nd = require "nadir"
local Dense = nd.layers.Dense
local Sequential = nd.Sequential

assert(_VERSION == "Lua 5.4")

describe("Sequential", function()
  it("calls each layer with what the one before it returned", function()
    local model = Sequential {
      function(x) return x + 1 end,
      function(x) return x * 10 end,
    }
    assert.equal(30, model(2):item())
  end)

  it("has the variables of its layers, first layer first", function()
    local first, last = Dense(4, { activation = "relu" }), Dense(2)
    local model = Sequential { first, nd.tanh, Sequential { last } }
    assert.same({}, model.trainable_variables)
    assert.same({ 5, 2 }, model(nd.zeros { 5, 3 }).shape)
    local variables = model.trainable_variables
    assert.equal(4, #variables)
    for i, v in ipairs { first.kernel, first.bias, last.kernel,
                         last.bias } do
      assert.equal(v, variables[i])
    end
  end)

  it("refuses what is no list of layers", function()
    for message, layers in pairs {
      ["Sequential: layers must be a list of layers, got 1"] = 1,
      ["Sequential: a table mixes values with the name 'name'"] =
        { Dense(1), name = "x" },
      ["Sequential: layer 2 cannot be called: it is a number"] =
        { Dense(1), 2 },
      ["Sequential: layer 1 cannot be called: it is a table"] =
        { setmetatable({}, { __metatable = 7 }) },
      ["Sequential: layer 2 is nil"] = { Dense(1), nil, Dense(2) },
    } do
      local _, err = pcall(function()
        local model = Sequential(layers)
        return model
      end)
      assert.equal(message, (err:gsub("^[^:]*:%d+: ", "")))
    end
  end)

  it("shows the layers that it has now, also when it is made again", function()
    local model = Sequential { nd.Input { 2 }, Dense(1, { name = "a" }) }
    model:add(Dense(2, { name = "b", kernel_initializer =
      nd.initializers.HeNormal { seed = 1 } }))
    local text = tostring(model)
    assert.matches("KerasTensor.*name = \"a\".*HeNormal { seed = 1 }.*\"b\"",
      text)
    assert.equal(text, tostring(Sequential:from_config(model:get_config())))
    model:pop()
    assert.not_matches("HeNormal", tostring(model))
  end)

  it("shows its layers", function()
    local model = Sequential { layers = { Dense { units = 2, name = "a" } },
                               name = "m" }
    assert.equal(
      'Sequential { layers = { Dense { units = 2, name = "a" } }, name = "m" }',
      tostring(model))
  end)

  it("stays as it was where a layer does not fit", function()
    local model = nd.Sequential { nd.Input { 2 }, nd.layers.Dense(3) }
    assert.is_false(pcall(model.add, model, nd.layers.Conv2D(1, 2)))
    assert.equal(1, #model.layers)
    model:add(nd.layers.Dense(4))
    assert.same({ 1, 4 }, { table.unpack(model(nd.ones { 1, 2 }).shape) })
  end)
end)
