-- Trained weights have the same bits with any number of threads.
local nd = require "nadir"
local L = nd.layers

-- Shapes at which steps are long enough to be shared.
local models = {
  ["a convolutional net"] = function()
    return nd.Sequential {
      nd.Input { 14, 14, 1 }, L.Conv2D(8, 3, { activation = "relu" }),
      L.BatchNormalization(), L.MaxPooling2D(2), L.Flatten(), L.Dropout(0.25),
      L.Dense(10, "softmax"),
    }, { 32, 14, 14, 1 }
  end,
  ["an LSTM and a GRU"] = function()
    return nd.Sequential {
      nd.Input { 12, 16 }, L.LSTM(32, { return_sequences = true }), L.GRU(32),
      L.Dense(10, "softmax"),
    }, { 32, 12, 16 }
  end,
  ["an attention block"] = function()
    local x = nd.Input { 32, 32 }
    local seen = L.MultiHeadAttention(4, 8)(x, x)
    local h = L.LayerNormalization()(L.Add()({ x, seen }))
    local wide = L.Dense(32)(L.Dense(64, "gelu")(h))
    local y = L.GlobalAveragePooling1D()(L.Add()({ h, wide }))
    return nd.Model(x, L.Dense(10, "softmax")(y)), { 8, 32, 32 }
  end,
}

-- The bits of the weights after 20 steps.
local function train_by(threads, make)
  nd.set_num_threads(threads)
  nd.random.set_seed(1)
  local model, shape = make()
  model:compile("adam", "sparse_categorical_crossentropy")
  local x = nd.random.normal(shape)
  local y = nd.cast(nd.random.uniform({ shape[1], 1 }, 1, 11), "int32")
  for _ = 1, 20 do
    model:train_on_batch(x, y)
  end
  local list = {}
  for i, w in ipairs(model:get_weights()) do
    list[i] = w:tobytes()
  end
  return table.concat(list)
end

describe("the weights of", function()
  local before = nd.get_num_threads()
  after_each(function() nd.set_num_threads(before) end)

  for name, make in pairs(models) do -- any order: each its own
    it(name .. " are the same with 1, 2 and 4 threads", function()
      local want = train_by(1, make)
      assert.is_nil(want:find("\0\0\xc0\x7f", 1, true)) -- nan
      assert.is_true(want == train_by(2, make))
      assert.is_true(want == train_by(4, make))
    end)
  end
end)
