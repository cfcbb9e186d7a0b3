--- Layers with windows: convolutions, their transposes, pools.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local L = nd.layers
local near, refuses = support.near, support.refuses

assert(_VERSION == "Lua 5.4")

describe("a convolution", function()
  it("has a kernel and a bias, in Keras's order and shapes", function()
    local function shapes_of(layer, ...)
      layer(nd.zeros { ... })
      local list = {}
      for i, w in ipairs(layer.weights) do
        list[i] = table.concat(w.shape, " ")
      end
      return list
    end
    assert.same({ "3 2 8", "8" }, shapes_of(L.Conv1D(8, 3), 1, 5, 2))
    assert.same({ "3 3 1 8" }, shapes_of(
      L.Conv2D(8, 3, { groups = 2, use_bias = false }), 1, 5, 5, 2))
    assert.same({ "1 2 3 2 8", "8" },
      shapes_of(L.Conv3D(8, { 1, 2, 3 }), 1, 5, 5, 5, 2))
    assert.same({ "3 3 8 2", "8" },
      shapes_of(L.Conv2DTranspose(8, 3), 1, 5, 5, 2))
    assert.same({ "3 3 2 4", "8" },
      shapes_of(L.DepthwiseConv2D(3, { depth_multiplier = 4 }), 1, 5, 5, 2))
    assert.same({ "3 2 1", "1 2 8", "8" },
      shapes_of(L.SeparableConv1D(8, 3), 1, 5, 2))
  end)

  it("is what the op gives, then the activation", function()
    local layer = L.Conv2D(3, 2, { strides = 2, activation = "tanh",
                                   bias_initializer = "ones" })
    local x = nd.random.normal { 2, 5, 5, 2 }
    near(nd.tanh(nd.nn.conv2d(x, layer(x) and layer.kernel, 2) + 1):totable(),
      layer(x))
  end)

  it("does not look ahead, if it is causal", function()
    local layer = L.Conv1D(1, 3, { padding = "causal", dilation_rate = 2 })
    local x = nd.random.normal { 1, 8, 1 }
    local before = layer(x)
    local later = nd.concat({ x[{ {}, { 1, 5 } }], nd.ones { 1, 3, 1 } }, 2)
    near(before[{ {}, { 1, 5 } }]:totable(), layer(later)[{ {}, { 1, 5 } }])
  end)

  it("undoes the shape of a convolution, backwards", function()
    for _, padding in ipairs { "same", "valid" } do
      for stride = 1, 3 do
        local x = nd.zeros { 1, 7, 7, 1 }
        local y = L.Conv2D(1, 3, stride, padding)(x)
        local more = { padding == "same" and (7 - 1) % stride
                         or (7 - 3) % stride }
        local back = L.Conv2DTranspose(1, 3, stride, padding,
          { output_padding = more })(y)
        assert.same(x.shape, back.shape)
      end
    end
  end)

  it("has regularizers and constraints", function()
    local function half(w) return nd.reduce_sum(w) / 2 end
    local layer = L.Conv1D(2, 1, { kernel_regularizer = half,
                                   bias_regularizer = half,
                                   kernel_initializer = "ones",
                                   kernel_constraint = nd.relu })
    layer(nd.ones { 1, 2, 3 })
    assert.equal(2, #layer.losses)
    assert.equal(3, layer.losses[1]:item())
    nd.optimizers.SGD(2):apply_gradients {
      { nd.ones_like(layer.kernel), layer.kernel } }
    assert.equal(0, nd.reduce_max(nd.abs(layer.kernel)):item())
  end)

  it("refuses a mistake", function()
    refuses("Conv2D: x needs 4 axes, those of batch, space and channels: it is "
      .. "[2 3 3]", function() L.Conv2D(1, 2)(nd.zeros { 2, 3, 3 }) end)
    refuses("Conv1D: 3 filters do not make 2 groups",
      function() L.Conv1D(3, 2, { groups = 2 }) end)
    refuses("Conv1D: 3 channels do not make 2 groups", function()
      L.Conv1D(4, 2, { groups = 2 })(nd.zeros { 1, 4, 3 })
    end)
    refuses("Conv3D: strides needs 1 number or 3, got 2",
      function() L.Conv3D(1, 2, { 1, 2 }) end)
    refuses("Conv2D: kernel_size must be a whole number, 1 or more, or a list "
      .. "of them, got 0", function() L.Conv2D(1, 0) end)
    refuses("Conv2D: no such padding: 'sam'; did you mean 'same'?",
      function() L.Conv2D(1, 2, 1, "sam") end)
    refuses("Conv2D: padding must be one of valid, same, got 1",
      function() L.Conv2D(1, 2, 1, 1) end)
    refuses("Conv2D: no such data_format: 'channels_first'; did you mean "
      .. "'channels_last'?",
      function() L.Conv2D(1, 2, { data_format = "channels_first" }) end)
    refuses("Conv1DTranspose: output_padding 2 needs to be 0 or more, and "
      .. "below strides, 2",
      function() L.Conv1DTranspose(1, 2, 2, { output_padding = 2 }) end)
    refuses("MaxPooling2D: pool_size needs 1 number or 2, got 3",
      function() L.MaxPooling2D { pool_size = { 1, 2, 3 } } end)
    refuses("GlobalMaxPooling1D: x needs 3 axes, those of batch, space and "
      .. "channels: it is [2 2]",
      function() L.GlobalMaxPooling1D()(nd.zeros { 2, 2 }) end)
  end)

  it("learns, in a net of its kind", function()
    nd.random.set_seed(1)
    local model = nd.Sequential {
      L.Conv2D(4, 3, { activation = "relu" }), L.MaxPooling2D(),
      L.BatchNormalization(), L.Flatten(), L.Dense(1),
    }
    local x = nd.random.normal { 8, 6, 6, 1 }
    local want = nd.reduce_mean(x, { 2, 3 })
    local adam = nd.optimizers.Adam(0.05)
    local first, last
    for _ = 1, 60 do
      local tape <close> = nd.GradientTape()
      local loss = nd.reduce_mean(nd.square(model(x, true) - want))
      local gradients = tape:gradient(loss, model.trainable_variables)
      adam:apply_gradients(nd.zip(gradients, model.trainable_variables))
      first, last = first or loss:item(), loss:item()
    end
    assert.is_true(last < first / 20)
  end)
end)
