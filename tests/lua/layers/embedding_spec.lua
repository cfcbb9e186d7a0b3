--- The layer that looks rows up.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local masks = require "nadir.masks"
local refuses = require "support".refuses
local Embedding = nd.layers.Embedding

assert(_VERSION == "Lua 5.4")

describe("Embedding", function()
  it("gives rows by their positions, from 1", function()
    local layer = Embedding(3, 2)
    layer:build { false, false }
    layer:set_weights { nd.constant { { 1., 2. }, { 3., 4. }, { 5., 6. } } }
    assert.same({ { { 5, 6 }, { 1, 2 } } }, layer({ { 3, 1 } }):totable())
    assert.same({ { 3, 4 } }, layer(nd.constant { 2. }):totable())
    assert.equal("embeddings", layer.weights[1].name:match "[^/]+$")
  end)

  it("pads by 0, if it is told: zeros, which are masked", function()
    local layer = Embedding(2, 2, { mask_zero = true,
                                    embeddings_initializer = "ones" })
    local x = nd.constant { { 1, 2, 0 } }
    local y = layer(x)
    assert.same({ { { 1, 1 }, { 1, 1 }, { 0, 0 } } }, y:totable())
    assert.same({ { true, true, false } }, masks.of(y):totable())
    assert.same({ 2, 2 }, layer.weights[1].shape)
    local plain = Embedding(2, 2)
    assert.is_nil(masks.of(plain(nd.constant { { 1, 2 } })))
  end)

  it("has gradients of the rows that occurred", function()
    for _, mask_zero in ipairs { false, true } do
      local layer = Embedding(1000, 2, { mask_zero = mask_zero })
      layer(nd.constant { 1 })
      local tape <close> = nd.GradientTape()
      local loss = nd.reduce_sum(layer(nd.constant { 7, 7, 9 }))
      local g = tape:gradient(loss, layer.embeddings)
      assert.is_true(nd.is_indexed_slices(g))
      assert.same({ 2, 2 }, g[7]:totable())
      assert.same({ 0, 0 }, g[1]:totable())
    end
  end)

  it("can stand in a model of a given number of examples", function()
    local x = nd.Input { shape = { 4 }, batch_size = 2, dtype = "int32" }
    assert.same({ 2, 4, 3 }, Embedding(5, 3)(x).shape)
  end)

  it("refuses a mistake", function()
    refuses("Embedding: input_dim must be a whole number, 1 or more, got 0",
      function() Embedding(0, 2) end)
    refuses('gather: index 4 is outside 1..3; in layer "e" (Embedding), whose '
      .. "input is int32 [1]",
      function() Embedding(3, 2, { name = "e" })(nd.constant { 4 }) end)
  end)
end)
