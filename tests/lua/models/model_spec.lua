--- Models drawn up from symbolic tensors, and of one's own classes.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local refuses = require "support".refuses

assert(_VERSION == "Lua 5.4")

local Dense, Input = nd.layers.Dense, nd.Input

describe("a call", function()
  it("takes tensors, and returns something", function()
    local model = nd.Sequential({ Input { 4 }, Dense(3, { name = "d" }) },
      { name = "m" })
    refuses("Sequential: x is missing: it must be a tensor",
      function() model(nil) end)
    refuses("Dense: x must be tensors, got string; call the layer that reads "
      .. 'texts before; in layer "m/d" (Dense), whose input is string',
      function() model("a") end)
    local Net = nd.Model:extend "Net"
    function Net.call() end
    refuses("Net: call returned nothing", function() Net()(nd.ones { 1 }) end)
  end)
end)

describe("what a layer takes and gives", function()
  it("begins and ends models", function()
    local x = Input { 3 }
    local hidden = Dense(2, { name = "hidden" })
    local model = nd.Model({ x }, Dense(1)(hidden(x)))
    assert.equal(x, model.inputs[1])
    assert.equal(x, model.input[1])
    assert.equal(model.output, model.outputs[1])
    local features = nd.Model(model.inputs, model:get_layer("hidden").output)
    assert.same({ false, 2 }, features.output.shape)
    assert.same(hidden(nd.ones { 1, 3 }):totable(),
      features(nd.ones { 1, 3 }):totable())
    assert.equal(x, hidden.input)
  end)

  it("is there in a Sequential that begins with an input", function()
    local model = nd.Sequential { Input { 3 }, Dense(2), Dense(1) }
    local features = nd.Model(model.input, model.layers[1].output)
    assert.same({ false, 2 }, features.output.shape)
    model:pop()
    assert.equal(features.output, model.output)
    model:add(Dense(5))
    assert.same({ false, 5 }, nd.Model(model.inputs, model.outputs[1])
      .output.shape)
  end)

  it("is what a class says where it has a method of the name", function()
    local Net = nd.Model:extend "Net"
    function Net.output() return "mine" end
    assert.equal("mine", Net():output())
  end)

  it("is not there without a call, or after several", function()
    local dense = Dense(2, { name = "d" })
    refuses("d: has no output yet; call it with what nd.Input gives",
      function() return dense.output end)
    dense:compute_output_shape { false, 3 }
    dense(Input { 3 })
    dense(Input { 3 })
    refuses("d: has 2 inputs, one of each call; keep what the calls gave",
      function() return dense.input end)
    refuses("s: has no input; its first layer may be an nd.Input", function()
      return nd.Sequential({ Dense(2) }, { name = "s" }).output
    end)
  end)
end)

describe("shapes of what a layer takes and gives", function()
  it("are known once it is drawn up, or called", function()
    local x = Input { false, 3 }
    local lstm = nd.layers.LSTM(5, { return_sequences = true })
    local y = lstm(x)
    local model = nd.Model(x, { y, Dense(1)(y) })
    assert.same({ false, false, 3 }, lstm.input_shape)
    assert.same({ false, false, 5 }, lstm.output_shape)
    assert.same({ false, false, 3 }, model.input_shape)
    assert.same({ { false, false, 5 }, { false, false, 1 } },
      model.output_shape)
    local dense = Dense(4)
    refuses(dense.name .. ": has no input yet; call it with what nd.Input "
      .. "gives", function() return dense.input_shape end)
    dense(nd.ones { 7, 2 })
    assert.same({ false, 2 }, dense.input_shape)
    assert.same({ false, 4 }, dense.output_shape)
  end)

  it("are those of a Sequential and its layers", function()
    local model = nd.Sequential { Input { 3 }, Dense(4), Dense(2) }
    assert.same({ false, 3 }, model.input_shape)
    assert.same({ false, 2 }, model.output_shape)
    assert.same({ false, 4 }, model.layers[2].input_shape)
    local late = nd.Sequential { Dense(2) }
    late(nd.ones { 1, 3 })
    assert.same({ false, 3 }, late.input_shape)
    assert.same({ false, 2 }, late.output_shape)
  end)
end)

describe("a symbolic tensor", function()
  it("knows its shape as far as there is one", function()
    assert.equal("KerasTensor(name=x, shape=(nil, 3), dtype=float32)",
      tostring(Input({ 3 }, { name = "x" })))
    assert.same({ 5, 3 }, Input { shape = { 3 }, batch_size = 5 }.shape)
    assert.same({ 5, false }, Input { batch_shape = { 5, false } }.shape)
    assert.same({ false, false, 4 }, Dense(4)(Input { false, 2 }).shape)
    assert.same({ false }, Input {}.shape)
    assert.equal("int32", Input { shape = { 2 }, dtype = "int32" }.dtype)
  end)

  it("has the operators, methods and parts of tensors", function()
    local x = Input { 4, 6 }
    for want, y in pairs {
      ["false 4 6"] = -(2 * x + x / 3 - x ^ 2),
      ["false 6 4"] = x:transpose { 1, 3, 2 },
      ["false 24"] = x:reshape { -1, 24 },
      ["false 4"] = x:reduce_sum(3),
      ["false 6"] = x[{ {}, 1 }],
      ["false 2 6"] = x[{ {}, { 1, 2 } }],
    } do
      local words = {}
      for axis, size in ipairs(y.shape) do words[axis] = tostring(size) end
      assert.equal(want, table.concat(words, " "))
    end
  end)

  it("is taken by ops wherever they take a tensor", function()
    local x, ones = Input { 4 }, nd.ones { 4, 2 }
    local top, at = nd.top_k(x, 2)
    local halves = nd.split(x, 2, 2)
    local y = { nd.silu(x), nd.matmul(x, ones), nd.concat({ 2 * x, x }, 2),
                nd.reduce_sum { x = x, axis = 2 }, nd.nn.softmax(x), top, at,
                halves[2], nd.where(x:greater(0), x, { 0 }) }
    local model = nd.Model(x, y)
    local input = nd.constant { { 1., -2, 3, 0 } }
    local again = nd.Model:from_config(model:get_config())
    for _, m in ipairs { model, again } do
      local out = m(input)
      for i, want in ipairs {
        nd.silu(input), nd.matmul(input, ones),
        nd.concat({ 2 * input, input }, 2), nd.reduce_sum(input, 2),
        nd.nn.softmax(input), { { 3, 1 } }, { { 3, 1 } },
        { { 3, 0 } }, nd.relu(input),
      } do
        assert.same(nd.cast(want, "float32"):totable(),
          nd.cast(out[i], "float32"):totable())
      end
    end
    assert.same({ false, 2 }, at.shape)
    assert.equal("int32", at.dtype)
    assert.equal("softmax", y[5].name:match "%a+")
    refuses("KerasTensor: no such name: 'concat'; use nd.concat",
      function() x:concat() end)
    refuses("constant: value must be a tensor, got KerasTensor",
      function() nd.constant(x) end)
    refuses("Operation: no such op: 'nn.sof'",
      function() nd.layers.Operation "nn.sof" end)
  end)

  it("is refused where layers refuse tensors like it", function()
    refuses("Dense: x needs 2 axes or more: it is [0]; "
      .. "use nd.reshape(x, {-1, 1})", function() Dense(1)(Input {}) end)
    refuses("KerasTensor: no such name: 'shap'; did you mean 'shape'?",
      function() return Input {}.shap end)
    refuses("Input: shape must be a whole number or a list of them, false for "
      .. "those that are not known, got string", function() Input "a" end)
  end)
end)

describe("a functional model", function()
  it("computes its outputs from its inputs", function()
    local x = Input { 2 }
    local hidden = Dense(3, { kernel_initializer = "ones" })(x)
    local y = nd.layers.Flatten()(hidden * 2 + 1)
    local model = nd.Model(x, y)
    assert.same({ { 7, 7, 7 }, { 15, 15, 15 } },
      model({ { 1., 2. }, { 3., 4. } }):totable())
    assert.equal(5, #model.layers)
    assert.equal("Operation", getmetatable(model.layers[3]).__name)
    assert.equal(2, #model.trainable_variables)
    assert.equal(9, model:count_params())
  end)

  it("may have several outputs, lists and names", function()
    local x = Input { 2 }
    local model = nd.Model { inputs = x, name = "m",
                             outputs = { sum = x + 1, both = { x, x * 3 } } }
    local y = model(nd.constant { { 1., 2. } })
    assert.same({ { 2, 3 } }, y.sum:totable())
    assert.same({ { 3, 6 } }, y.both[2]:totable())
    assert.equal("m", model.name)
  end)

  it("may have several inputs, by position and by name", function()
    local a, b = Input({ 1 }, { name = "a" }), Input({ 1 }, { name = "b" })
    local model = nd.Model({ a, b }, a - b)
    local one, two = nd.constant { { 1. } }, nd.constant { { 2. } }
    assert.equal(-1, model({ one, two }):item())
    assert.equal(-1, model(one, two):item())
    assert.equal(-1, model({ b = two, a = one }):item())
    refuses("Model: takes 2 inputs, got 1", function() model(one) end)
    refuses("Model: input b is missing", function()
      model({ a = one, c = two })
    end)
  end)

  it("shares layers, and nests", function()
    local x, dense = Input { 3 }, Dense(3)
    local inner = nd.Model(x, dense(dense(x)))
    local z = Input { 3 }
    local outer = nd.Model(z, inner(z) + dense(z))
    assert.equal(2, #outer.weights)
    local v = nd.ones { 2, 3 }
    assert.same((dense(dense(v)) + dense(v)):totable(), outer(v):totable())
    assert.equal(inner, outer.layers[2])
    assert.equal(dense, outer.layers[3])
  end)

  it("may begin inside another", function()
    local x = Input { 2 }
    local h = Dense(3)(x)
    local y = Dense(1)(h)
    local encoder, head = nd.Model(x, h), nd.Model(h, y)
    local v = nd.ones { 1, 2 }
    assert.same(nd.Model(x, y)(v):totable(), head(encoder(v)):totable())
    assert.equal(1, #head.layers)
  end)

  it("passes to layers what they were called with", function()
    local Probe = nd.layers.Layer:extend "Probe"
    Probe.call_options = { "by" }
    function Probe.call(_, x, training, mask, options)
      return x * (training and 1 or 2) + mask * options.by
    end
    local a, b = Input { 1 }, Input { 1 }
    local y = Probe()(a, { training = true, mask = b, by = b })
    local model = nd.Model({ a, b }, y)
    local two, three = nd.constant { { 2. } }, nd.constant { { 3. } }
    assert.equal(2 + 9, model(two, three):item())
  end)

  it("learns", function()
    local x = Input { 2 }
    local model = nd.Model(x, Dense(1)(Dense(8, { activation = "tanh" })(x)))
    nd.random.set_seed(1)
    local adam = nd.optimizers.Adam { learning_rate = 0.05 }
    local data = nd.random.normal { 64, 2 }
    local want = nd.reduce_sum(data * data, 2, true)
    local function loss()
      return nd.reduce_mean(nd.square(model(data) - want))
    end
    local first = loss():item()
    for _ = 1, 200 do
      adam:minimize(loss, model.trainable_variables)
    end
    assert.is_true(loss():item() < 0.1 * first)
  end)

  it("refuses what does not hang together", function()
    local x, y = Input({ 2 }, { name = "x" }), Input({ 2 }, { name = "y" })
    refuses("Model: dense needs y, which is no input of the model",
      function() nd.Model(x, Dense(1, { name = "dense" })(y) + x) end)
    refuses("Model: outputs must be what nd.Input and layers give, got "
      .. "userdata", function() nd.Model(x, nd.ones { 1 }) end)
    refuses("Model: needs a method `call`, or inputs and outputs",
      function() nd.Model()(nd.ones { 1 }) end)
  end)
end)

describe("a model of one's own class", function()
  local function net_class()
    local Net = nd.Model:extend "Net"
    function Net:init(width)
      self.hidden = Dense(width, { activation = "relu" })
      self.rest = { Dense(2), Dense(1) }
    end
    function Net:call(x)
      x = self.hidden(x)
      for _, layer in ipairs(self.rest) do x = layer(x) end
      return x
    end
    return Net
  end

  it("has the layers of its fields", function()
    local net = net_class()(4)
    assert.same({ 3, 1 }, net(nd.ones { 3, 2 }).shape)
    assert.equal(6, #net.weights)
    assert.equal(3, #net.layers)
    local _, paths = net:parts()
    assert.same({ "hidden", "rest/1", "rest/2" }, paths)
  end)

  it("is built by a shape", function()
    local net = net_class()(4)
    net:build { false, 2 }
    assert.equal(6, #net.weights)
  end)

  it("is a layer of others", function()
    local model = nd.Sequential { net_class()(3), Dense(5) }
    assert.same({ 2, 5 }, model(nd.ones { 2, 2 }).shape)
    assert.equal(8, #model.weights)
  end)

  it("finds a layer by its name or its place", function()
    local net = net_class()(4)
    assert.equal(net.hidden, net:get_layer(net.hidden.name))
    assert.equal(net.rest[2], net:get_layer { index = 3 })
    refuses(("get_layer: no such layer: 'x': there are %s, %s, %s"):format(
      net.hidden.name, net.rest[1].name, net.rest[2].name),
      function() net:get_layer "x" end)
    refuses("get_layer: unknown option 'position': it takes name, index",
      function() net:get_layer { position = 1 } end)
    refuses("get_layer: there are 3 layers, not 4",
      function() net:get_layer { index = 4 } end)
  end)
end)
