--- Graphs of layers: the nodes between the inputs and the outputs of a model,
-- as a plan of calls.
local config = require "nadir.config"
local fail = require "nadir.fail"
local form = require "nadir.form"
local InputLayer = require "nadir.models.input".InputLayer
local Operation = require "nadir.layers.operation"
local structure = require "nadir.structure"
local symbolic = require "nadir.symbolic"

local Graph = {}
Graph.__index = Graph

local function check_symbols(what, value)
  for _, x in ipairs(structure.flatten(value)) do
    if not symbolic.is(x) then
      fail("Model: %s must be what nd.Input and layers give, got %s", what,
        type(x))
    end
  end
end

-- Raises where a node needs what no input and no node before it gives.
local function check_reached(nodes, inputs)
  local known = {}
  for _, x in ipairs(structure.flatten(inputs)) do
    known[x] = true
  end
  for _, node in ipairs(nodes) do
    for _, x in ipairs(structure.flatten(node.arguments)) do
      if symbolic.is(x) and not known[x] then
        fail("Model: %s needs %s, which is no input of the model",
          node.layer.name, x.name)
      end
    end
    for _, x in ipairs(structure.flatten(node.outputs)) do
      known[x] = not node.is_input
    end
  end
end

-- The nodes behind the outputs that do not lie before the inputs.
local function nodes_between(inputs, outputs)
  local given = {}
  for _, x in ipairs(structure.flatten(inputs)) do
    given[x] = true
  end
  return symbolic.nodes_of(outputs, given)
end

---@param inputs any   symbolic tensors, one or a structure of them
---@param outputs any
---@return table graph  with its `layers`, each once, in the order of calls
local function new(inputs, outputs)
  check_symbols("inputs", inputs)
  check_symbols("outputs", outputs)
  local nodes = nodes_between(inputs, outputs)
  check_reached(nodes, inputs)
  local layers, seen = {}, {}
  for _, x in ipairs(structure.flatten(inputs)) do
    local node = rawget(x, "node")
    layers[#layers + 1] = node and node.is_input and node.layer or nil
  end
  for _, node in ipairs(nodes) do
    if not seen[node.layer] then
      seen[node.layer] = true
      layers[#layers + 1] = node.layer
    end
  end
  return setmetatable({ inputs = inputs, outputs = outputs, nodes = nodes,
                        layers = layers }, Graph)
end

-- Notes the value of each symbolic tensor of a structure.
local function bind(values, symbols, x)
  structure.join(symbols, x, function(symbol, value)
    values[symbol] = value
    return value
  end)
end

-- The values of what was packed for a call, most of which is no structure.
local function unpack_values(packed, value_of)
  local all = {}
  for i = 1, packed.n do
    all[i] = structure.map(packed[i], value_of)
  end
  return table.unpack(all, 1, packed.n)
end

-- Inputs by their names or in another structure than the model's, in its own.
local function arrange(self, x)
  local wanted, given = structure.flatten(self.inputs), structure.flatten(x)
  if symbolic.is(self.inputs) then
    return #given == 1 and given[1] or x
  elseif #wanted == 1 and #given == 1 then
    return structure.map(self.inputs, function() return given[1] end)
  end
  if #given ~= #wanted then
    fail("Model: takes %d inputs, got %d", #wanted, #given)
  end
  if type(x) == "table" and #x == 0 and self.inputs[1] then
    local list = {}
    for i, symbol in ipairs(self.inputs) do
      list[i] = x[symbol.name] or fail("Model: input %s is missing",
        symbol.name)
    end
    return list
  end
  return x
end

--- What the outputs are for values of the inputs.
---@param x any
---@return any
function Graph:run(x)
  local values = {}
  local function value_of(one) -- of a symbolic tensor; all else is itself
    local value = values[one]
    if value == nil then
      return one
    end
    return value
  end
  bind(values, self.inputs, arrange(self, x))
  for _, node in ipairs(self.nodes) do
    bind(values, node.outputs,
      node.run(node.layer, unpack_values(node.arguments, value_of)))
  end
  return structure.map(self.outputs, value_of)
end

-- ----------------------------------------------------------- configurations --
-- Symbolic tensors stand there as { symbol = number }: inputs first, then the
-- outputs of each node; nil as { none = true }.

local function number_symbols(self)
  local numbers, n = {}, 0
  local function number(value)
    for _, x in ipairs(structure.flatten(value)) do
      if not numbers[x] then
        n = n + 1
        numbers[x] = n
      end
    end
  end
  number(self.inputs)
  for _, node in ipairs(self.nodes) do
    number(node.outputs)
  end
  return numbers
end

local function write_arguments(node, numbers)
  local list = {}
  for i = 1, node.arguments.n do
    local argument = node.arguments[i]
    if argument == nil then
      list[i] = { none = true }
    else
      list[i] = structure.map(argument, function(x)
        return numbers[x] and { symbol = numbers[x] }
          or config.write(x, node.layer.name)
      end)
    end
  end
  return list
end

--- What a file holds of it.
---@return table
function Graph:get_config()
  local numbers, layer_numbers = number_symbols(self), {}
  local written = { inputs = {}, layers = {}, nodes = {} }
  for i, x in ipairs(structure.flatten(self.inputs)) do
    written.inputs[i] = { batch_shape = x.shape, dtype = x.dtype,
                          name = x.name }
  end
  for i, node in ipairs(self.nodes) do
    local layer = node.layer
    if not layer_numbers[layer] then
      written.layers[#written.layers + 1] = config.write(layer, layer.name)
      layer_numbers[layer] = #written.layers
    end
    written.nodes[i] = { layer = layer_numbers[layer],
                         is_op = node.run == Operation.apply,
                         arguments = write_arguments(node, numbers) }
  end
  local function write(value)
    return structure.map(value, function(x) return { symbol = numbers[x] } end)
  end
  written.input, written.output = write(self.inputs), write(self.outputs)
  return written
end

-- The value that was written, with symbolic tensors by their numbers.
local function read_value(value, symbols)
  if type(value) ~= "table" then
    return value
  elseif math.type(value.symbol) == "integer" then
    return symbols[value.symbol] or fail("Model: no such symbol: %d",
      value.symbol)
  elseif value.none then
    return nil
  end
  local read = {}
  for key, one in pairs(value) do -- any order: each its own
    read[key] = read_value(one, symbols)
  end
  return read
end

local OBJECT <const> = { class_name = "string", config = "table" }

local FORM <const> = {
  inputs = { "table" }, input = "table", output = "table",
  layers = { OBJECT },
  nodes = { { layer = "integer", arguments = { "any" },
              ["is_op?"] = "boolean" } },
}

--- The graph that a configuration describes.
---@param written table
---@return table graph
local function from_config(written)
  local problem = form.problem(FORM, written, "graph")
  if problem then
    fail("Model: the configuration is damaged: %s", problem)
  end
  local symbols, layers = {}, {}
  for i, input in ipairs(written.inputs) do
    symbols[i] = InputLayer(input).output
  end
  for i, layer in ipairs(written.layers) do
    layers[i], problem = config.make_layer(layer)
    if not layers[i] then
      fail("Model: %s", problem)
    end
  end
  for _, node in ipairs(written.nodes) do
    local arguments = { n = #node.arguments }
    for i, argument in ipairs(node.arguments) do
      arguments[i] = read_value(argument, symbols)
    end
    local layer = layers[node.layer]
      or fail("Model: no such layer: %d", node.layer)
    local outputs = symbolic.apply(layer, arguments,
      node.is_op and Operation.apply or layer.run)
    for _, x in ipairs(structure.flatten(outputs)) do
      symbols[#symbols + 1] = x
    end
  end
  return new(read_value(written.input, symbols),
    read_value(written.output, symbols))
end

return { new = new, from_config = from_config }
