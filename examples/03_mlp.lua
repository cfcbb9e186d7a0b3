-- A network with one hidden layer learns to tell two interleaved spirals apart,
-- which no straight line can.
-- The picture shows which class it gives every place of the plane.
--
-- prints:
-- > accuracy 100.0 %
-- > picture: build/mlp.png
local nd = require "nadir"
local Dense, Sequential = nd.layers.Dense, nd.layers.Sequential
local plot = require "nadir.plot"

local PER_CLASS, HIDDEN, STEPS = 200, 64, 1000
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

-- Trains on all points at once.
local function train(model, x, labels)
  local adam = nd.optimizers.Adam { learning_rate = 0.02 }
  local cross_entropy = nd.nn.sparse_softmax_cross_entropy_with_logits
  for step = 1, STEPS do
    local loss
    with nd.GradientTape() as tape do
      loss = nd.reduce_mean(cross_entropy(labels, model(x)))
    end
    local variables = model.trainable_variables
    adam:apply_gradients(nd.zip(tape:gradient(loss, variables), variables))
    if step % 250 == 0 then
      print(("step %4d  loss %.4f"):format(step, loss:item()))
    end
  end
end

-- The class of each point: where the network's output is largest.
local function classify(model, points)
  return nd.cast(nd.argmax(model(points), 2), "int32")
end

-- Points [side * side, 2] that cover the square from -1.1 to 1.1.
local function grid(side)
  local line = nd.linspace(-1.1, 1.1, side)
  local zeros = nd.zeros { side, side }
  return nd.reshape(nd.stack({ zeros + line, zeros + line:reshape { -1, 1 } },
    3), { -1, 2 })
end

-- Coordinates x and y of the points whose label is `class`.
local function of_class(class, points, labels)
  local x, y = {}, {}
  local positions, classes = points:totable(), labels:totable()
  for i, point in ipairs(positions) do
    if classes[i] == class then
      x[#x + 1], y[#y + 1] = point[1], point[2]
    end
  end
  return x, y
end

local x, labels = spirals(PER_CLASS, 0.02)
local model = Sequential {
  Dense(HIDDEN, { activation = "tanh" }),
  Dense(2),
}
train(model, x, labels)
local right = nd.cast(nd.equal(classify(model, x), labels), "float32")

local plane = grid(60)
local answers = classify(model, plane)
local figure = plot.figure {
  title = "two spirals, and how the network divides the plane",
  width = 640, height = 640, grid = false,
  xlim = { -1.1, 1.1 }, ylim = { -1.1, 1.1 },
}
for class, color in ipairs { "#bcd9ee", "#f5d3bd" } do
  local at, height = of_class(class, plane, answers)
  figure:scatter(at, height, { color = color, marker = "square", size = 1.4 })
end
for class, color in ipairs { "#0072b2", "#d55e00" } do
  local at, height = of_class(class, x, labels)
  figure:scatter(at, height, { color = color })
end
figure:save "build/mlp.png"

print(("accuracy %.1f %%"):format(100 * nd.reduce_mean(right):item()))
print "picture: build/mlp.png"
