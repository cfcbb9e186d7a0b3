--- nd.Model, nd.models.Model: a layer that is trained as a whole, made of
-- others: by drawing up what becomes of its inputs, or by a class of one's own.
--
--   local x = nd.Input { 784 }
--   local y = nd.layers.Dense(10)(nd.layers.Dense(64)(x))
--   local model = nd.Model(x, y)
--
--   local Net = nd.Model:extend "Net"
--
--   function Net:init(width)
--     self.hidden, self.out = nd.layers.Dense(width), nd.layers.Dense(10)
--   end
--
--   function Net:call(x, training)
--     return self.out(self.hidden(x))
--   end
local class = require "nadir.class"
local describe = require "nadir.describe"
local fail = require "nadir.fail"
local kinds = require "nadir.kinds"
local later = require "nadir.later"
local Layer = require "nadir.layers.layer"
local Log = require "nadir.models.log"
local Metric = require "nadir.metric"
local Module = require "nadir.module"
local Graph = require "nadir.models.graph"
local signature = require "nadir.signature"
local structure = require "nadir.structure"

local Model = Layer:extend "Model"

Model.is_model = true

---@param inputs any  what nd.Input gave, one or a structure of them
---@param outputs any  what layers made of them; without these, a class extends
--- it
---@param options? table  `name`
function Model:init(inputs, outputs, options)
  if type(inputs) == "table" and getmetatable(inputs) == nil
    and inputs.outputs ~= nil then
    inputs, outputs, options = inputs.inputs, inputs.outputs, inputs
  elseif outputs == nil then
    options, inputs = inputs, nil
  end
  if options ~= nil and not structure.is_plain(options) then
    self:fail("takes inputs, outputs, and options by name, got %s",
      describe.value(options))
  elseif options and options.name then
    self.name = kinds.text.read(options.name)
      or fail("Model: name must be %s, got %s", kinds.text.wanted,
        describe.value(options.name))
  end
  if outputs ~= nil then
    rawset(self, "_graph", Graph.new(inputs, outputs))
    rawset(self, "built", true)
  end
end

function Model:call(x)
  local graph = rawget(self, "_graph")
  if not graph then
    self:fail("needs a method `call`, or inputs and outputs")
  end
  return graph:run(x)
end

--- Makes the weights for inputs of a shape, in which `false` stands for what is
--- not known; does nothing when `called` with such.
function Model:build(shape, called)
  if not called then
    self:compute_output_shape(shape)
  end
end

-- ------------------------------------------------------------------ weights --
-- While a model is trained, what it is made of is looked for again only when
-- some module has changed.

local function steady(self, name, find)
  local known = rawget(self, "_steady")
  if not known then
    return find(self)
  elseif known.changes ~= Module.changes.n then
    known = { changes = Module.changes.n }
    rawset(self, "_steady", known)
  end
  known[name] = known[name] or find(self)
  return known[name]
end

local find_trainable = class.metatable(Layer).__properties.trainable_variables

--- Those that a step changes.
class.property(Model, "trainable_variables", function(self)
  return steady(self, "trainable_variables", find_trainable)
end)

local function find_sources(self)
  local layers, weights = self:sources_of_losses()
  return { layers = layers, weights = weights }
end

--- What its layers add to the loss: what their last calls did, then
--- regularizers.
class.property(Model, "losses", function(self)
  local sources = steady(self, "losses", find_sources)
  return Layer.add_up(sources.layers, sources.weights)
end)

-- ------------------------------------------------------------------ metrics --

--- The metrics that its fields and its layers hold.
---@return table
---@private
function Model:held_metrics()
  return steady(self, "held_metrics", function()
    return self:held(Metric)
  end)
end

--- The metrics that it holds, and those that it is compiled with, once a batch
--- has shown what they are for.
class.property(Model, "metrics", function(self)
  local list, seen = {}, {}
  local function add(metric)
    list[#list + 1] = not seen[metric] and metric or nil
    seen[metric] = true
  end
  for _, metric in ipairs(self:held_metrics()) do
    add(metric)
  end
  local compiled = rawget(self, "_compiled")
  if compiled then
    compiled:each_metric(function(_, metric) add(metric) end)
  end
  return list
end)

--- The names of what `evaluate` gives, in its order, once it has been trained
--- or evaluated.
class.property(Model, "metrics_names", function(self)
  return Log.names(self, self:get_metrics_result())
end)

-- ------------------------------------------------------------------ layers --

-- What layers in a container are called in paths: the name of the class, with a
-- number from the second of it on.
local function paths_of(layers)
  local list, used = {}, {}
  for i, layer in ipairs(layers) do
    local name = Module.snake_case(getmetatable(layer).__name)
    local n = used[name] or 0
    used[name] = n + 1
    list[i] = n == 0 and name or ("%s_%d"):format(name, n)
  end
  return list
end

-- The layers that it is made of, but for those in fields.
local function contained(self)
  local list = {}
  for _, layer in ipairs(self:chain()) do
    list[#list + 1] = class.is(layer, Layer) and layer or nil
  end
  return list
end

--- The layers of its graph; what containers override.
---@return table
---@private
function Model:chain()
  local graph = rawget(self, "_graph")
  return graph and graph.layers or {}
end

--- The Variables and modules of its fields, then the layers that it is made of.
---@private
function Model:parts()
  local layers = contained(self)
  local paths = paths_of(layers)
  local parts, known = table.move(layers, 1, #layers, 1, {}), {}
  for _, layer in ipairs(layers) do
    known[layer] = true
  end
  local others, other_paths = Module.parts(self)
  for i, part in ipairs(others) do
    if not known[part] then
      parts[#parts + 1], paths[#paths + 1] = part, other_paths[i]
    end
  end
  return parts, paths
end

--- The layers that it calls itself.
class.property(Model, "layers", function(self)
  local list = {}
  for _, part in ipairs((self:parts())) do
    list[#list + 1] = class.is(part, Layer) and part or nil
  end
  return list
end)

-- What it is drawn up from, in its structure and as a list.
for _, name in ipairs { "input", "output" } do
  local of_node = class.metatable(Layer).__properties[name]
  Layer.node_property(Model, name, function(self)
    local graph = rawget(self, "_graph")
    return graph and graph[name .. "s"] or of_node(self)
  end)
  class.property(Model, name .. "s", function(self)
    return structure.flatten(self[name])
  end)
end

local get_layer = signature.new("get_layer", {
  { "name", "text", false },
  { "index", "integer", false, doc = "from 1 on, in `layers`" },
})

--- The layer of a name, or in a position.
---@return table layer
function Model:get_layer(...)
  local v, layers = get_layer:read(...), self.layers
  if v.index then
    return layers[v.index] or fail("get_layer: there are %d layers, not %d",
      #layers, v.index)
  end
  local known = {}
  for i, layer in ipairs(layers) do
    if layer.name == v.name then
      return layer
    end
    known[i] = layer.name
  end
  fail("get_layer: no such layer: '%s': there are %s", tostring(v.name),
    table.concat(known, ", "))
end

-- ------------------------------------------------------------------ saving --

--- What a file holds of it: the graph; or what its class was called with.
---@return table
function Model:get_config()
  local graph = rawget(self, "_graph")
  if not graph then
    return class.get_config(self)
  end
  return { name = self.name, trainable = self.trainable,
           graph = graph:get_config() }
end

--- A model like the one that gave the configuration, with weights of its own.
---@param written table
function Model.from_config(Class, written)
  class.check_config(Class, written)
  if not written.graph then
    return class.from_config(Class, written)
  end
  local graph = Graph.from_config(written.graph)
  local self = Class(graph.inputs, graph.outputs, { name = written.name })
  if not written.trainable then
    self.trainable = false
  end
  return self
end

local SAVING <const> = "nadir.models.saving"

Model.summary = later.call "nadir.models.summary"
Model.save = later.call(SAVING, "save")
Model.save_weights = later.call(SAVING, "save_weights")
Model.load_weights = later.call(SAVING, "load_weights")

for name, method in pairs(require "nadir.models.training") do -- any order
  Model[name] = method
end

return Model
