-- Fits a line to a million noisy points: first with two bare variables, then
-- with a model made of one Dense layer.
-- The points are y = 2.5 x + 15 plus noise, so the loss ends near the variance
-- of the noise, which is 1.
--
-- prints:
-- > variables: loss 1.004, w 2.516, b 14.896
-- > Dense(1):  loss 1.020, w 2.513, b 14.896
-- > picture: build/linear_regression.png
local nd = require "nadir"
local Dense = nd.layers.Dense
local plot = require "nadir.plot"

local POINTS, BATCH, STEPS = 1000000, 1000, 10000
local random = nd.random.RandomState(0)

local x_data = nd.linspace(0., 10., POINTS)
local y_data = 2.5 * x_data + 15 + random:randn(POINTS)

local function next_batch(generator, size)
  local at = generator:randint(POINTS, { size = size })
  return nd.gather(x_data, at), nd.gather(y_data, at)
end

-- Trains by gradient descent. `predict` gives a line's y at x, and `line` its
-- slope and height.
local function train(batches, variables, predict, line)
  local sgd = nd.optimizers.SGD { learning_rate = 1e-3 }
  local loss
  for step = 0, STEPS - 1 do
    local x, y = next_batch(batches, BATCH)
    with nd.GradientTape() as tape do
      loss = nd.reduce_sum(nd.square(predict(x) - y)) / BATCH
    end
    sgd:apply_gradients(nd.zip(tape:gradient(loss, variables), variables))
    if step % 1000 == 0 or step == STEPS - 1 then
      print(("step %4d  loss %8.4f  w %.6f  b %.6f"):format(step, loss:item(),
        line()))
    end
  end
  local w, b = line()
  return ("loss %.3f, w %.3f, b %.3f"):format(loss:item(), w, b)
end

-- The line as two variables.
local w, b = nd.Variable(0.), nd.Variable(0.)
local first = train(random, { w, b },
  function(x) return w * x + b end,
  function() return w:item(), b:item() end)

-- The line as a model: an object that owns a layer and can be called. A layer
-- takes rows, so x becomes a column and y comes back from one.
local Line = {}
Line.__index = Line

function Line.new()
  return setmetatable({ dense = Dense(1) }, Line)
end

function Line:__call(x)
  return self.dense(x:reshape { -1, 1 }):reshape { -1 }
end

nd.random.set_seed(0)
local model = Line.new()
model(x_data[{ {1, 1} }])
local dense = model.dense
local second = train(random, dense.trainable_variables, model,
  function() return dense.kernel:item(), dense.bias:item() end)

print("variables: " .. first)
print("Dense(1):  " .. second)

-- 250 of the points, drawn by another generator, with the fitted line.
local path = "build/linear_regression.png"
local x, y = next_batch(nd.random.RandomState(1), 250)
plot.figure { title = "250 of a million points, and the fitted line",
              xlabel = "x", ylabel = "y", legend = "top left" }
  :scatter(x, y, { label = "data" })
  :line({ 0, 10 }, { b:item(), (10 * w + b):item() }, { label = "fit" })
  :save(path)

print("picture: " .. path)
