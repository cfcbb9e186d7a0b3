-- An LSTM learns to go on with a sine: from twenty values it tells the next
-- one. Then it goes on by itself for a whole wave.
--
-- prints:
-- > error of a step 0.00, of a wave by itself 0.01
local nd = require "nadir"
local layers = nd.layers

local STEPS, PERIOD = 20, 40
nd.random.set_seed(2)

-- Windows [n, STEPS, 1] of a wave, and what follows each, [n, 1].
local function windows(n)
  local at = nd.reshape(nd.range(1, n), { n, 1 }) + nd.range(0, STEPS)
  local wave = nd.sin(nd.cast(at, "float32") * (2 * math.pi / PERIOD))
  return nd.expand_dims(wave[{ {}, { 1, STEPS } }], 3),
    wave[{ {}, { STEPS + 1, STEPS + 1 } }]
end

local x, y = windows(200)
local model = nd.Sequential { layers.LSTM(16), layers.Dense(1) }
model:compile { optimizer = nd.optimizers.Adam { learning_rate = 0.01 },
                loss = "mse", metrics = { "mae" } }
model:fit(x, y, { epochs = 40, verbose = 2 })
local _, step_error = model:evaluate(x, y, { verbose = 0 })

-- What it tells becomes what it is asked about.
local window, worst = x[{ { 1, 1 } }], 0
for i = 1, PERIOD do
  local next_value = model(window)
  worst = math.max(worst, math.abs(next_value:item() - y[i]:item()))
  window = nd.concat({ window[{ {}, { 2, STEPS } }],
                       nd.expand_dims(next_value, 3) }, 2)
end
print(("error of a step %.2f, of a wave by itself %.2f"):format(step_error,
  worst))
