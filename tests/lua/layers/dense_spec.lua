--- The fully connected layer.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local Dense = nd.layers.Dense
local Sequential = nd.Sequential
local refusal = require "support".refusal

assert(_VERSION == "Lua 5.4")

describe("Dense", function()
  it("makes its weights when it sees its first input", function()
    local layer = Dense(3)
    assert.same({}, layer.trainable_variables)
    assert.same({ 5, 3 }, layer(nd.zeros { 5, 2 }).shape)
    assert.same({ 2, 3 }, layer.kernel.shape)
    assert.same({ 3 }, layer.bias.shape)
    assert.equal(layer.kernel, layer.trainable_variables[1])
    assert.equal(layer.bias, layer.trainable_variables[2])
  end)

  it("keeps its weights for later inputs", function()
    local layer = Dense(3)
    local x = nd.ones { 1, 2 }
    assert.same(layer(x):totable(), layer(x):totable())
  end)

  it("is activation(x * w + b)", function()
    local layer = Dense(2, { activation = "relu" })
    layer(nd.zeros { 1, 2 })
    layer.kernel:assign { { 1, -1 }, { 2, 3 } }
    layer.bias:assign { 0.5, -4 }
    assert.same({ { 5.5, 1 }, { 0.5, 0 } },
      layer(nd.constant { { 1., 2. }, { 0., 0. } }):totable())
  end)

  it("starts within the bounds of Glorot and Bengio, from the seed", function()
    local bound = math.sqrt(6 / (30 + 20))
    local function weights()
      nd.random.set_seed(3)
      local layer = Dense(20)
      layer(nd.zeros { 1, 30 })
      return layer.kernel
    end
    local w = weights()
    assert.truthy(nd.reduce_max(nd.abs(w)):item() <= bound)
    assert.truthy(nd.reduce_max(nd.abs(w)):item() > 0.9 * bound)
    assert.same(w:totable(), weights():totable())
  end)

  it("may have no bias, and weights that begin as told", function()
    local layer = Dense { units = 2, use_bias = false,
                          kernel_initializer = "ones" }
    assert.same({ { 3, 3 } }, layer({ { 1., 2. } }):totable())
    assert.is_false(layer.bias)
    assert.equal(1, #layer.trainable_variables)
    local constant = nd.initializers.constant
    layer = Dense { units = 1, bias_initializer = function(shape)
      return constant(shape, 7)
    end }
    assert.equal(7, layer({ { 0., 0. } })[1][1]:item())
  end)

  it("passes gradients to its weights, also when a tape sees it first",
    function()
      local layer = Dense(1)
      local y
      local x = nd.constant { { 1., 2. }, { 3., 4. } }
      with nd.GradientTape() as tape do
        y = nd.reduce_sum(layer(x))
      end
      local gradients = tape:gradient(y, layer.trainable_variables)
      assert.same({ { 4 }, { 6 } }, gradients[1]:totable())
      assert.same({ 2 }, gradients[2]:totable())
    end)

  local cases = {
    { "Dense: units must be a whole number, 1 or more, got 0",
      function() Dense(0) end },
    { "Dense: units must be a whole number, 1 or more, got 1.5",
      function() Dense(1.5) end },
    { "Dense: units is missing: it must be a whole number, 1 or more",
      function() Dense() end },
    { "Dense: no such activation: 'rely'; did you mean 'relu'?",
      function() Dense(1, { activation = "rely" }) end },
    { "Dense: unknown option 'activate': it takes units, activation, use_bias, "
      .. "kernel_initializer, bias_initializer, kernel_regularizer, "
      .. "bias_regularizer, kernel_constraint, bias_constraint, name, "
      .. "trainable, dtype, activity_regularizer; did you mean 'activation'?",
      function() Dense(1, { activate = "relu" }) end },
    { "Dense: activation must be the name of an op or a function, got 3",
      function() Dense(1, 3) end },
    { "Dense: options go by name, as in { units = ... }",
      function() Dense { 3, activation = "relu" } end },
    { "Dense: use_bias must be true or false, got string",
      function() Dense(1, { use_bias = "no" }) end },
    { "Dense: no such initializer: 'HeNorml'; did you mean 'HeNormal'?",
      function() Dense(1, { kernel_initializer = "HeNorml" }) end },
    { "Dense: the initializer of kernel gave shape [2], not [2 1]", function()
      local two = function() return { 1., 2. } end
      Dense { units = 1, kernel_initializer = two } { { 1, 2 } }
    end },
    { "Dense: x needs 2 axes or more: it is [3]; use nd.reshape(x, {-1, 1})",
      function() Dense(1)(nd.zeros { 3 }) end },
    { "matmul: inner sizes differ: a is [1 3], b is [2 1]; in layer \"d\" "
      .. "(Dense), whose input is float32 [1 3] where it was built for [nil 2]",
    function()
      local layer = Dense(1, { name = "d" })
      layer(nd.zeros { 1, 2 })
      layer(nd.zeros { 1, 3 })
    end },
  }
  for _, case in ipairs(cases) do
    it("refuses a mistake: " .. case[1], function()
      assert.equal(case[1], refusal(case[2]))
    end)
  end

  it("can be built after a refused input", function()
    local layer = Dense(1)
    assert.is_false(pcall(layer, nd.zeros { 3 }))
    assert.same({ 3, 1 }, layer(nd.zeros { 3, 1 }).shape)
  end)

  it("reports a mistake at the user's line, through other layers", function()
    local model = Sequential { Dense(1) }
    local line = debug.getinfo(1, "l").currentline
    local _, err = pcall(function()
      local y = model(nd.zeros { 3 })
      return y
    end)
    assert.truthy(err:find(("_spec.lua:%d: Dense"):format(line + 2), 1, true),
      err)
  end)
end)
