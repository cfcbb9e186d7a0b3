--- Layers of every class there is, with what they take.
local nd = require "nadir"
local structure = require "nadir.structure"
local L = nd.layers

local each_layer = {}

-- How to make each, and the shape of an example it takes; a list of shapes for
-- those that take several inputs. `integers` are positions up to 5; what
-- `counts` gives positions, without gradients.
each_layer.ways = {
  Activation = { "tanh", shape = { 3 } },
  ActivityRegularization = { 1, 2, shape = { 3 } },
  Add = { shape = { { 3 }, { 3 } } },
  AdditiveAttention = { shape = { { 2, 3 }, { 4, 3 } } },
  AlphaDropout = { 0.5, shape = { 3 } },
  Attention = { true, shape = { { 2, 3 }, { 4, 3 } } },
  Average = { shape = { { 3 }, { 3 } } },
  AveragePooling1D = { 2, shape = { 4, 2 } },
  AveragePooling2D = { 2, shape = { 4, 4, 2 } },
  AveragePooling3D = { 2, shape = { 4, 4, 4, 2 } },
  Bidirectional = { function() return L.LSTM(2) end, shape = { 3, 2 } },
  BatchNormalization = { shape = { 3 } },
  CategoryEncoding = { 5, shape = { 3 }, integers = true },
  CenterCrop = { 2, 3, shape = { 4, 4, 2 } },
  Concatenate = { shape = { { 3 }, { 2 } } },
  Conv1D = { 2, 3, shape = { 4, 2 } },
  Conv2D = { 2, 3, { padding = "same" }, shape = { 4, 4, 2 } },
  Conv3D = { 2, 3, shape = { 3, 3, 3, 2 } },
  Conv1DTranspose = { 2, 3, shape = { 4, 2 } },
  Conv2DTranspose = { 2, 3, 2, shape = { 4, 4, 2 } },
  Conv3DTranspose = { 2, 2, shape = { 2, 2, 2, 2 } },
  Cropping1D = { 1, shape = { 4, 2 } },
  Cropping2D = { 1, shape = { 4, 4, 2 } },
  Cropping3D = { 1, shape = { 4, 4, 4, 2 } },
  Dense = { 2, { kernel_initializer = "he_normal" }, shape = { 3 } },
  DepthwiseConv1D = { 2, shape = { 4, 2 } },
  DepthwiseConv2D = { 2, shape = { 4, 4, 2 } },
  Discretization = { { -1, 0, 1 }, shape = { 3 }, counts = true },
  Dot = { 2, shape = { { 3 }, { 3 } } },
  Dropout = { 0.5, { seed = 3 }, shape = { 3 } },
  EinsumDense = { "...x,xy->...y", 2, { bias_axes = "y" }, shape = { 2, 3 } },
  ELU = { shape = { 3 } },
  Embedding = { 5, 2, shape = { 3 }, integers = true },
  Flatten = { shape = { 2, 3 } },
  GRU = { 2, { return_state = true }, shape = { 3, 2 } },
  GRUCell = { 2, shape = { 3 } },
  GaussianDropout = { 0.5, shape = { 3 } },
  GaussianNoise = { 0.5, shape = { 3 } },
  GlobalAveragePooling1D = { shape = { 4, 2 } },
  GlobalAveragePooling2D = { shape = { 4, 4, 2 } },
  GlobalAveragePooling3D = { shape = { 4, 4, 4, 2 } },
  GlobalMaxPooling1D = { shape = { 4, 2 } },
  GlobalMaxPooling2D = { shape = { 4, 4, 2 } },
  GlobalMaxPooling3D = { shape = { 4, 4, 4, 2 } },
  GroupQueryAttention = { 2, 4, 2, shape = { { 2, 3 }, { 4, 3 } } },
  GroupNormalization = { 2, shape = { 3, 4 } },
  Identity = { shape = { 3 } },
  IntegerLookup = { { vocabulary = { 1, 2, 3 } }, shape = { 3 },
                    integers = true, counts = true },
  LSTM = { 2, { return_sequences = true }, shape = { 3, 2 } },
  LSTMCell = { 2, shape = { 3 } },
  Lambda = { "square", shape = { 3 } },
  LayerNormalization = { shape = { 3 } },
  LeakyReLU = { shape = { 3 } },
  Masking = { shape = { 2, 3 } },
  MaxPooling1D = { 2, shape = { 4, 2 } },
  MaxPooling2D = { 2, shape = { 4, 4, 2 } },
  MaxPooling3D = { 2, shape = { 4, 4, 4, 2 } },
  Maximum = { shape = { { 3 }, { 3 } } },
  Minimum = { shape = { { 3 }, { 3 } } },
  MultiHeadAttention = { 2, 2, { dropout = 0.5 },
                         shape = { { 2, 3 }, { 4, 3 } } },
  Multiply = { shape = { { 3 }, { 3 } } },
  Normalization = { shape = { 3 } },
  Operation = { "square", shape = { 3 } },
  PReLU = { shape = { 3 } },
  Permute = { { 2, 1 }, shape = { 2, 3 } },
  RMSNormalization = { shape = { 3 } },
  RNN = { function() return { L.GRUCell(2), L.LSTMCell(3) } end,
          shape = { 3, 2 } },
  ReLU = { shape = { 3 } },
  RandomBrightness = { 0.2, { value_range = { -9, 9 } },
                       shape = { 4, 4, 2 } },
  RandomContrast = { 0.2, { value_range = { -9, 9 } }, shape = { 4, 4, 2 } },
  RandomCrop = { 2, 2, shape = { 4, 4, 2 } },
  RandomFlip = { shape = { 4, 4, 2 } },
  RandomRotation = { 0.2, shape = { 4, 4, 2 } },
  RandomTranslation = { 0.2, 0.1, shape = { 4, 4, 2 } },
  RandomZoom = { 0.2, shape = { 4, 4, 2 } },
  RepeatVector = { 2, shape = { 3 } },
  Rescaling = { 2, shape = { 3 } },
  Reshape = { { 3, -1 }, shape = { 2, 3 } },
  Resizing = { 3, 2, shape = { 4, 4, 2 } },
  SeparableConv1D = { 2, 2, shape = { 4, 2 } },
  SeparableConv2D = { 2, 2, shape = { 4, 4, 2 } },
  SimpleRNN = { 2, shape = { 3, 2 } },
  SimpleRNNCell = { 2, shape = { 3 } },
  Softmax = { shape = { 3 } },
  SpectralNormalization = { function() return L.Dense(2) end, shape = { 3 } },
  SpatialDropout1D = { 0.5, shape = { 3, 2 } },
  SpatialDropout2D = { 0.5, shape = { 3, 3, 2 } },
  SpatialDropout3D = { 0.5, shape = { 3, 3, 3, 2 } },
  StackedRNNCells = { function() return { L.GRUCell(2), L.LSTMCell(3) } end,
                      shape = { 3 } },
  Subtract = { shape = { { 3 }, { 3 } } },
  TimeDistributed = { function() return L.Dense(2) end, shape = { 3, 2 } },
  UnitNormalization = { shape = { 3 } },
  UpSampling1D = { 2, shape = { 4, 2 } },
  UpSampling2D = { 2, { interpolation = "bilinear" }, shape = { 4, 4, 2 } },
  UpSampling3D = { 2, shape = { 2, 2, 2, 2 } },
  ZeroPadding1D = { 1, shape = { 4, 2 } },
  ZeroPadding2D = { 1, shape = { 4, 4, 2 } },
  ZeroPadding3D = { 1, shape = { 2, 2, 2, 2 } },
}

-- Those that no row of their own can say enough of.
local others = { Input = true, InputLayer = true, Layer = true,
                 Sequential = true, StringLookup = true,
                 TextVectorization = true }

-- Each by its own name; some have another, and functions begin in lower case.
local names = {}
each_layer.names = names
for name, Class in pairs(L) do -- any order: sorted below
  local own = tostring(Class):match "^%u%w*" == name
  names[#names + 1] = own and not others[name] and name or nil
end
table.sort(names)

--- A layer, from its row, with further settings.
function each_layer.new(name, settings)
  local row = assert(each_layer.ways[name],
    name .. ": no row says how to make it")
  local arguments = {}
  for i, value in ipairs(row) do
    arguments[i] = type(value) == "function" and value() or value
  end
  local last = arguments[#arguments]
  local options = {}
  if type(last) == "table" and getmetatable(last) == nil
    and type(next(last)) == "string" then -- any order: names, if any
    for key, value in pairs(last) do options[key] = value end
    arguments[#arguments] = nil
  end
  for key, value in pairs(settings or {}) do options[key] = value end
  if next(options) then -- any order: whether there is one
    arguments[#arguments + 1] = options
  end
  return L[name](table.unpack(arguments))
end

--- f(shape) for the shape of a row, or the list of it for its shapes.
function each_layer.map_shape(row, f)
  if type(row.shape[1]) ~= "table" then
    return f(row.shape)
  end
  local list = {}
  for i, shape in ipairs(row.shape) do list[i] = f(shape) end
  return list
end

local rng = nd.random.RandomState(5)

--- Inputs of n examples.
function each_layer.draw_inputs(row, n, dtype)
  return each_layer.map_shape(row, function(shape)
    local full = { n, table.unpack(shape) }
    if row.integers then
      return nd.reshape(nd.range(1, nd.zeros(full).size) % 5 + 1, full)
    end
    return nd.cast(nd.reshape(rng:randn(nd.zeros(full).size), full),
      dtype or "float32")
  end)
end

--- A model of the layer, whose outputs become one number for each example.
function each_layer.model_around(layer, row)
  local inputs = each_layer.map_shape(row, function(shape)
    return nd.Input { shape = shape,
                      dtype = row.integers and "int32" or "float32" }
  end)
  local sums = {}
  for i, y in ipairs(structure.flatten(layer(inputs))) do
    sums[i] = L.Dense(1)(L.Flatten()(y))
  end
  local model = nd.Model(inputs, #sums > 1 and L.Add()(sums) or sums[1])
  model:compile("adam", "mse")
  return model
end

return each_layer
