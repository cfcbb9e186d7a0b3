--- nd.debugging: finds the first nan or inf, and asserts what should hold.
local debugging = require "nadir.switches"

for _, family in ipairs { "comparisons", "shapes", "types", "numerics" } do
  for name, call in pairs(require("nadir.debugging." .. family)) do -- any order
    debugging[name] = call
  end
end

return debugging
