--- nd.keras: what Keras has, by the same names, for programs that come from
-- there. All of it is elsewhere in nd.
local nd = require "nadir"
local names = require "nadir.names"
local namespace = require "nadir.namespace"
local structure = require "nadir.structure"

-- Fields of nd that are Keras's.
local SAME <const> = {
  "Input", "Model", "Sequential", "activations", "callbacks", "constraints",
  "initializers", "layers", "losses", "metrics", "models", "optimizers",
  "random", "regularizers",
}

-- Functions of `keras.utils`, by names as they are there.
local utils = {}

--- Rows with a 1 in the place of each label, which count from 1.
---@param x any               whole numbers of any shape
---@param num_classes? integer  the largest label
---@return userdata  float32
function utils.to_categorical(x, num_classes)
  return nd.one_hot(x, num_classes or nd.reduce_max(x):item())
end

--- nd.random.set_seed.
function utils.set_random_seed(seed)
  nd.random.set_seed(seed)
end

namespace.close("nd.keras.utils", utils)

local own = { ops = nd, utils = utils }

local known = {}
for name in pairs(own) do -- any order: each its own
  known[name] = name
end
for _, name in ipairs(SAME) do
  known[name] = name
end

return setmetatable({}, {
  __properties = known,
  __pairs = function(keras)
    local list, i = structure.keys(known), 0
    return function()
      i = i + 1
      return list[i], list[i] and keras[list[i]]
    end
  end,
  __index = function(_, name)
    if not known[name] then
      return names.index("nd.keras", known)(nil, name)
    end
    return own[name] or nd[name]
  end,
})
