--- nd.models.clone_model.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local refuses = require "support".refuses

assert(_VERSION == "Lua 5.4")

local L, Input = nd.layers, nd.Input
local clone_model = nd.models.clone_model

local function shapes(model)
  local list = {}
  for i, weight in ipairs(model.weights) do
    list[i] = table.move(weight.shape, 1, weight.rank, 1, {})
  end
  return list
end

local function paths(model)
  local list = {}
  for i, named in ipairs(model:named_variables()) do list[i] = named[1] end
  return list
end

-- Whether no Variable of one is one of the other.
local function assert_apart(a, b)
  for _, variable in ipairs(a.weights) do
    for _, other in ipairs(b.weights) do
      assert.is_false(rawequal(variable, other))
    end
  end
end

describe("a clone", function()
  it("has the settings and names of a Sequential, and weights of its own",
    function()
      local model = nd.Sequential { Input { 3 },
        L.Dense(4, { activation = "relu", kernel_regularizer = "l2" }),
        L.Dropout(.5), L.Dense(2, { trainable = false }) }
      model:compile { loss = "mse" }
      local copy = clone_model(model)
      assert.is_true(copy.built)
      assert.equal(model.name, copy.name)
      assert.equal(tostring(model), tostring(copy))
      assert.same(shapes(model), shapes(copy))
      assert.same(paths(model), paths(copy))
      assert.equal(2, #copy.trainable_weights)
      assert.equal(1, #copy.losses)
      assert_apart(model, copy)
      refuses("fit: " .. copy.name .. " is not compiled yet; use model:compile",
        function() copy:fit(nd.ones { 2, 3 }, nd.ones { 2, 2 }) end)
      copy:set_weights(model:get_weights())
      local x = nd.random.normal { 5, 3 }
      assert.same(model(x):totable(), copy(x):totable())
    end)

  it("is built as far as its model is", function()
    local model = nd.Sequential { L.Dense(4) }
    assert.is_false(clone_model(model).built)
    model(nd.ones { 1, 3 })
    assert.same(shapes(model), shapes(clone_model(model)))
  end)

  it("shares what a functional model shares, and nests", function()
    local shared = L.Dense(4)
    local a, b = Input { 3 }, Input { 3 }
    local inner = nd.Sequential { Input { 8 }, L.Dense(2) }
    local joined = L.Concatenate()({ shared(a), nd.silu(shared(b)) })
    local model = nd.Model({ a, b }, inner(joined) * 2)
    local copy = clone_model(model)
    assert.same(shapes(model), shapes(copy))
    assert.equal(#model.layers, #copy.layers)
    assert_apart(model, copy)
    copy:set_weights(model:get_weights())
    local x = { nd.random.normal { 5, 3 }, nd.random.normal { 5, 3 } }
    assert.same(model(x):totable(), copy(x):totable())
  end)

  it("is of a class of one's own, with what its init got", function()
    local Net = nd.Model:extend "Net"
    function Net:init(units) self.dense = L.Dense(units) end
    function Net:call(x) return self.dense(x) end
    local model = Net(3)
    model(nd.ones { 1, 2 })
    local copy = clone_model(model)
    assert.same({ 4, 3 }, copy(nd.ones { 4, 2 }).shape)
    assert_apart(model, copy)
  end)

  it("keeps functions and classes that no file could hold", function()
    local Scale = L.Layer:extend("Scale", { { "factor", "number", 2 } })
    function Scale:call(x) return self.factor * x end
    local function half(x) return x / 2 end
    local model = nd.Sequential { Input { 1 }, Scale(3), L.Lambda(half) }
    local copy = clone_model(model)
    assert.same({ { 3 } }, copy(nd.constant { { 2. } }):totable())
    assert.equal(half, L.Bidirectional(L.SimpleRNN(2, { activation = half }))
      .backward_layer.activation)
  end)

  it("has the layers that a function makes of those of its model", function()
    local x = Input { 3 }
    local model = nd.Model(x, L.Dense(2)(L.Dense(4)(x)))
    local names = {}
    local function wider(layer)
      names[#names + 1] = layer.name
      return L.Dense(layer.units + 1)
    end
    local copy = clone_model(model, { clone_function = wider })
    assert.same({ { 3, 5 }, { 5 }, { 5, 3 }, { 3 } }, shapes(copy))
    assert.same({ model.layers[2].name, model.layers[3].name }, names)
    names = {}
    local chain = nd.Sequential { Input { 3 }, L.Dense(4) }
    assert.same({ { 3, 5 }, { 5 } }, shapes(clone_model(chain, wider)))
  end)

  it("refuses a mistake", function()
    refuses("clone_model: model must be a model, got Dense",
      function() clone_model(L.Dense(1)) end)
    refuses("clone_model: clone_function must give a layer, got 3", function()
      clone_model(nd.Sequential { L.Dense(1) }, function() return 3 end)
    end)
  end)
end)
