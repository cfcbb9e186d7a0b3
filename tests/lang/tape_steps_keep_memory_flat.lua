local nd = require "nadir"

local w, b = nd.Variable(0.0), nd.Variable(nd.zeros { 100 })
local x, y = nd.linspace(0.0, 1.0, 100), nd.linspace(5.0, 9.0, 100)
local adam = nd.optimizers.Adam { learning_rate = 1e-3 }

local function train(steps)
  for _ = 1, steps do
    with nd.GradientTape() as tape do
      loss = nd.reduce_mean(nd.square(w * x + b - y))
    end
    adam:apply_gradients(nd.zip(tape:gradient(loss, { w, b }), { w, b }))
  end
end

-- In kilobytes; valgrind, qemu and sanitizers have memory of their own.
local function resident()
  local apart = (os.getenv "WRAP" or "") .. (os.getenv "SAN" or "") ~= ""
  local file = io.open "/proc/self/status"
  local text = not apart and file and file:read "a"
  return text and tonumber(text:match "VmRSS:%s*(%d+)") or 0
end

train(2000)
local before = resident()
train(100000)
local growth = resident() - before
print(growth < 1024 or growth)
-- output:
-- > true
