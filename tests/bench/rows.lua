--- The work of the rows, written as a script's author would write it. Each
--- constructor gives a function that does one iteration.
--
-- On its own it does N iterations and prints nothing, for callgrind:
-- nadir tests/bench/rows.lua step:8:ahead N
package.path = "tests/bench/?.lua;" .. package.path
local nd = require "nadir"
local chain = require "chain"
local system = require "system"

local layers = nd.layers

local rows = {}

local POOL = 64 -- index sets drawn ahead for the rows that do not time it

local data = {}

--- Makes the points of a line that the steps draw from.
---@param points integer
function rows.load(points)
  local random = nd.random.RandomState(0)
  local x = nd.linspace(0, 10, points)
  local noise = random:randn(points)
  data.x, data.y, data.random = x, 2.5 * x + 15 + noise, random
end

-- Each function of next_batch gives a function that returns x and y.
local next_batch = {}

function next_batch.draw(batch)
  local x, y, random = data.x, data.y, data.random
  return function()
    local at = random:randint(#x, { size = batch })
    return nd.gather(x, at), nd.gather(y, at)
  end
end

function next_batch.ahead(batch)
  local x, y = data.x, data.y
  local pool, count = {}, 0
  for i = 1, POOL do
    pool[i] = data.random:randint(#data.x, { size = batch })
  end
  return function()
    count = count % POOL + 1
    local at = pool[count]
    return nd.gather(x, at), nd.gather(y, at)
  end
end

function next_batch.full()
  return function() return data.x, data.y end
end

--- The gradient of x^2.
function rows.gradient()
  local x = nd.Variable(3.0)
  return function()
    local y
    with nd.GradientTape() as tape do
      y = nd.square(x)
    end
    return tape:gradient(y, x)
  end
end

--- A step of the linear regression: `kind` is draw, ahead or full.
---@return function step, nd.Variable w, nd.Variable b
function rows.step(batch, kind)
  local batches = next_batch[kind](math.tointeger(batch))
  local w, b = nd.Variable(0.0), nd.Variable(0.0)
  local sgd = nd.optimizers.SGD { learning_rate = 1e-3 }
  local function step()
    local x, y = batches()
    local loss
    with nd.GradientTape() as tape do
      loss = nd.reduce_sum(nd.square(w * x + b - y)) / #x
    end
    sgd:apply_gradients(nd.zip(tape:gradient(loss, {w, b}), {w, b}))
    return loss
  end
  return step, w, b
end

--- Two gradients of a chain of tanh, exp and arithmetic over `points` values.
function rows.wave(points)
  local x = nd.linspace(-3, 3, math.tointeger(points))
  local a, b = nd.Variable(0.5), nd.Variable(-0.25)
  return function()
    local y
    with nd.GradientTape() as tape do
      y = nd.reduce_mean(nd.tanh(a * x + b) * nd.exp(-x * x) + x / 2)
    end
    local slopes = tape:gradient(y, { a, b })
    return y:item(), slopes[1]:item(), slopes[2]:item() -- else they wait
  end
end

--- A step of the 784-128-10 network.
function rows.mlp(batch)
  batch = math.tointeger(batch)
  local random = nd.random.RandomState(1)
  local images = random:randn(1000, 784)
  local labels = random:randint(10, { size = 1000 })
  local w1 = nd.Variable(random:randn(784, 128) * 0.05)
  local w2 = nd.Variable(random:randn(128, 10) * 0.05)
  local b1, b2 = nd.Variable(nd.zeros { 128 }), nd.Variable(nd.zeros { 10 })
  local weights = {w1, b1, w2, b2}
  local adam = nd.optimizers.Adam { learning_rate = 1e-3 }
  return function()
    local at = random:randint(1000, { size = batch })
    local x, y = nd.gather(images, at), nd.gather(labels, at)
    local loss
    with nd.GradientTape() as tape do
      local h = nd.relu(nd.matmul(x, w1) + b1)
      loss = nd.reduce_mean(nd.nn.sparse_softmax_cross_entropy_with_logits {
        labels = y, logits = nd.matmul(h, w2) + b2 })
    end
    adam:apply_gradients(nd.zip(tape:gradient(loss, weights), weights))
    return loss
  end
end

-- A step of Adam on loss_of(), by the weights of `model`.
local function trainer(model, loss_of)
  local adam = nd.optimizers.Adam { learning_rate = 1e-3 }
  local weights = model.trainable_variables
  return function()
    local loss
    with nd.GradientTape() as tape do
      loss = loss_of()
    end
    adam:apply_gradients(nd.zip(tape:gradient(loss, weights), weights))
    return loss
  end
end

--- A step of a network of two convolutions for images of 28 by 28.
function rows.conv()
  local random = nd.random.RandomState(1)
  local images = random:randn(256, 28, 28, 1)
  local labels = random:randint(10, { size = 256 })
  local function convolve(filters)
    return layers.Conv2D(filters, 3, { padding = "same", activation = "relu" })
  end
  local model = nd.Sequential {
    nd.Input { 28, 28, 1 },
    convolve(32), layers.MaxPooling2D(),
    convolve(64), layers.MaxPooling2D(),
    layers.Flatten(), layers.Dense(10),
  }
  model:set_weights {
    random:randn(3, 3, 1, 32) * 0.1, nd.zeros { 32 },
    random:randn(3, 3, 32, 64) * 0.1, nd.zeros { 64 },
    random:randn(7 * 7 * 64, 10) * 0.02, nd.zeros { 10 },
  }
  local cross_entropy = nd.losses.SparseCategoricalCrossentropy {
    from_logits = true }
  return trainer(model, function()
    local at = random:randint(256, { size = 32 })
    return cross_entropy(nd.gather(labels, at), model(nd.gather(images, at)))
  end)
end

-- A step of Adam on the mean square of what `model` misses.
local function regress(model, x, target)
  return trainer(model, function()
    return nd.reduce_mean(nd.square(model(x) - target))
  end)
end

--- A step of an LSTM of 128 units over 64 sequences of 32 times 128.
function rows.lstm()
  local random = nd.random.RandomState(1)
  local x, target = random:randn(64, 32, 128), random:randn(64, 32, 128)
  local layer = layers.LSTM(128, { return_sequences = true })
  layer:build(x.shape)
  layer:set_weights { random:randn(128, 512) * 0.08,
                      random:randn(128, 512) * 0.08, nd.zeros { 512 } }
  return regress(layer, x, target)
end

--- A step of a block of attention by 8 heads, and of two layers, each with what
--- came in added to it and normalized: 4 times 128 tokens of 256 numbers.
function rows.attention()
  local random = nd.random.RandomState(1)
  local x, target = random:randn(4, 128, 256), random:randn(4, 128, 256)
  local seen = layers.MultiHeadAttention(8, 32)
  local wide, narrow = layers.Dense(1024, "relu"), layers.Dense(256)
  local input = nd.Input { 128, 256 }
  local h = layers.LayerNormalization { epsilon = 1e-5 }(
    input + seen(input, input))
  local y = layers.LayerNormalization { epsilon = 1e-5 }(h + narrow(wide(h)))
  local values = {}
  for i = 1, 4 do
    local w = random:randn(256, 256) * 0.06
    values[2 * i - 1] = nd.reshape(w,
      i < 4 and { 256, 8, 32 } or { 8, 32, 256 })
    values[2 * i] = nd.zeros(i < 4 and { 8, 32 } or { 256 })
  end
  seen:set_weights(values)
  wide:set_weights { random:randn(256, 1024) * 0.06, nd.zeros { 1024 } }
  narrow:set_weights { random:randn(1024, 256) * 0.06, nd.zeros { 256 } }
  return regress(nd.Model(input, y), x, target)
end

--- How many steps an epoch of `rows.epoch` has.
rows.STEPS = 100

-- An epoch of a model, over batches of ten, by hand.
local function epoch_by_hand(model, x, y)
  local loss_of = nd.losses.MeanSquaredError()
  local first = 1
  local step = trainer(model, function()
    local some = { { first, first + 9 } }
    return loss_of(y[some], model(x[some]))
  end)
  return function()
    for i = 1, rows.STEPS do
      first = 10 * i - 9
      step()
    end
  end
end

--- An epoch of a small model, by hand or as `fit` does it: the difference is
--- what fit costs.
---@param how string  "hand" or "fit"
function rows.epoch(how)
  local random = nd.random.RandomState(1)
  local n = 10 * rows.STEPS
  local x, y = random:randn(n, 8), random:randn(n, 1)
  local model = nd.Sequential { nd.Input { 8 }, layers.Dense(32, "relu"),
                                layers.Dense(1) }
  if how == "hand" then
    return epoch_by_hand(model, x, y)
  end
  model:compile { optimizer = nd.optimizers.Adam { learning_rate = 1e-3 },
                  loss = "mse" }
  return function()
    model:fit(x, y, { batch_size = 10, shuffle = false, verbose = 0 })
  end
end

--- A checkpoint of a 784-512-10 network and of Adam: 4.9 MB.
function rows.checkpoint()
  local random = nd.random.RandomState(1)
  local model = nd.Sequential { nd.Input { 784 }, layers.Dense(512, "relu"),
                                layers.Dense(10) }
  model:compile { optimizer = "adam", loss = "mse" }
  model:train_on_batch(random:randn(8, 784), random:randn(8, 10))
  local checkpoint = nd.train.Checkpoint { model = model,
                                           optimizer = model.optimizer }
  local path = system.scratch .. "/nadir.safetensors"
  return function() checkpoint:write(path) end
end

--- A step on 32 rows of a table of so many words, 64 numbers for each.
function rows.embed(words)
  words = math.tointeger(words)
  local random = nd.random.RandomState(2)
  local embedding = nd.Variable(random:randn(words, 64) * 0.1)
  local pool, count = {}, 0
  for i = 1, POOL do
    pool[i] = random:randint(words, { size = 32 })
  end
  local sgd = nd.optimizers.SGD { learning_rate = 1e-3 }
  return function()
    count = count % POOL + 1
    local loss
    with nd.GradientTape() as tape do
      local found = nd.nn.embedding_lookup(embedding, pool[count])
      loss = nd.reduce_sum(nd.square(found))
    end
    sgd:apply_gradients { { tape:gradient(loss, embedding), embedding } }
    return loss
  end
end

--- A chain of `count` scalar ops, recorded and swept.
function rows.chain(count)
  return function() chain(math.tointeger(count)) end
end

--- The row called "step:8:ahead" and the like.
function rows.find(name)
  local kind, first, second = name:match "^(%a+):?(%w*):?(%w*)$"
  return rows[kind](first, second)
end

if arg and arg[0]:find "rows%.lua$" then
  rows.load(10000)
  local step = rows.find(arg[1])
  for _ = 1, math.tointeger(arg[2]) do
    step()
  end
end

return rows
