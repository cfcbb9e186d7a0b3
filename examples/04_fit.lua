-- The two spirals of 03_mlp.lua again, as whoever knows Keras writes it: a
-- model is compiled, fitted with a validation set until that gets no better,
-- saved and loaded.
--
-- prints:
-- > loaded: accuracy 1.0000
-- > 17154 parameters
local nd = require "nadir"
local layers = nd.keras.layers

local PER_CLASS = 200
nd.random.set_seed(1)

-- Points [2 n, 2] and labels [2 n] of two spirals, half a turn apart.
local function spirals(n, noise)
  local radius = nd.sqrt(nd.linspace(0.02, 1., n))
  local points, labels = {}, {}
  for class = 1, 2 do
    local angle = 6 * radius + class * math.pi
    points[class] = nd.stack({ radius * nd.cos(angle), radius * nd.sin(angle) },
      2)
    labels[class] = nd.fill({ n }, class)
  end
  local x = nd.concat(points, 1)
  return x + nd.random.normal(x.shape, { stddev = noise }), nd.concat(labels, 1)
end

local x, y = spirals(PER_CLASS, 0.02)
local x_held, y_held = spirals(PER_CLASS, 0.02)

local model = nd.keras.Sequential {
  nd.keras.Input { 2 },
  layers.Dense(128, { activation = "relu" }),
  layers.Dense(128, { activation = "relu" }),
  layers.Dense(2),
}
model:compile {
  optimizer = nd.keras.optimizers.Adam { learning_rate = 0.01 },
  loss = nd.keras.losses.SparseCategoricalCrossentropy { from_logits = true },
  metrics = { "accuracy" },
}
model:fit(x, y, {
  epochs = 60,
  validation_data = { x_held, y_held },
  callbacks = {
    nd.keras.callbacks.EarlyStopping { patience = 10,
                                       restore_best_weights = true },
  },
})

model:save "build/spirals.safetensors"
local loaded = nd.keras.models.load_model "build/spirals.safetensors"
local _, accuracy = loaded:evaluate(x_held, y_held, { verbose = 0 })
print(("loaded: accuracy %.4f"):format(accuracy))
print(loaded:count_params() .. " parameters")
