--- Nadir's side of `make bench`: the rows of peers.py, written as a script's
--- author would write them. Answers requests as worker.lua describes.
package.path = "tests/bench/?.lua;" .. package.path
local nd = require "nadir"
local chain = require "chain"

local clock = nd.clock

local POINTS = 1000000
local POOL = 64 -- index sets drawn ahead for the rows that do not time it

local data = {}

local function load_data()
  local random = nd.random.RandomState(0)
  local x = nd.linspace(0, 10, POINTS)
  local noise = random:randn(POINTS)
  data.x, data.y, data.random = x, 2.5 * x + 15 + noise, random
end

-- Each function of next_batch gives a function that returns x and y.
local next_batch = {}

function next_batch.draw(batch)
  local x, y, random = data.x, data.y, data.random
  return function()
    local at = random:randint(POINTS, { size = batch })
    return nd.gather(x, at), nd.gather(y, at)
  end
end

function next_batch.ahead(batch)
  local x, y = data.x, data.y
  local pool, count = {}, 0
  for i = 1, POOL do
    pool[i] = data.random:randint(POINTS, { size = batch })
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

local function gradient()
  local x = nd.Variable(3.0)
  return function()
    local y
    with nd.GradientTape() as tape do
      y = nd.square(x)
    end
    return tape:gradient(y, x)
  end
end

local function fit(batches)
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

local function network()
  local random = nd.random.RandomState(1)
  local images = random:randn(1000, 784)
  local labels = random:randint(10, { size = 1000 })
  local w1 = nd.Variable(random:randn(784, 128) * 0.05)
  local w2 = nd.Variable(random:randn(128, 10) * 0.05)
  local b1, b2 = nd.Variable(nd.zeros { 128 }), nd.Variable(nd.zeros { 10 })
  local weights = {w1, b1, w2, b2}
  local adam = nd.optimizers.Adam { learning_rate = 1e-3 }
  return function()
    local at = random:randint(1000, { size = 32 })
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

-- Block lengths that lasted long enough before, by row.
local lengths = {}

-- First steps make slots and fill caches, so a quarter more comes before.
local function timed(row, step, seconds)
  local ready = clock() + seconds / 4
  while clock() < ready do
    step()
  end
  local count = lengths[row] or 1
  while true do
    local start = clock()
    for _ = 1, count do
      step()
    end
    local spent = clock() - start
    if spent >= seconds / 2 then
      lengths[row] = math.max(1, math.floor(count * seconds / spent))
      return ("total=%g"):format(spent / count)
    end
    count = count * 2
  end
end

local answer = {}

function answer.gradient(row, seconds)
  return timed(row, gradient(), seconds)
end

function answer.step(row, seconds, batch, kind)
  local step = fit(next_batch[kind](math.tointeger(batch)))
  return timed(row, step, seconds)
end

function answer.mlp(row, seconds)
  return timed(row, network(), seconds)
end

function answer.chain(_, seconds, count)
  count = math.tointeger(count)
  local runs, record, sweep = 0, 0, 0
  repeat
    local recording, sweeping = chain(count)
    runs, record, sweep = runs + 1, record + recording, sweep + sweeping
  until record + sweep >= seconds
  local ops = runs * count
  return ("total=%g record=%g sweep=%g"):format((record + sweep) / ops,
    record / ops, sweep / ops)
end

-- Where 100 steps from the start lead: the same in every peer.
function answer.check(_, _, what)
  local step, w, b = network()
  if what == "fit" then
    load_data()
    step, w, b = fit(next_batch.draw(1000))
  end
  for _ = 2, 100 do
    step()
  end
  local loss = step():item()
  if what == "fit" then
    return ("loss=%.9g w=%.9g b=%.9g"):format(loss, w:item(), b:item())
  end
  return ("loss=%.9g"):format(loss)
end

io.stdout:setvbuf "line"
load_data()
print("= version=" .. (nd.version or "unknown"))
for line in io.lines() do
  local row, seconds = line:match "^(%S+) (%S+)$"
  local kind, first, second = row:match "^(%a+):?(%w*):?(%w*)$"
  local ok, text = pcall(answer[kind], row, tonumber(seconds), first, second)
  text = tostring(text):match "^[^\n]*"
  print((ok and "= " or "! ") .. text)
end
