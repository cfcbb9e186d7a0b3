--- When the collector runs (lua/pace.c).
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local layers = nd.layers

-- A step whose tensors live as long as it does, of many times what stays.
local function attention_step()
  local x = nd.random.normal { 8, 64, 32 }
  local input = nd.Input { 64, 32 }
  local y = input
  for _ = 1, 4 do
    y = layers.LayerNormalization()(y + layers.MultiHeadAttention(4, 8)(y, y))
    y = y + layers.Dense(32)(layers.Dense(128, "relu")(y))
  end
  local model = nd.Model(input, y)
  local sgd = nd.optimizers.Adam(0.001)
  return function()
    local loss
    with nd.GradientTape() as tape do
      loss = nd.reduce_mean(nd.square(model(x) - x))
    end
    local weights = model.trainable_variables
    sgd:apply_gradients(nd.zip(tape:gradient(loss, weights), weights))
  end
end

-- Garbage that only a full collection finds.
local function old_garbage()
  local watch = setmetatable({ {} }, { __mode = "v" })
  local object = watch[1]
  collectgarbage()
  return watch, object ~= nil
end

describe("the collector", function()
  it("is not called in full by steps of training", function()
    local step = attention_step()
    for _ = 1, 30 do
      step()
    end
    local watch = old_garbage()
    for _ = 1, 30 do
      step()
    end
    assert.is_true(watch[1] ~= nil)
    collectgarbage()
    assert.is_true(watch[1] == nil)
  end)
end)
