-- Two networks play against each other over numbers: one makes them of noise,
-- the other tells them from those of a normal distribution. Each step of
-- training is the model's own.
--
-- prints:
-- > made: mean 4.0, standard deviation 0.4 (wanted 4.0 and 0.5)
local nd = require "nadir"
local layers, optimizers = nd.layers, nd.optimizers

local BATCH, NOISE = 64, 4
nd.random.set_seed(8)

local Gan = nd.Model:extend "Gan"

function Gan:init()
  self.maker = nd.Sequential {
    layers.Dense(16, { activation = "relu" }), layers.Dense(1) }
  self.judge = nd.Sequential {
    layers.Dense(16, { activation = "relu" }), layers.Dense(1) }
  self.loss = nd.losses.BinaryCrossentropy { from_logits = true }
  self.of_maker = optimizers.Adam { learning_rate = 1e-3, beta_1 = 0.5 }
  self.of_judge = optimizers.Adam { learning_rate = 2e-3, beta_1 = 0.5 }
end

function Gan:call(noise)
  return self.maker(noise)
end

-- The judge learns what is real and what is made, then the maker to be taken
-- for real.
function Gan:train_step(data)
  local real = data[1]
  local ones, zeros = nd.ones { #real, 1 }, nd.zeros { #real, 1 }
  local function noise() return nd.random.normal { #real, NOISE } end
  local judged = self.of_judge:minimize(function()
    return self.loss(ones, self.judge(real))
      + self.loss(zeros, self.judge(self.maker(noise())))
  end, self.judge.trainable_variables)
  local made = self.of_maker:minimize(function()
    return self.loss(ones, self.judge(self.maker(noise())))
  end, self.maker.trainable_variables)
  return { judge = judged, maker = made }
end

local gan = Gan()
gan(nd.zeros { 1, NOISE })
gan.judge(nd.zeros { 1, 1 })
gan:fit(4 + 0.5 * nd.random.normal { 6400, 1 },
  { batch_size = BATCH, epochs = 30, verbose = 2 })

local made = gan(nd.random.normal { 10000, NOISE })
print(("made: mean %.1f, standard deviation %.1f (wanted 4.0 and 0.5)"):format(
  nd.reduce_mean(made):item(), nd.reduce_std(made):item()))
