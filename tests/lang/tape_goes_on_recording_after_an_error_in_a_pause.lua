local nd = require "nadir"
local x = nd.Variable(3.0)
with nd.GradientTape() as tape do
  pcall(function()
    with tape:stop_recording() do error "oops" end
  end)
  y = x * x
end
print(tape:gradient(y, x):item())
-- output:
-- > 6.0
