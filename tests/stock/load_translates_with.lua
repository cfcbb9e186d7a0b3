local nd = require "nadir"
local chunk = nd.load([[
local nd = ...
local x = nd.Variable(2.0)
local y
with nd.GradientTape() as tape do
  y = x ^ 3
end
return tape:gradient(y, x):item()]])
print(chunk(nd))
print(load "with x do end")
-- output:
-- > 12.0
-- > nil	[string "with x do end"]:1: syntax error near 'x'
