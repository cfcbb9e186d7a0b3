-- Points on a curve in ten dimensions, squeezed through two numbers and drawn
-- up again: the autoencoder loses little of them, since they need no more than
-- one.
--
-- prints:
-- > variance 0.36, lost 0.00
local nd = require "nadir"
local layers = nd.layers

local DIMENSIONS = 10
nd.random.set_seed(6)

-- Points [n, DIMENSIONS]: waves of different lengths along one time.
local time = nd.random.uniform({ 1000, 1 }, { minval = 0, maxval = math.pi })
local x = nd.sin(time * nd.linspace(0.5, 2., DIMENSIONS))

local input = nd.Input { DIMENSIONS }
local code = layers.Dense(2, { name = "code" })(
  layers.Dense(16, { activation = "tanh" })(input))
local output = layers.Dense(DIMENSIONS)(
  layers.Dense(16, { activation = "tanh" })(code))
local autoencoder = nd.Model(input, output)
local encoder = nd.Model(input, code)

autoencoder:summary()
autoencoder:compile { optimizer = nd.optimizers.Adam { learning_rate = 0.01 },
                      loss = "mse" }
autoencoder:fit(x, x, { epochs = 40, verbose = 2 })

print("three codes:")
print(encoder(x[{ { 1, 3 } }]))
print(("variance %.2f, lost %.2f"):format(nd.reduce_variance(x):item(),
  autoencoder:evaluate(x, x, { verbose = 0 })))
