--- nd.layers.Sequential: a chain. Each layer is called with what the one before
-- it returned. A layer is any value that can be called; those with
-- `trainable_variables` bring what an optimizer updates.
local fail = require "nadir.fail"
local names = require "nadir.names"

local Sequential = { __name = "Sequential" }

-- `trainable_variables`, as in a layer: first layer first. Layers that have not
-- seen an input yet have none.
local function collect(layers)
  local all = {}
  for _, layer in ipairs(layers) do
    local own = type(layer) == "table" and layer.trainable_variables or {}
    table.move(own, 1, #own, #all + 1, all)
  end
  return all
end

function Sequential:__index(key)
  if key == "trainable_variables" then
    return collect(self.layers)
  end
  return Sequential[key]
end

local function is_callable(value)
  local metatable = getmetatable(value)
  return type(value) == "function"
    or type(metatable) == "table" and metatable.__call ~= nil
end

---@param layers table  list of layers or functions
function Sequential.new(layers)
  if type(layers) ~= "table" or #layers == 0 then
    fail("Sequential: needs a list of layers, got %s",
      type(layers) == "table" and "an empty table" or type(layers))
  end
  for i, layer in ipairs(layers) do
    if not is_callable(layer) then
      fail("Sequential: layer %d cannot be called: it is a %s", i, type(layer))
    end
  end
  return setmetatable({ layers = layers }, Sequential)
end

function Sequential:__call(x)
  for _, layer in ipairs(self.layers) do
    x = layer(x)
  end
  return x
end

return setmetatable(Sequential, {
  __index = names.index("Sequential", Sequential,
    { "layers", "trainable_variables" }),
  __call = function(_, ...) return Sequential.new(...) end,
})
