--- Classes of every kind, given what they cannot take: each refuses it in words
-- of ours, which begin with a name, or takes it.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local each_layer = require "layers.each_layer"
local is_ours = require "ours"
local refuses = require "support".refuses
local signature = require "nadir.signature"
local L = nd.layers

assert(_VERSION == "Lua 5.4")

-- ------------------------------------------------------------------ values --

local cyclic, named = {}, {}
cyclic[1], named.a = cyclic, named

-- As text, for the message of what fails.
local function values(list)
  local all = {}
  for name, value in pairs(list) do -- any order: sorted below
    all[#all + 1] = { name = name, value = value }
  end
  table.sort(all, function(a, b) return a.name < b.name end)
  return all
end

-- What nobody takes, or hardly anybody.
local strange = values {
  ["a function"] = function() end, ["a thread"] = coroutine.create(print),
  ["a text"] = "a", ["no text"] = "", ["a flag"] = true, ["not"] = false,
  ["a list in itself"] = cyclic, ["a table in itself"] = named,
  ["a list of a text"] = { "a" }, ["an empty table"] = {},
  ["a list of lists"] = { {} }, ["a name"] = { a = 1 }, ["zero"] = 0,
  ["a file"] = io.stdout, ["files"] = { io.stdout, io.stdout },
  ["a tape"] = nd.GradientTape(), ["a layer"] = L.Dense(2),
  ["a class"] = L.Dense, ["an object"] = setmetatable({}, {}),
  ["a scalar"] = nd.ones {}, ["no rows"] = nd.zeros { 0 },
  ["a Variable"] = nd.Variable { 1., 2. }, ["a symbol"] = nd.Input { 3 },
  ["tensors"] = { nd.ones { 2, 3 }, nd.ones { 2, 3 } },
  ["a tensor and a text"] = { nd.ones { 2 }, "a" },
  ["a tensor and not"] = { nd.ones { 2 }, false },
  ["half"] = 0.5, ["less than nothing"] = -1, ["nan"] = 0 / 0,
  ["a configuration"] = { class_name = "Dense", config = { units = cyclic } },
}

-- Too large; where memory could be asked for, loops have no end.
local huge = values { ["huge"] = 1 << 62, ["least"] = math.mininteger }

-- ------------------------------------------------------------------ trying --

-- Adds to `wrong` what an error of a call says that is not in words of ours.
local function probe(wrong, what, f, ...)
  local ok, message = pcall(f, ...)
  if not ok and not is_ours(message) then
    wrong[#wrong + 1] = ("%s: %s"):format(what, tostring(message))
  end
end

local function use(object, call, input)
  tostring(object)
  if call and input ~= nil then
    call(object, input)
  end
end

-- Makes objects of a class with what it cannot take, and calls those that it
-- can. `make(settings)` makes one that is right but for these.
local function sweep(Class, make, call, input, list)
  local wrong, takes = {}, signature.of(Class)
  for _, bad in ipairs(list) do
    probe(wrong, "the class, given " .. bad.name, function()
      use(Class(bad.value), call, input)
    end)
    for _, p in ipairs(takes and takes.params or {}) do
      probe(wrong, ("%s = %s"):format(p.name, bad.name), function()
        use(make { [p.name] = bad.value }, call, input)
      end)
    end
  end
  return wrong
end

-- Calls an object that has been called, and one that has not, with that.
local function sweep_calls(make, call, input)
  local wrong = {}
  for _, bad in ipairs(strange) do
    local ok, object = pcall(make, {})
    if ok then
      probe(wrong, "a call with " .. bad.name, call, object, bad.value)
      if pcall(call, object, input) then
        probe(wrong, "one more call with " .. bad.name, call, object, bad.value)
      end
    end
  end
  return wrong
end

local function assert_none(wrong)
  assert.equal("", table.concat(wrong, "\n"))
end

-- ------------------------------------------------------------------- specs --

describe("a layer refuses in words of its own", function()
  for _, name in ipairs(each_layer.names) do
    local row = each_layer.ways[name]
    local input = each_layer.draw_inputs(row, 2)
    local function make(settings) return each_layer.new(name, settings) end
    local function call(layer, x) return layer(x) end
    it(name .. ": settings", function()
      assert_none(sweep(L[name], make, call, input, strange))
      assert_none(sweep(L[name], make, nil, nil, huge))
    end)
    it(name .. ": inputs", function()
      assert_none(sweep_calls(make, call, input))
    end)
  end
end)

local x = nd.ones { 2, 3 }

-- How objects of each family are called, and with what.
local families = {
  losses = { function(o, y) return o(y, y) end, x },
  metrics = { function(o, y) o:update_state(y, y) return o:result() end, x },
  initializers = { function(o, shape) return o(shape) end, { 2, 3 } },
  regularizers = { function(o, w) return o(w) end, x },
  constraints = { function(o, w) return o(w) end, x },
  optimizers = {
    function(o, pairs) return o:apply_gradients(pairs) end,
    { { nd.ones { 2 }, nd.Variable { 1., 2. } } },
  },
  callbacks = {},
}

for family, way in pairs(families) do -- any order: each its own
  describe(family .. " refuse in words of their own:", function()
    for name, Class in pairs(nd[family]) do -- any order: each its own
      if name:find "^%u%l" and signature.of(Class) then
        it(name, function()
          assert_none(sweep(Class, Class, way[1], way[2], strange))
          assert_none(sweep(Class, Class, nil, nil, huge))
          if way[1] then
            assert_none(sweep_calls(Class, way[1], way[2]))
          end
        end)
      end
    end
  end)
end

describe("schedules refuse in words of their own:", function()
  for name, Class in pairs(nd.optimizers.schedules) do -- any order
    if signature.of(Class) then
      it(name, function()
        local function call(schedule, step) return schedule(step) end
        assert_none(sweep(Class, Class, call, 1, strange))
      end)
    end
  end
end)

-- What models, and what draws them up, are given in turn.
local model_calls = {
  function(bad) nd.Sequential(bad) end,
  function(bad) nd.Sequential { bad } (x) end,
  function(bad) nd.Sequential({}, { name = bad }) end,
  function(bad) nd.Model(bad) end,
  function(bad) nd.Model(nd.Input { 3 }, bad) end,
  function(bad) nd.Model(bad, nd.Input { 3 }) end,
  function(bad) local y = nd.Input { 3 } nd.Model(y, y + 1, bad) end,
  function(bad) nd.Input(bad) end,
  function(bad) nd.Input { shape = { 3 }, dtype = bad } end,
  function(bad) local y = nd.Input { 3 } nd.Model(y, y + 1)(bad) end,
  function(bad) L.LSTM(2)(nd.ones { 2, 3, 4 }, { mask = bad }) end,
  function(bad) L.LSTM(2)(nd.ones { 2, 3, 4 }, { initial_state = bad }) end,
  function(bad) L.Dense(2):build(bad) end,
  function(bad) L.Dense(2):compute_output_shape(bad) end,
  function(bad) L.Dense:from_config(bad) end,
  function(bad) nd.Model:from_config(bad) end,
  function(bad) L.Layer:extend("A", bad) end,
  function(bad) L.Normalization():adapt(bad) end,
  function(bad) L.Discretization { num_bins = 3 }:adapt(bad) end,
  function(bad) L.StringLookup():adapt(bad) end,
  function(bad) L.TextVectorization { vocabulary = { "a" } } (bad) end,
}

-- What a model is asked for, with what is given for one argument.
local function compiled_model()
  local model = nd.Sequential { L.Dense(3) }
  model:compile("sgd", "mse")
  return model
end

for _, method in ipairs { "build", "add", "get_layer", "set_weights",
                          "predict", "predict_on_batch", "compile" } do
  model_calls[#model_calls + 1] = function(bad)
    local model = compiled_model()
    model[method](model, bad)
  end
end

for _, option in ipairs { "x", "y", "batch_size", "epochs", "callbacks",
                          "validation_split", "validation_data",
                          "class_weight", "sample_weight", "initial_epoch",
                          "steps_per_epoch", "validation_freq" } do
  model_calls[#model_calls + 1] = function(bad)
    local settings = { x = x, y = x, verbose = 0 }
    settings[option] = bad
    compiled_model():fit(settings)
  end
end

for _, setting in ipairs { "optimizer", "loss", "metrics", "loss_weights",
                           "weighted_metrics" } do
  model_calls[#model_calls + 1] = function(bad)
    local model = compiled_model()
    model:compile { optimizer = "sgd", [setting] = bad }
    model:fit(x, x, { verbose = 0 })
  end
end

describe("models", function()
  it("refuse in words of their own", function()
    local wrong = {}
    for i, call in ipairs(model_calls) do
      for _, bad in ipairs(strange) do
        probe(wrong, ("call %d with %s"):format(i, bad.name), call, bad.value)
      end
    end
    assert_none(wrong)
  end)
end)

describe("a layer's mistake", function()
  it("is told by what it is", function()
    local a, b = nd.ones { 2, 3 }, nd.ones { 2, 4, 4, 1 }
    for message, f in pairs { -- any order: each its own
      ["Cropping1D: cropping must be a number, or a list of numbers or of "
        .. "pairs, got boolean"] = function() L.Cropping1D(true) end,
      ["Concatenate: axis 0: axes count from 1 here; Keras's axis 0 is 1"] =
        function() L.Concatenate(0) { a, a } end,
      ["LayerNormalization: axis needs an axis: it is {}"] =
        function() L.LayerNormalization { axis = {} } end,
      ["Reshape: takes one tensor, got a table of 2"] =
        function() L.Reshape(6) { a, a } end,
      ["Embedding: x must be tensors, got function"] =
        function() L.Embedding(3, 2)(print) end,
      ["Rescaling: x is missing: it must be a tensor"] =
        function() L.Rescaling(2)(nil) end,
      ["RepeatVector: a table is nested deeper than 100"] =
        function() L.RepeatVector(2)(cyclic) end,
      ["Lambda: a table is nested deeper than 100"] =
        function() L.Lambda("square", { arguments = { cyclic } }) end,
      ["Add: input 2 must be a tensor, got string"] =
        function() L.Add() { a, "a" } end,
      ["LSTM: takes a list of tensors, got a table without any"] =
        function() L.LSTM(2) { y = a } end,
      ["RNN: cell must be a layer with a state_size, got function"] =
        function() L.RNN(print) end,
      ["SpectralNormalization: layer must be a layer with a kernel, got "
        .. "function"] = function() L.SpectralNormalization(print) end,
      ["TimeDistributed: layer must return tensors, got nil"] =
        function() L.TimeDistributed(function() end)(nd.ones { 1, 2, 3 }) end,
      ["IntegerLookup: the vocabulary has nan"] =
        function() L.IntegerLookup { vocabulary = { 1, 0 / 0 } } end,
      ["IntegerLookup: the data has nan"] =
        function() L.IntegerLookup():adapt { 1, 0 / 0 } end,
      ["TextVectorization: texts must be strings, got 3"] =
        function() L.TextVectorization():adapt { "a", 3 } end,
      ["Dot: axes needs 1 number or 2, got 3"] =
        function() L.Dot { axes = { 1, 2, 3 } } end,
      ["Bidirectional: backward_layer must be recurrent"] = function()
        L.Bidirectional(L.LSTM(2), { backward_layer = L.Dense(2) })
      end,
    } do
      refuses(message, f)
    end
    for message, f in pairs { -- any order: each its own
      ["compute_output_shape: shape must be a list of sizes, false for those "
        .. "that are not known, or a table of such lists, got 3"] =
        function() L.Dense(2):compute_output_shape(3) end,
      ["Dense: takes one shape, got a table of them"] =
        function() L.Dense(2):build { { 2, 3 } } end,
      ["Model: takes inputs, outputs, and options by name, got string"] =
        function() nd.Model(nd.Input { 3 }, nd.Input { 3 }, "m") end,
      ["Sequential: layer 2 is an input; one may come first, and models of "
        .. "several are nd.Model(inputs, outputs)"] =
        function() nd.Sequential { nd.Input { 3 }, nd.Input { 3 } } end,
      ["predict: x must be a tensor or a table of tensors, got boolean"] =
        function() compiled_model():predict(false) end,
    } do
      refuses(message, f)
    end
    local crop = L.CenterCrop(2, 2)
    crop(b)
    refuses("CenterCrop: x needs 4 axes, those of batch, space and channels: "
      .. "it is [2 3]", crop, a)
  end)
end)
