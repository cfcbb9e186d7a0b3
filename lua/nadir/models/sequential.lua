--- nd.Sequential, nd.models.Sequential, nd.layers.Sequential: a chain of
-- layers.
local class = require "nadir.class"
local config = require "nadir.config"
local fail = require "nadir.fail"
local InputLayer = require "nadir.models.input".InputLayer
local kinds = require "nadir.kinds"
local Model = require "nadir.models.model"
local symbolic = require "nadir.symbolic"

local Sequential = Model:extend("Sequential", {
  doc = "calls each layer with what the one before it returned",
  { "layers", "layers", {}, doc = "anything that can be called" },
})

-- An input that stands first says what to build for.
function Sequential:init()
  local chain = rawget(self, "layers")
  rawset(self, "layers", nil)
  rawset(self, "_chain", chain)
  if symbolic.is(chain[1]) or class.is(chain[1], InputLayer) then
    self:begin(table.remove(chain, 1))
  end
end

-- What it is built for.
function Sequential:begin(input)
  rawset(self, "_input", symbolic.is(input) and input or input.output)
  self:build(self._input.shape)
end

class.property(Sequential, "layers", function(self) return self._chain end)

function Sequential:chain()
  return self._chain
end

function Sequential:call(x)
  for _, layer in ipairs(self._chain) do
    x = layer(x)
  end
  return x
end

--- Adds a layer to the end.
---@param layer any
function Sequential:add(layer)
  local chain = self._chain
  if (symbolic.is(layer) or class.is(layer, InputLayer)) and #chain == 0 then
    rawset(self, "_input", symbolic.is(layer) and layer or layer.output)
    return
  end
  local added, problem = kinds.layer.read(layer)
  if not added then
    fail("add: %s", problem or "needs a layer, got a " .. type(layer))
  end
  chain[#chain + 1] = added
  self._given.layers = chain
  if rawget(self, "_input") then
    rawset(self, "built", false)
    self:build(self._input.shape)
  end
end

--- What a file holds of it.
---@return table
function Sequential:get_config()
  local layers = { rawget(self, "_input") }
  local chain = self._chain
  table.move(chain, 1, #chain, #layers + 1, layers)
  return config.write({ name = self.name, layers = layers,
                        trainable = self.trainable }, self.name)
end

--- Takes the last layer off.
---@return any layer
function Sequential:pop()
  if #self._chain == 0 then
    fail("pop: %s has no layers", self.name)
  end
  return table.remove(self._chain)
end

return Sequential
