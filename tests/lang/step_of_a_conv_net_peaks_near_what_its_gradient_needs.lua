-- What the tape must keep are the inputs of the second convolution, of pools
-- and of the last layer; the sweep has at most two gradients of the first block
-- beside these.
local nd = require "nadir"
local batch, random = 32, nd.random.RandomState(1)
local images = random:randn(batch, 28, 28, 1)
local labels = random:randint(10, { size = batch })
local weights = {
  nd.Variable(random:randn(3, 3, 1, 16)), nd.Variable(nd.zeros { 16 }),
  nd.Variable(random:randn(3, 3, 16, 32)), nd.Variable(nd.zeros { 32 }),
  nd.Variable(random:randn(7 * 7 * 32, 10)),
}
local sgd = nd.optimizers.SGD { learning_rate = 1e-3 }

local function block(x, filters, bias)
  return nd.scope(function()
    local y = nd.nn.conv2d(x, filters, { padding = "SAME" })
    return nd.nn.max_pool(nd.relu(y + bias), 2)
  end)
end

local function step()
  local w, loss = weights
  with nd.GradientTape() as tape do
    local h = block(block(images, w[1], w[2]), w[3], w[4])
    loss = nd.reduce_mean(nd.nn.sparse_softmax_cross_entropy_with_logits {
      labels = labels, logits = nd.matmul(nd.reshape(h, { batch, -1 }), w[5])
    })
  end
  sgd:apply_gradients(nd.zip(tape:gradient(loss, weights), weights))
end

local before = nd.memory()
for _ = 1, 5 do
  nd.scope(step)
end
local first, second = 28 * 28 * 16, 14 * 14 * 32
local kept = first + first / 4 + second + second / 4
local needed = 4 * batch * (kept + 2 * first)
local _, peak = nd.memory()
print(peak - before <= 1.3 * needed or (peak - before) / needed)
-- output:
-- > true
