-- A network learns one task, is saved, and loaded for another one with few
-- examples: its first layers stay as they are, and a new head is trained on
-- what they find.
--
-- prints:
-- > frozen weights are the same: true
-- > accuracy with 20 examples: from scratch 0.55, with what was learned 0.80
local nd = require "nadir"
local layers = nd.layers

local FEATURES, HIDDEN = 20, 32
nd.random.set_seed(4)
local secret = nd.random.normal { FEATURES, 2 }

-- Which quarter of a hidden plane a point is in, in four classes; the second
-- task asks only whether it is in the first or the third.
local function points(n)
  local x = nd.random.normal { n, FEATURES }
  local side = nd.cast(nd.greater(nd.matmul(x, secret), 0.), "int32")
  local first, second = side[{ {}, 1 }], side[{ {}, 2 }]
  return x, 1 + first + 2 * second, 1 + nd.cast(nd.equal(first, second),
    "int32")
end

local function head()
  return layers.Dense(2, { activation = "softmax" })
end

local function accuracy(model, x, y)
  model:compile { optimizer = nd.optimizers.Adam { learning_rate = 0.01 },
                  loss = "sparse_categorical_crossentropy",
                  metrics = { "accuracy" } }
  model:fit(x, y, { epochs = 100, verbose = 0 })
  local x_held, _, y_held = points(2000)
  return select(2, model:evaluate(x_held, y_held, { verbose = 0 }))
end

-- The first task, with many examples.
local x, quarters = points(4000)
local model = nd.Sequential {
  layers.Dense(HIDDEN, { activation = "relu" }),
  layers.Dense(HIDDEN, { activation = "relu" }),
  layers.Dense(4, { activation = "softmax" }),
}
model:compile { optimizer = "adam", loss = "sparse_categorical_crossentropy" }
model:fit(x, quarters, { epochs = 20, verbose = 2 })
model:save "build/quarters.safetensors"

-- The second one, with few.
local few, _, answers = points(20)
local scratch = nd.Sequential {
  layers.Dense(HIDDEN, { activation = "relu" }),
  layers.Dense(HIDDEN, { activation = "relu" }), head(),
}
local base = nd.models.load_model "build/quarters.safetensors"
base:pop()
base.trainable = false
local before = base.weights[1]:read_value():tobytes()
local plain = accuracy(scratch, few, answers)
local learned = accuracy(nd.Sequential { base, head() }, few, answers)

print("frozen weights are the same: "
  .. tostring(before == base.weights[1]:read_value():tobytes()))
print(("accuracy with 20 examples: from scratch %.2f, with what was learned "
  .. "%.2f"):format(plain, learned))
