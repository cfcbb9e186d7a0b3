local nd = require "nadir"

local x = nd.linspace(0.0, 1.0, 1000000)
local y = 3 * x + 2
local w, b = nd.Variable(0.0), nd.Variable(0.0)
local sgd = nd.optimizers.SGD { learning_rate = 0.5 }
for _ = 1, 100 do
  with nd.GradientTape() as tape do
    loss = nd.reduce_mean(nd.square(w * x + b - y))
  end
  sgd:apply_gradients(nd.zip(tape:gradient(loss, { w, b }), { w, b }))
end
print(("%.2f %.2f"):format(w:item(), b:item()))

-- The most resident memory ever, in kilobytes; valgrind, qemu and sanitizers
-- have memory of their own.
local apart = (os.getenv "WRAP" or "") .. (os.getenv "SAN" or "") ~= ""
local file = io.open "/proc/self/status"
local text = not apart and file and file:read "a" or "VmHWM: 0"
local peak = tonumber(text:match "VmHWM:%s*(%d+)")
print(peak < 60000 or peak)
-- output:
-- > 3.00 2.00
-- > true
