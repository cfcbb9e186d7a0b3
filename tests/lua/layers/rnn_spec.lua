--- Recurrent layers: what lies beyond the values that golden records have.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local masks = require "nadir.masks"
local support = require "support"
local L = nd.layers
local near, refuses = support.near, support.refuses

assert(_VERSION == "Lua 5.4")

local rng = nd.random.RandomState(2)

local function sequence(n, time, width)
  return nd.cast(rng:randn(n, time, width), "float32")
end

describe("a recurrent layer", function()
  it("goes on where states are given, as if it had not stopped", function()
    local x = sequence(2, 5, 3)
    for _, name in ipairs { "LSTM", "GRU", "SimpleRNN" } do
      local layer = L[name](4, { return_state = true })
      local whole = layer(x)
      local half = layer(x[{ {}, { 1, 2 } }])
      local states = table.move(half, 2, #half, 1, {})
      local rest = layer(x[{ {}, { 3, 5 } }], { initial_state = states })
      for i, y in ipairs(whole) do near(y:totable(), rest[i]) end
      local listed = layer { x[{ {}, { 3, 5 } }], table.unpack(states) }
      near(whole[1]:totable(), listed[1])
    end
  end)

  it("is built by a list that begins with x", function()
    local x, state = sequence(2, 5, 3), nd.ones { 2, 4 }
    local layer = L.GRU(4)
    local y = layer { x, state }
    assert.same({ 3, 12 }, { table.unpack(layer.weights[1].shape) })
    near(y:totable(), layer(x, { initial_state = state }))
  end)

  it("remembers, if it is stateful, until it is reset", function()
    local x = sequence(2, 4, 3)
    local layer = L.LSTM(3, { stateful = true })
    assert.is_nil(layer.states)
    local first = layer(x)
    local second = layer(x)
    assert.is_true(nd.reduce_max(nd.abs(first - second)):item() > 1e-4)
    assert.equal(2, #layer.states)
    layer:reset_states()
    near(first:totable(), layer(x))
    layer:reset_state()
    near(first:totable(), layer(x))
    refuses("LSTM: states are of 2 examples, x has 3; use reset_states()",
      function() layer(sequence(3, 4, 3)) end)
    local model = nd.Sequential { L.LSTM(3, { stateful = true }) }
    local begun = model(x)
    model(x)
    model:reset_states()
    near(begun:totable(), model(x))
    layer:reset_states()
    local fresh = layer.states
    assert.is_nil(fresh)
    layer:compute_output_shape { false, 4, 3 }
    assert.is_nil(layer.states)
  end)

  it("takes as many states as it has, all tensors", function()
    local x, h = sequence(2, 4, 3), nd.ones { 2, 3 }
    for message, states in pairs {
      ["LSTM: has 2 states, got 1"] = { h },
      ["LSTM: states must be tensors, got 3"] = { h, 3 },
      ["LSTM: states are of 1 examples, x has 2"] = { h, nd.ones { 1, 3 } },
      ["LSTM: states are of no examples, x has 2"] = { h, nd.constant(1.) },
    } do
      refuses(message, function()
        L.LSTM(3)(x, { initial_state = states })
      end)
    end
  end)

  it("gives the fused op's values step by step, with masks", function()
    local x = sequence(3, 5, 2)
    local mask = nd.constant { { true, true, true, false, false },
                               { false, true, false, true, true },
                               { true, true, true, true, true } }
    local function tanh(y) return nd.tanh(y) end
    for _, name in ipairs { "LSTM", "GRU" } do
      for _, zeroed in ipairs { false, true } do
        local function make(activation)
          return L[name](3, { activation = activation, return_state = true,
                              return_sequences = true,
                              zero_output_for_mask = zeroed })
        end
        local fused, plain = make "tanh", make(tanh)
        fused(x)
        plain(x)
        plain:set_weights(fused:get_weights())
        local want = fused(x, { mask = mask })
        for i, y in ipairs(plain(x, { mask = mask })) do
          near(y:totable(), want[i])
        end
      end
    end
  end)

  it("passes its mask on with sequences only", function()
    local x = nd.constant { { 1, 2, 0 }, { 3, 0, 0 } }
    local embedded = L.Embedding(3, 2, { mask_zero = true })(x)
    assert.same({ { true, true, false }, { true, false, false } },
      masks.of(embedded):totable())
    assert.is_nil(masks.of(L.GRU(2)(embedded)))
    local y = L.GRU(2, { return_sequences = true })(embedded)
    assert.same(masks.of(embedded):totable(), masks.of(y):totable())
    local both = L.GRU(2, { return_sequences = true, return_state = true })(
      embedded)
    assert.truthy(masks.of(both[1]))
    assert.is_nil(masks.of(both[2]))
    local dense = L.Dense(3)(embedded)
    assert.same(masks.of(embedded):totable(), masks.of(dense):totable())
    local layer = L.LSTM(2)
    near(layer(embedded[{ { 2, 2 }, { 1, 1 } }]):totable(),
      layer(embedded)[{ { 2, 2 } }])
  end)

  it("loses the same of all steps, by its seed", function()
    local x = nd.ones { 2, 6, 4 }
    local function make()
      local layer = L.SimpleRNN(3, { dropout = 0.5, recurrent_dropout = 0.5,
                                     seed = 4, return_sequences = true,
                                     kernel_initializer = "ones",
                                     recurrent_initializer = "zeros",
                                     activation = "linear" })
      return layer(x, true)
    end
    local y = make()
    assert.same(y:totable(), make():totable())
    for t = 2, 6 do
      assert.same(y[{ {}, 1 }]:totable(), y[{ {}, t }]:totable())
    end
    local lstm = L.LSTM(3, { recurrent_dropout = 0.5, seed = 1 })
    local quiet = lstm(x)
    near(quiet:totable(), lstm(x))
    assert.is_true(nd.reduce_max(nd.abs(quiet - lstm(x, true))):item() > 0)
  end)

  it("takes cells of scripts, alone and in a list", function()
    local Count = L.Layer:extend "Count"
    Count.state_size = 1
    function Count.call(_, inputs)
      local n = inputs[2][1] + 1
      return { inputs[1] * n, { n } }
    end
    local x = nd.ones { 2, 3, 1 }
    assert.same({ { 3 }, { 3 } }, L.RNN(Count())(x):totable())
    local y = L.RNN({ Count(), Count() }, { return_state = true })(x)
    assert.same({ { 9 }, { 9 } }, y[1]:totable())
    assert.same({ { 3 }, { 3 } }, y[3][1]:totable())
  end)

  it("begins the gate that forgets with 1, if it is told", function()
    local layer = L.LSTM(2)
    layer:build { false, 3, 2 }
    assert.same({ 0, 0, 1, 1, 0, 0, 0, 0 }, layer.weights[3]:totable())
    layer = L.LSTM(2, { unit_forget_bias = false })
    layer:build { false, 3, 2 }
    assert.same({ 0, 0, 0, 0, 0, 0, 0, 0 }, layer.weights[3]:totable())
  end)

  it("decodes what another encoded, in a model", function()
    local source = nd.Input { shape = { false, 2 } }
    local target = nd.Input { shape = { false, 2 } }
    local encoded = L.LSTM(3, { return_state = true })(source)
    local y = L.LSTM(3, { return_sequences = true })(target,
      { initial_state = { encoded[2], encoded[3] } })
    local model = nd.Model({ source, target }, y)
    assert.same({ 2, 4, 3 },
      model { sequence(2, 5, 2), sequence(2, 4, 2) }.shape)
    assert.same({ false, false, 3 }, model.output.shape)
  end)

  it("refuses a mistake", function()
    refuses("LSTM: x needs 3 axes, batch, time and width: it is [2 3]",
      function() L.LSTM(2)(nd.ones { 2, 3 }) end)
    refuses("GRU: states are of 1 examples, x has 2", function()
      L.GRU(2)(nd.ones { 2, 3, 1 }, { initial_state = nd.zeros { 1, 2 } })
    end)
    refuses("SimpleRNN: dropout must be a number, 0 or more and below 1, got 1",
      function() L.SimpleRNN(2, { dropout = 1 }) end)
    refuses("StackedRNNCells: needs a cell",
      function() L.StackedRNNCells {} end)
    refuses("LSTM: x has no steps",
      function() L.LSTM(2)(nd.ones { 2, 0, 1 }) end)
    refuses("RNN: x has no steps", function()
      L.RNN(L.GRUCell(2, { activation = "relu" }))(nd.ones { 2, 0, 1 })
    end)
  end)
end)

describe("Bidirectional", function()
  it("gives both directions, and their states", function()
    local x = sequence(2, 3, 2)
    local both = L.Bidirectional(L.LSTM(2, { return_sequences = true,
                                             return_state = true }), "none")
    local out = both(x)
    assert.equal(6, #out)
    local back = nd.reverse(both.backward_layer(x)[1], 2)
    near(back:totable(), out[2])
    local again = both(x, { initial_state = { out[3], out[4], out[5],
                                              out[6] } })
    near(both.forward_layer(x, { initial_state = { out[3], out[4] } })[1]
      :totable(), again[1])
  end)

  it("is reset as a whole", function()
    local x = sequence(1, 3, 2)
    local both = L.Bidirectional(L.GRU(2, { stateful = true }))
    local first = both(x)
    both(x)
    both:reset_states()
    near(first:totable(), both(x))
  end)

  it("refuses a mistake", function()
    refuses("Bidirectional: layer must be recurrent",
      function() L.Bidirectional(L.Dense(2)) end)
    refuses("Bidirectional: layers must go in different directions",
      function()
        L.Bidirectional(L.GRU(2), { backward_layer = L.GRU(2) })
      end)
    refuses("Bidirectional: no such merge_mode: 'su'; did you mean 'sum'?",
      function() L.Bidirectional(L.GRU(2), "su") end)
  end)
end)

describe("TimeDistributed", function()
  it("calls its layer with all steps", function()
    local dense = L.Dense(3)
    local x = sequence(2, 4, 2)
    local y = L.TimeDistributed(dense)(x)
    near(dense(x):totable(), y)
    refuses("TimeDistributed: x needs 2 axes or more, batch and time: it is "
      .. "[2]", function() L.TimeDistributed(dense)(nd.ones { 2 }) end)
  end)
end)
