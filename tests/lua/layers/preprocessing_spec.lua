--- Layers that prepare data: words, categories, images.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local L = nd.layers
local near, refuses = support.near, support.refuses

assert(_VERSION == "Lua 5.4")

describe("a lookup", function()
  it("gives positions of words, 1 for what is not known", function()
    local layer = L.StringLookup { vocabulary = { "a", "b" } }
    assert.same({ { 3, 1 }, { 2, 2 } },
      layer { { "b", "x" }, { "a", "a" } }:totable())
    assert.equal(2, layer("a"):item())
    assert.same({ "[UNK]", "a", "b" }, layer:get_vocabulary())
    assert.equal(3, layer:vocabulary_size())
    local back = L.StringLookup { vocabulary = layer:get_vocabulary(),
                                  invert = true }
    assert.same({ "b", "[UNK]", "[UNK]" }, back { 3, 1, 9 })
  end)

  it("has 0 for what is masked, as Embedding has it", function()
    local layer = L.StringLookup { vocabulary = { "a" }, mask_token = "" }
    local x = layer { { "a", "" } }
    assert.same({ { 2, 0 } }, x:totable())
    local y = L.Embedding(2, 3, { mask_zero = true })(x)
    assert.same({ 0, 0, 0 }, y[1][2]:totable())
  end)

  it("orders words by how often they occur", function()
    local layer = L.StringLookup { max_tokens = 3 }
    layer:adapt { "b", "a", "c", "b", "c", "b" }
    assert.same({ "[UNK]", "b", "c" }, layer:get_vocabulary())
    local other = L.StringLookup:from_config(layer:get_config())
    assert.same(layer:get_vocabulary(), other:get_vocabulary())
    layer = L.StringLookup()
    layer:adapt { "a", "b" }
    assert.same({ "[UNK]", "b", "a" }, layer:get_vocabulary())
  end)

  it("takes whole numbers, in tensors and models", function()
    local layer = L.IntegerLookup { vocabulary = { 12, 7 } }
    assert.same({ { 2, 3, 1 } }, layer(nd.constant { { 12, 7, 5 } }):totable())
    local x = nd.Input { shape = { 2 }, dtype = "int32" }
    local model = nd.Model(x, L.Embedding(3, 4)(layer(x)))
    assert.same({ 1, 2, 4 }, model(nd.constant { { 7, 8 } }).shape)
  end)

  it("gives rows, if it is told", function()
    local function rows(mode)
      return L.StringLookup { vocabulary = { "a", "b" }, output_mode = mode } {
        { "b", "b" } }:totable()
    end
    assert.same({ { { 0, 0, 1 }, { 0, 0, 1 } } }, rows "one_hot")
    assert.same({ { 0, 0, 1 } }, rows "multi_hot")
    assert.same({ { 0, 0, 2 } }, rows "count")
  end)

  it("refuses a mistake", function()
    refuses("StringLookup: needs a vocabulary, or adapt(data) first",
      function() L.StringLookup() { "a" } end)
    refuses("StringLookup: 'x' is not in the vocabulary", function()
      L.StringLookup { vocabulary = { "a" }, num_oov_indices = 0 } { "x" }
    end)
    refuses("StringLookup: num_oov_indices must be 0 or 1",
      function() L.StringLookup { num_oov_indices = 2 } end)
    refuses("StringLookup: the vocabulary has 'a' twice",
      function() L.StringLookup { vocabulary = { "a", "a" } } end)
  end)
end)

describe("TextVectorization", function()
  local texts = { "The cat, the dog!", "A dog" }

  it("gives the positions of words, padded by 0", function()
    local layer = L.TextVectorization()
    layer:adapt(texts)
    assert.same({ "[UNK]", "the", "dog", "cat", "a" }, layer:get_vocabulary())
    assert.same({ { 2, 4, 2, 3 }, { 5, 3, 0, 0 } }, layer(texts):totable())
    assert.same({ { 1, 3 } }, layer "Hot dog":totable())
    local short = L.TextVectorization { output_sequence_length = 3,
                                        vocabulary = { "dog" } }
    assert.same({ { 1, 1, 1 }, { 1, 2, 0 } }, short(texts):totable())
  end)

  it("counts words, splits as told", function()
    local layer = L.TextVectorization { output_mode = "count",
                                        vocabulary = { "dog", "the" } }
    assert.same({ { 1, 1, 2 }, { 1, 1, 0 } }, layer(texts):totable())
    layer = L.TextVectorization { split = "character", standardize = false,
                                  vocabulary = { "a", "é" } }
    assert.same({ { 3, 2 } }, layer { "éa" }:totable())
    layer = L.TextVectorization { standardize = string.upper,
                                  vocabulary = { "DOG" } }
    assert.same({ { 2 } }, layer { "dog" }:totable())
    refuses("TextVectorization: no such split: 'lines'",
      function() L.TextVectorization { split = "lines" } end)
  end)
end)

describe("CategoryEncoding", function()
  it("gives rows with a place for each category", function()
    local x = nd.constant { { 1, 3 }, { 3, 3 } }
    assert.same({ { 1, 0, 1 }, { 0, 0, 1 } },
      L.CategoryEncoding(3)(x):totable())
    assert.same({ { 1, 0, 1 }, { 0, 0, 2 } },
      L.CategoryEncoding(3, "count")(x):totable())
    assert.same({ { 2, 0, 3 }, { 0, 0, 9 } }, L.CategoryEncoding(3, "count")(x,
      { count_weights = nd.constant { { 2., 3. }, { 4., 5. } } }):totable())
    assert.same({ { 0, 1 }, { 1, 0 } },
      L.CategoryEncoding(2, "one_hot")(nd.constant { { 2 }, { 1 } }):totable())
  end)

  it("refuses a mistake", function()
    refuses("CategoryEncoding: categories must be from 1 to 3",
      function() L.CategoryEncoding(3)(nd.constant { 0, 1 }) end)
    refuses("CategoryEncoding: count_weights need output_mode 'count'",
      function()
        L.CategoryEncoding(3)(nd.constant { 1 },
          { count_weights = nd.constant { 1. } })
      end)
  end)
end)

describe("Discretization", function()
  it("gives the number of the interval", function()
    local layer = L.Discretization { 0, 1, 2 }
    assert.same({ { 1, 2, 3 }, { 4, 1, 2 } },
      layer(nd.constant { { -1, 0, 1.5 }, { 2, -0.5, 0.5 } }):totable())
    assert.same({ { 0, 1 } }, L.Discretization({ 0 }, { output_mode = "one_hot",
    })(nd.constant { 1. }):totable())
  end)

  it("makes intervals of as many elements each", function()
    local layer = L.Discretization { num_bins = 4 }
    layer:adapt(nd.range(1, 100))
    near({ 25, 50, 75 }, layer.bin_boundaries)
    local other = L.Discretization:from_config(layer:get_config())
    assert.same({ 1, 4 }, other(nd.constant { 3, 90 }):totable())
  end)

  it("refuses a mistake", function()
    refuses("Discretization: needs either bin_boundaries or num_bins",
      function() L.Discretization() end)
    refuses("Discretization: needs bin_boundaries, or adapt(data) first",
      function() L.Discretization { num_bins = 2 } (nd.ones { 1 }) end)
    refuses("adapt: bin_boundaries were given",
      function() L.Discretization { 1 }:adapt { 1 } end)
    refuses("adapt: there is no data",
      function() L.Discretization { num_bins = 2 }:adapt {} end)
  end)
end)

describe("a layer for images", function()
  local x = nd.reshape(nd.cast(nd.range(1, 32), "float32"), { 2, 4, 4, 1 })

  it("crops the middle, or makes smaller ones larger", function()
    assert.same({ { { 6 }, { 7 } }, { { 10 }, { 11 } } },
      L.CenterCrop(2, 2)(x)[1]:totable())
    assert.same({ 2, 6, 5, 1 }, L.CenterCrop(6, 5)(x).shape)
    assert.same({ 2, 3, 5, 1 }, L.Resizing(3, 5)(x).shape)
    near(L.CenterCrop(2, 2)(x):totable(), L.RandomCrop(2, 2)(x))
    local part = L.RandomCrop(2, 3, { seed = 1 })(x, true)
    assert.same({ 2, 2, 3, 1 }, part.shape)
    assert.equal(1, (part[{ 1, 1, 2, 1 }] - part[{ 1, 1, 1, 1 }]):item())
  end)

  it("mirrors some images, while it trains", function()
    local many = nd.tile(x[{ { 1, 1 } }], { 100, 1, 1, 1 })
    local layer = L.RandomFlip("horizontal", { seed = 1 })
    near(many:totable(), layer(many))
    local corners = layer(many, true)[{ {}, 1, 1, 1 }]
    local turned = nd.reduce_sum(nd.cast(nd.equal(corners, 4), "int32")):item()
    assert.is_true(turned > 30 and turned < 70)
    assert.equal(100 - turned,
      nd.reduce_sum(nd.cast(nd.equal(corners, 1), "int32")):item())
    refuses("RandomFlip: no such mode: 'vertically'; did you mean 'vertical'?",
      function() L.RandomFlip "vertically" end)
  end)

  it("changes brightness and contrast of each", function()
    local many = nd.ones { 50, 2, 2, 1 } * 100
    local y = L.RandomBrightness(0.2, { seed = 1 })(many, true)
    local offset = y - many
    assert.is_true(nd.reduce_max(nd.abs(offset)):item() <= 51.001)
    assert.is_true(nd.reduce_max(nd.abs(offset)):item() > 30)
    local contrast = L.RandomContrast({ 0.5, 0.1 }, { seed = 2 })
    local z = contrast(x, true)
    near(nd.reduce_mean(x, { 2, 3 }):totable(), nd.reduce_mean(z, { 2, 3 }),
      1e-3)
    near(x:totable(), contrast(x))
    refuses("RandomBrightness: factor must be a number, or a list of two",
      function() L.RandomBrightness "a" end)
  end)

  it("turns to the left, moves down and right, zooms", function()
    local image = nd.reshape(nd.cast(nd.range(1, 9), "float32"), { 1, 3, 3, 1 })
    local function rows(layer)
      return nd.reshape(layer(image, true), { 3, 3 })
    end
    near({ { 3, 6, 9 }, { 2, 5, 8 }, { 1, 4, 7 } },
      rows(L.RandomRotation { factor = { 0.25, 0.25 } }), 1e-4)
    local third = { 1 / 3, 1 / 3 }
    near({ { 0, 0, 0 }, { 0, 1, 2 }, { 0, 4, 5 } }, rows(L.RandomTranslation {
      height_factor = third, width_factor = third, fill_mode = "constant" }),
      1e-4)
    near({ { 9, 7, 8 }, { 3, 1, 2 }, { 6, 4, 5 } }, rows(L.RandomTranslation {
      height_factor = third, width_factor = third, fill_mode = "wrap" }), 1e-4)
    near({ { 1, 1, 2 }, { 1, 1, 2 }, { 4, 4, 5 } }, rows(L.RandomTranslation {
      height_factor = third, width_factor = third }), 1e-4)
    near({ { 3, 3.5, 4 }, { 4.5, 5, 5.5 }, { 6, 6.5, 7 } },
      rows(L.RandomZoom { height_factor = { -0.5, -0.5 } }), 1e-4)
    near({ { 7, 7, 7 }, { 7, 5, 7 }, { 7, 7, 7 } }, rows(L.RandomZoom {
      height_factor = { 1, 1 }, fill_mode = "constant", fill_value = 7,
      interpolation = "nearest" }), 1e-4)
    near(image:totable(), L.RandomRotation(0.5)(image))
    local layer = L.RandomRotation(0.5, { seed = 1 })
    local other = L.RandomRotation(0.5, { seed = 1 })
    near(layer(image, true):totable(), other(image, true))
  end)

  it("refuses what is no batch of images", function()
    refuses("Resizing: x needs 4 axes, those of batch, space and channels: it "
      .. "is [4 4 1]", function() L.Resizing(2, 2)(x[1]) end)
  end)
end)
