--- nd.Sequential, nd.models.Sequential, nd.layers.Sequential: a chain of
-- layers.
local class = require "nadir.class"
local fail = require "nadir.fail"
local finally = require "nadir.finally"
local InputLayer = require "nadir.models.input".InputLayer
local kinds = require "nadir.kinds"
local Layer = require "nadir.layers.layer"
local Model = require "nadir.models.model"
local symbolic = require "nadir.symbolic"

local Sequential = Model:extend("Sequential", {
  doc = "calls each layer with what the one before it returned",
  { "layers", "layers", {}, doc = "anything that can be called" },
})

-- Notes what it consists of now, for `tostring` and files: the input, if there
-- is one, and the layers.
local function note_layers(self)
  local chain = self._chain
  for _, layer in ipairs(chain) do
    if class.is(layer, Layer) then
      rawset(layer, "_container", self)
    end
  end
  local all = { rawget(self, "_input") }
  self._given.layers = table.move(chain, 1, #chain, #all + 1, all)
end

-- An input that stands first says what to build for.
function Sequential:init()
  local chain = rawget(self, "layers")
  rawset(self, "layers", nil)
  rawset(self, "_chain", chain)
  for i, layer in ipairs(chain) do
    if i > 1 and symbolic.is(layer) then
      self:fail("layer %d is an input; one may come first, and models of "
        .. "several are nd.Model(inputs, outputs)", i)
    end
  end
  if symbolic.is(chain[1]) or class.is(chain[1], InputLayer) then
    local input = table.remove(chain, 1)
    rawset(self, "_input", symbolic.is(input) and input or input.output)
    self:build(self._input.shape)
  end
  note_layers(self)
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

--- Calls the layers with the symbolic tensor that it begins with.
---@return table drawn  what each layer gives
---@private
function Sequential:draw()
  local drawn = rawget(self, "_drawn") or {}
  rawset(self, "_drawn", drawn)
  for i = #drawn + 1, #self._chain do
    drawn[i] = self._chain[i](drawn[i - 1] or self.input)
  end
  return drawn
end

Layer.node_property(Sequential, "input", function(self)
  return rawget(self, "_input")
    or fail("%s: has no input; its first layer may be an nd.Input", self.name)
end)

Layer.node_property(Sequential, "output", function(self)
  return self:draw()[#self._chain] or self.input
end)

local VALUE <const> = 4  -- of what is set back

--- Adds a layer to the end; one that does not fit is not added.
---@param layer any
function Sequential:add(layer)
  local chain = self._chain
  if (symbolic.is(layer) or class.is(layer, InputLayer)) and #chain == 0 then
    rawset(self, "_input", symbolic.is(layer) and layer or layer.output)
    note_layers(self)
    return
  end
  local added, problem = kinds.layer.read(layer)
  if not added then
    fail("add: %s", problem or "needs a layer, got a " .. type(layer))
  end
  local n = #chain + 1
  local attempt <close> = finally(rawset, chain, n, nil)
  chain[n] = added
  if rawget(self, "_input") then
    rawset(self, "built", false)
    self:build(self._input.shape)
  end
  attempt[VALUE] = added
  note_layers(self)
end

--- Takes the last layer off.
---@return any layer
function Sequential:pop()
  if #self._chain == 0 then
    fail("pop: %s has no layers", self.name)
  end
  local layer = table.remove(self._chain)
  if rawget(self, "_drawn") then
    self._drawn[#self._chain + 1] = nil
  end
  note_layers(self)
  return layer
end

return Sequential
