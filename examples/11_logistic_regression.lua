-- Tells two clouds of points apart by a line, with one layer of one number: its
-- sigmoid is how likely a point is of the second cloud.
--
-- prints:
-- > accuracy 0.93
-- > precision 0.92, recall 0.93
local nd = require "nadir"

local PER_CLASS = 500
nd.random.set_seed(11)

local x = nd.concat({
  nd.random.normal { PER_CLASS, 2 } + nd.constant { -1., 0.5 },
  nd.random.normal { PER_CLASS, 2 } + nd.constant { 1.5, -1. },
}, 1)
local y = nd.concat({ nd.zeros { PER_CLASS, 1 }, nd.ones { PER_CLASS, 1 } }, 1)

local model = nd.Sequential { nd.layers.Dense(1, { activation = "sigmoid" }) }
model:compile {
  optimizer = nd.optimizers.SGD { learning_rate = 0.1 },
  loss = "binary_crossentropy",
  metrics = { "accuracy", nd.metrics.Precision {}, nd.metrics.Recall {} },
}
model:fit(x, y, { epochs = 20, verbose = 2 })

local logs = model:evaluate(x, y, { verbose = 0, return_dict = true })
local w, b = table.unpack(model:get_weights())
print(("the line: %.1f x + %.1f y + %.1f = 0"):format(w[1]:item(), w[2]:item(),
  b:item()))
print(("accuracy %.2f"):format(logs.accuracy))
print(("precision %.2f, recall %.2f"):format(logs.precision, logs.recall))
