--- What a script of a given kind keeps resident, in KiB.
--
--     nadir tests/bench/memory.lua start        the program alone
--     nadir tests/bench/memory.lua module       after require "nadir"
--     nadir tests/bench/memory.lua fit STEPS    the tutorial's steps
--     nadir tests/bench/memory.lua full STEPS   each step over every point
--
-- Nothing here calls collectgarbage. `grown` is what was added after step
-- 1,000, when every buffer a step needs has been made.
local POINTS, BATCH, SETTLED = 1000000, 1000, 1000

local function resident(field)
  for line in io.lines "/proc/self/status" do
    local size = line:match("^" .. field .. ":%s*(%d+)")
    if size then
      return tonumber(size)
    end
  end
end

local function points(nd)
  local random = nd.random.RandomState(0)
  local x = nd.linspace(0, 10, POINTS)
  local noise = random:randn(POINTS)
  return x, 2.5 * x + 15 + noise, random
end

local function train(nd, steps, next_batch)
  local w, b = nd.Variable(0.0), nd.Variable(0.0)
  local sgd = nd.optimizers.SGD { learning_rate = 1e-3 }
  local settled = resident "VmRSS"
  for step = 1, steps do
    local x, y = next_batch()
    local tape <close> = nd.GradientTape()
    local loss = nd.reduce_sum(nd.square(w * x + b - y)) / #x
    sgd:apply_gradients(nd.zip(tape:gradient(loss, { w, b }), { w, b }))
    if step == SETTLED then
      settled = resident "VmRSS"
    end
  end
  return resident "VmRSS" - settled
end

local measure = {}

function measure.start()
  return 0
end

function measure.module()
  require "nadir"
  return 0
end

function measure.fit(steps)
  local nd = require "nadir"
  local x, y, random = points(nd)
  return train(nd, steps, function()
    local at = random:randint(POINTS, { size = BATCH })
    return nd.gather(x, at), nd.gather(y, at)
  end)
end

function measure.full(steps)
  local nd = require "nadir"
  local x, y = points(nd)
  return train(nd, steps, function() return x, y end)
end

local grown = measure[arg[1]](tonumber(arg[2]))
print(("= peak=%d grown=%d"):format(resident "VmHWM", grown))
