--- Layers that normalize: by batches, by data, each example by itself.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local L = nd.layers
local near, refuses = support.near, support.refuses

assert(_VERSION == "Lua 5.4")

local x = nd.random.normal({ 64, 3 }, { mean = 5, stddev = 2 })

describe("BatchNormalization", function()
  it("has weights in Keras's order, of which two are not trained", function()
    local layer = L.BatchNormalization { name = "bn" }
    layer(x)
    local list = {}
    for i, w in ipairs(layer.weights) do list[i] = w.name end
    assert.same({ "bn/gamma", "bn/beta", "bn/moving_mean",
                  "bn/moving_variance" }, list)
    assert.equal(2, #layer.trainable_variables)
  end)

  it("normalizes by the batch in training, and follows it", function()
    local layer = L.BatchNormalization { momentum = 0.5, epsilon = 0 }
    near({ { 0, 0, 0 }, { 1, 1, 1 } },
      { nd.moments(layer(x, true), 1) }, 1e-4)
    local mean, variance = nd.moments(x, 1)
    near((mean / 2):totable(), layer.moving_mean)
    near((variance / 2 + 0.5):totable(), layer.moving_variance)
    for _ = 1, 40 do layer(x, true) end
    near(layer(x, true):totable(), layer(x), 1e-3)
  end)

  it("does not follow when it is frozen, or drawn up, or gets nothing",
    function()
      local layer = L.BatchNormalization()
      layer:build { false, 3 }
      layer(nd.zeros { 0, 3 }, true)
      layer(nd.Input { shape = { 3 }, batch_size = 4 }, { training = true })
      assert.same({ 0, 0, 0 }, layer.moving_mean:totable())
      layer.trainable = false
      near(layer(x):totable(), layer(x, true))
      assert.same({ 0, 0, 0 }, layer.moving_mean:totable())
    end)

  it("passes gradients to what it trains", function()
    local layer = L.BatchNormalization()
    layer(x)
    local tape <close> = nd.GradientTape()
    local y = nd.reduce_sum(layer(x, true))
    local g = tape:gradient(y, layer.trainable_variables)
    assert.truthy(g[1] and g[2])
    assert.is_false(layer.moving_mean.trainable)
  end)

  it("refuses a mistake", function()
    refuses("BatchNormalization: axis 3: x has 2 axes",
      function() L.BatchNormalization(3)(x) end)
    refuses("BatchNormalization: axis 2 of x has 4 elements, not 3", function()
      local layer = L.BatchNormalization()
      layer(x)
      layer(nd.zeros { 2, 4 })
    end)
  end)
end)

describe("Normalization", function()
  it("takes the moments of data, at once or in batches", function()
    local layer = L.Normalization()
    layer:adapt(x)
    near({ { 0, 0, 0 }, { 1, 1, 1 } }, { nd.moments(layer(x), 1) }, 1e-4)
    local other = L.Normalization()
    other:adapt { x[{ { 1, 10 } }], x[{ { 11, 64 } }] }
    near(layer(x):totable(), other(x), 1e-4)
    other:adapt(x)
    near(layer(x):totable(), other(x), 1e-4)
    assert.equal(64, layer.weights[3]:item())
    local back = L.Normalization { invert = true }
    back:adapt(x)
    near(x:totable(), back(layer(x)), 1e-4)
  end)

  it("keeps moments of several axes, or of none", function()
    local data = nd.random.normal { 10, 2, 3 }
    local layer = L.Normalization { axis = { 2, 3 } }
    layer:adapt(data)
    assert.same({ 2, 3 }, layer.weights[1].shape)
    layer = L.Normalization { axis = {} }
    layer:adapt(data)
    assert.same({}, layer.weights[1].shape)
    near({ 0, 1 }, { nd.moments(layer(data)) }, 1e-4)
  end)

  it("takes whole numbers", function()
    local layer = L.Normalization { mean = 2, variance = 4 }
    assert.same({ -0.5, 1 }, layer(nd.constant { 1, 4 }):totable())
  end)

  it("refuses a mistake", function()
    refuses("Normalization: needs both mean and variance, or none",
      function() L.Normalization { mean = 1 } end)
    refuses("adapt: mean and variance were given", function()
      L.Normalization { mean = 1, variance = 1 }:adapt(x)
    end)
  end)
end)

describe("a norm of examples", function()
  it("has weights of the sizes of its axes", function()
    local y = nd.random.normal { 2, 3, 4 }
    local layer = L.LayerNormalization { axis = { 3, 2 } }
    layer(y)
    assert.same({ 3, 4 }, layer.weights[1].shape)
    layer = L.RMSNormalization()
    layer(y)
    assert.equal("scale", layer.weights[1].name:match "[^/]+$")
    near({ { 1, 1, 1 }, { 1, 1, 1 } },
      nd.norm(L.UnitNormalization()(y), { axis = -1 }), 1e-5)
  end)

  it("refuses a mistake", function()
    refuses("GroupNormalization: 3 channels do not make 2 groups",
      function() L.GroupNormalization(2)(x) end)
    refuses("LayerNormalization: axis 4: x has 2 axes",
      function() L.LayerNormalization(4)(x) end)
  end)
end)

describe("SpectralNormalization", function()
  it("makes the largest singular value 1, in training", function()
    local layer = L.SpectralNormalization(L.Dense(4), 30)
    layer(x)
    local before = layer.layer.kernel:totable()
    layer(x)
    assert.same(before, layer.layer.kernel:totable())
    layer(x, true)
    local s = nd.linalg.svd(layer.layer.kernel, { compute_uv = false })
    near(1, nd.reduce_max(s):item(), 1e-3)
  end)

  it("refuses a layer without a kernel", function()
    refuses("SpectralNormalization: f has no kernel", function()
      L.SpectralNormalization(L.Flatten { name = "f" })(x)
    end)
  end)
end)
