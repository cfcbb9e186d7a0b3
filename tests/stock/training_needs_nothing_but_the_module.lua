local nd = require "nadir"
local w = nd.Variable(0.0)
local sgd = nd.optimizers.SGD { learning_rate = 0.25 }
for _ = 1, 20 do
  local tape <close> = nd.GradientTape()
  local loss = nd.square(w - 3)
  sgd:apply_gradients { { tape:gradient(loss, w), w } }
end
print(("%.3f"):format(w:item()))
-- output:
-- > 3.000
