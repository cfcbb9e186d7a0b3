local nd = require "nadir"
local methods = getmetatable(io.stderr).__index
local heard
methods.write = function(file, ...)
  heard = file == io.stderr and table.concat { ... }
end
nd.GradientTape():watch(nd.Variable(0))
print(heard:match "^nadir: warning: .-:(%d+: watch: no gradient)")
-- output:
-- > 7: watch: no gradient
