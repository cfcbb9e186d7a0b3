--- What holds for every layer there is.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local near, refuses = support.near, support.refuses
local each_layer = require "layers.each_layer"
local json = require "nadir.json"
local structure = require "nadir.structure"
local L = nd.layers

assert(_VERSION == "Lua 5.4")

local ways, make_layer = each_layer.ways, each_layer.new
local each_shape, draw_inputs = each_layer.map_shape, each_layer.draw_inputs

local function leaves(y) return structure.flatten(y) end

local function same_values(one, other)
  local a, b = leaves(one), leaves(other)
  assert.equal(#a, #b)
  for i, x in ipairs(a) do near(x:totable(), b[i]) end
end

local function float_inputs(x)
  local list = {}
  for _, one in ipairs(leaves(x)) do
    list[#list + 1] = one.dtype:find "float" and one or nil
  end
  return list
end

-- One step, with the same random numbers each time.
local function train_step(model, x)
  nd.random.set_seed(3)
  model:train_on_batch(x, nd.ones { 2, 1 })
end

local function bits_of(tensors)
  local list = {}
  for i, x in ipairs(tensors) do list[i] = x:tobytes() end
  return list
end

local function same_models(one, other, x)
  assert.same(one:get_config(), other:get_config())
  assert.same(bits_of(one:get_weights()), bits_of(other:get_weights()))
  assert.equal(one:predict(x):tobytes(), other:predict(x):tobytes())
end

for _, name in ipairs(each_layer.names) do
  describe(name, function()
    it("is the same in a file, and trains on", function()
      local row, layer = ways[name], make_layer(name)
      local model, x = each_layer.model_around(layer, row), draw_inputs(row, 2)
      train_step(model, x)
      support.with_file("", function(path)
        model:save(path)
        local again = nd.models.load_model(path)
        same_models(model, again, x)
        train_step(model, x)
        train_step(again, x)
        same_models(model, again, x)
      end)
    end)

    it("runs on any number of examples, none too", function()
      local row, layer = ways[name], make_layer(name)
      local three = leaves(layer(draw_inputs(row, 3)))
      for _, n in ipairs { 0, 1 } do
        for i, y in ipairs(leaves(layer(draw_inputs(row, n)))) do
          assert.equal(n, y.shape[1])
          for axis = 2, y.rank do
            assert.equal(three[i].shape[axis], y.shape[axis])
          end
        end
      end
    end)

    it("can stand in a model that is drawn up", function()
      local row, layer = ways[name], make_layer(name)
      local inputs = each_shape(row, function(shape)
        return nd.Input { shape = shape,
                          dtype = row.integers and "int32" or "float32" }
      end)
      local model = nd.Model(inputs, layer(inputs))
      local x = draw_inputs(row, 2)
      same_values(layer(x), model(x))
      for i, symbol in ipairs(leaves(model.outputs)) do
        local shape = leaves(layer(x))[i].shape
        assert.is_false(symbol.shape[1])
        for axis = 2, #shape do
          assert.equal(shape[axis], symbol.shape[axis])
        end
      end
    end)

    it("is made again by its configuration", function()
      local row, layer = ways[name], make_layer(name)
      local x = draw_inputs(row, 2)
      local y = layer(x)
      local other = L[name]:from_config(layer:get_config())
      other(x)
      other:set_weights(layer:get_weights())
      same_values(y, other(x))
      assert.equal(layer.name, other.name)
    end)

    it("computes in float64, if it gets it", function()
      local row, layer = ways[name], make_layer(name)
      if row.counts then
        return
      elseif row.integers then
        layer = make_layer(name, { dtype = "float64" })
      end
      for _, y in ipairs(leaves(layer(draw_inputs(row, 2, "float64")))) do
        assert.equal("float64", y.dtype)
      end
    end)

    it("takes whole numbers, if it multiplies them", function()
      local row, layer = ways[name], make_layer(name)
      if layer.takes_floats then
        local x = draw_inputs(row, 2)
        local whole = structure.map(x, function(one)
          return nd.cast(one * 3, "int32")
        end)
        local floats = structure.map(whole, function(one)
          return nd.cast(one, "float32")
        end)
        same_values(layer(floats), layer(whole))
      end
    end)

    it("passes gradients to its weights and inputs", function()
      local row, layer = ways[name], make_layer(name)
      local x = draw_inputs(row, 2)
      layer(x)
      local sources = row.counts and {} or float_inputs(x)
      local tape <close> = nd.GradientTape()
      for _, one in ipairs(sources) do tape:watch(one) end
      local sum = 0
      for _, y in ipairs(leaves(layer(x, true))) do
        sum = sum + nd.reduce_sum(nd.square(nd.cast(y, "float32")))
      end
      for _, w in ipairs(layer.trainable_variables) do
        sources[#sources + 1] = w
      end
      for i, g in pairs(tape:gradient(sum, sources)) do
        assert(g, ("%s: no gradient for source %d"):format(name, i))
        assert.same(sources[i].shape, g.shape)
      end
    end)
  end)
end

describe("a layer of texts", function()
  it("is the same by its configuration in a file", function()
    for _, name in ipairs { "StringLookup", "TextVectorization" } do
      local layer = L[name]()
      layer:adapt { "b a", "b" }
      local text = json.encode(layer:get_config())
      local again = L[name]:from_config(json.decode(text))
      assert.equal(text, json.encode(again:get_config()))
      assert.same(layer({ "b", "c" }):totable(), again({ "b", "c" }):totable())
    end
  end)

  it("cannot stand in a model", function()
    refuses("Sequential: x must be tensors, got string; call the layer that "
      .. "reads texts before", nd.Sequential { L.StringLookup {
        vocabulary = { "a" } }, L.Embedding(2, 2) }, { "a" })
  end)
end)
