local nd = require "nadir"
local x = nd.Variable(1.0)
with nd.GradientTape() as outer do
  with nd.GradientTape() as inner do y = x * x * x end
  dy = inner:gradient(y, x)
end
print(dy:item(), outer:gradient(dy, x):item())
-- output:
-- > 3.0	6.0
