--- What layers have in common that take one tensor, not a list.
local Layer = require "nadir.layers.layer"

local OneInput = Layer:extend "OneInput"

OneInput.takes = "one"

return OneInput
