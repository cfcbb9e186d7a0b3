--- nd.keras: what Keras has, by the same names, for programs that come from
-- there. All of it is elsewhere in nd.
local nd = require "nadir"
local names = require "nadir.names"

-- Fields of nd that are Keras's.
local SAME <const> = {
  "Input", "Model", "Sequential", "activations", "callbacks", "constraints",
  "initializers", "layers", "losses", "metrics", "models", "optimizers",
  "random", "regularizers",
}

local keras = {}

local known = {}
for _, name in ipairs(SAME) do
  known[name] = name
end

return setmetatable(keras, {
  __properties = known,
  __index = function(_, name)
    if known[name] then
      return nd[name]
    end
    return names.index("nd.keras", known)(nil, name)
  end,
})
