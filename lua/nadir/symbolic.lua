--- Symbolic tensors: what layers are called with while a functional model is
-- drawn up. One knows its shape, in which `false` stands for what only values
-- tell, its dtype, and the node that gives it: a layer, or an op, with all that
-- it is called with.
--
-- Shapes come from running the layer: on no examples at all, which costs
-- nothing, and if other axes are unknown with two sizes in turn, which show
-- what depends on them.
local nd = require "nadir"
local class = require "nadir.class"
local fail = require "nadir.fail"
local finally = require "nadir.finally"
local structure = require "nadir.structure"

local symbolic = {}

-- Sizes that stand for an unknown one.
local SIZES <const> = { 97, 89 }

local Symbol = class("KerasTensor")

symbolic.Symbol = Symbol

-- In configurations it is the layer that stands for an input.
class.metatable(Symbol).__class_name = "InputLayer"

function Symbol:get_config()
  return { batch_shape = self.shape, dtype = self.dtype, name = self.name }
end

local nodes = 0  -- how many have been made

---@return boolean
function symbolic.is(value)
  return class.is(value, Symbol)
end

--- Whether one of the values of a structure is symbolic.
---@return boolean
function symbolic.within(value)
  if type(value) ~= "table" then
    return false
  elseif getmetatable(value) then
    return symbolic.is(value)
  end
  for _, one in pairs(value) do -- any order: whether there is one
    if symbolic.within(one) then
      return true
    end
  end
  return false
end

-- ------------------------------------------------------------------ shapes --

-- A tensor in place of a symbolic one: of ones, which are positions too.
local function stand_in(x, size)
  local shape = {}
  for axis, length in ipairs(x.shape) do
    shape[axis] = length or (axis == 1 and 0 or size)
  end
  return nd.ones(shape, { dtype = x.dtype })
end

local function stand_ins(arguments, size)
  return structure.map(arguments, function(x)
    return symbolic.is(x) and stand_in(x, size) or x
  end)
end

-- Whether an axis that is not the first is unknown.
local function is_open(arguments)
  for _, x in ipairs(structure.flatten(arguments)) do
    for axis, length in ipairs(symbolic.is(x) and x.shape or {}) do
      if axis > 1 and not length then
        return true
      end
    end
  end
  return false
end

-- Whether the number of examples is unknown.
local function is_batch_open(arguments)
  for _, x in ipairs(structure.flatten(arguments)) do
    if symbolic.is(x) and x.shape[1] == false then
      return true
    end
  end
  return false
end

-- Notes a node with its layer, but not one of a trial with inputs that no node
-- gives.
local function note_node(node)
  local layer = node.layer
  for _, x in ipairs(structure.flatten(node.arguments)) do
    if symbolic.is(x) and rawget(x, "node") then
      local list = rawget(layer, "_nodes") or {}
      list[#list + 1] = node
      rawset(layer, "_nodes", list)
      return
    end
  end
end

-- A shape as far as two results agree on it.
local function common_shape(first, second, open)
  local shape = {}
  for axis, length in ipairs(first.shape) do
    shape[axis] = length == second.shape[axis] and length
      and not (open and length == 0) and length
  end
  return shape
end

-- ------------------------------------------------------------------- nodes --

--- A symbolic tensor that nothing gives.
---@param shape table  with the number of examples
---@param dtype string
---@param name string
function symbolic.new(shape, dtype, name)
  local self = Symbol()
  self.shape, self.dtype, self.name = shape, dtype, name
  return self
end

--- The same, for a layer that stands for an input.
---@param layer table
function symbolic.input(layer, shape, dtype)
  local self = symbolic.new(shape, dtype, layer.name)
  nodes = nodes + 1
  self.node = { id = nodes, layer = layer, arguments = { n = 0 },
                outputs = self, is_input = true }
  return self
end

local trying = { depth = 0 }  -- how many runs are for shapes alone

--- Whether a layer runs for the shape of what it gives alone, so that it must
--- not learn from what it is called with.
---@return boolean
function symbolic.is_trying()
  return trying.depth > 0
end

--- What run(layer, table.unpack(arguments)) gives, symbolically, as a node of
--- the graph.
---@param layer table       what the node is for
---@param arguments table   may hold symbolic tensors anywhere
---@param run fun(layer, ...): any
---@return any outputs      symbolic tensors in the structure of the result
function symbolic.apply(layer, arguments, run)
  local open = is_batch_open(arguments)
  local function attempt(size)
    local real = stand_ins(arguments, size)
    local _ <close> = finally(rawset, trying, "depth", trying.depth)
    trying.depth = trying.depth + 1
    return run(layer, table.unpack(real, 1, arguments.n))
  end
  local first = attempt(SIZES[1])
  if first == nil then
    return nil -- as x[#x + 1], which ends ipairs
  end
  local second = is_open(arguments) and attempt(SIZES[2]) or first
  nodes = nodes + 1
  local node = { id = nodes, layer = layer, arguments = arguments, run = run }
  node.outputs = structure.join(first, second, function(a, b)
    local output = symbolic.new(common_shape(a, b, open), a.dtype, layer.name)
    output.node = node
    return output
  end)
  note_node(node)
  local function shape_of(x)
    return symbolic.is(x) and x.shape or nil
  end
  rawset(layer, "_output_shape", structure.map(node.outputs, shape_of))
  rawset(layer, "_build_shape", structure.map(arguments[1], shape_of))
  return node.outputs
end

-- --------------------------------------------------------------------- ops --

-- Opened when it is first used, because layers need this module.
local function operation()
  return require "nadir.layers.operation"
end

local metatable = class.metatable(Symbol)

--- What takes the call of an op on symbolic tensors.
---@param path string  as after "nd."
---@param ... any
---@return any ...
function metatable.__apply(path, ...)
  local Operation = operation()
  local op = Operation { op = path,
                         name = Operation.invent_name(path:match "[^.]*$") }
  local outputs = symbolic.apply(op, table.pack(...), Operation.apply)
  if op._gives_several then
    return table.unpack(outputs)
  end
  return outputs
end

local operators = {
  __add = "add", __sub = "subtract", __mul = "multiply", __div = "divide",
  __pow = "pow", __mod = "mod", __idiv = "floordiv",
}

for event, name in pairs(operators) do -- any order: each its own
  metatable[event] = function(a, b)
    return metatable.__apply(name, a, b)
  end
end

function metatable.__unm(x)
  return metatable.__apply("negative", x)
end

local own_index = metatable.__index

-- Methods are those of tensors; what is no name picks a part.
function metatable.__index(self, key)
  if type(key) ~= "string" then
    return metatable.__apply("index", self, key)
  end
  return operation().method(key) or own_index(self, key)
end

function metatable.__tostring(self)
  local words = {}
  for axis, length in ipairs(self.shape) do
    words[axis] = length and tostring(length) or "nil"
  end
  return ("KerasTensor(name=%s, shape=(%s), dtype=%s)"):format(self.name,
    table.concat(words, ", "), self.dtype)
end

function metatable.__len(self)
  return self.shape[1] or fail("#: the first axis of %s is unknown", self.name)
end

-- ------------------------------------------------------------------ graphs --

-- Adds the nodes behind a structure of symbolic tensors, up to those given.
local function reach(value, given, found)
  for _, x in ipairs(structure.flatten(value)) do
    local node = symbolic.is(x) and not given[x] and rawget(x, "node")
    if node and not found[node] then
      found[node] = true
      reach(node.arguments, given, found)
    end
  end
end

--- The nodes that outputs need, in an order in which they can run.
---@param outputs any
---@param given table  the symbolic tensors that are known, as keys
---@return table nodes
function symbolic.nodes_of(outputs, given)
  local found, list = {}, {}
  reach(outputs, given, found)
  for node in pairs(found) do -- any order: sorted below
    list[#list + 1] = node
  end
  table.sort(list, function(a, b) return a.id < b.id end)
  return list
end

return symbolic
