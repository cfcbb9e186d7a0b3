--- Where the time of the tutorial's step goes, part by part, in microseconds.
--
--     nadir tests/bench/parts.lua 1000          batch size; 1000 unless given
--
-- Each line of a tape adds to the one before it; the rest stand alone.
local nd = require "nadir"

local POINTS, SECONDS = 1000000, 0.2
local batch = tonumber(arg[1]) or 1000

local random = nd.random.RandomState(0)
local data = nd.linspace(0, 10, POINTS)
local at = random:randint(POINTS, { size = batch })
local x = nd.gather(data, at)
local y = 2.5 * x + 15
local w, b = nd.Variable(0.0), nd.Variable(0.0)
local sgd = nd.optimizers.SGD { learning_rate = 1e-3 }

local function loss()
  return nd.reduce_sum(nd.square(w * x + b - y)) / batch
end

local parts = {
  { "draw", function() return random:randint(POINTS, { size = batch }) end },
  { "gather, the same points", function() return nd.gather(data, at) end },
  { "draw and gather", function()
    return nd.gather(data, random:randint(POINTS, { size = batch }))
  end },
  { "loss, no tape", loss },
  { "loss on a tape", function()
    local _ <close> = nd.GradientTape()
    return loss()
  end },
  { "  and gradient", function()
    local tape <close> = nd.GradientTape()
    return tape:gradient(loss(), { w, b })
  end },
  { "  and SGD", function()
    local tape <close> = nd.GradientTape()
    local gradients = tape:gradient(loss(), { w, b })
    sgd:apply_gradients(nd.zip(gradients, { w, b }))
  end },
}

for _, part in ipairs(parts) do
  local name, run = part[1], part[2]
  local count, spent = 1, 0
  while spent < SECONDS do
    count = count * 2
    local start = nd.clock()
    for _ = 1, count do
      run()
    end
    spent = nd.clock() - start
  end
  print(("%-24s %9.2f"):format(name, spent / count * 1e6))
end
