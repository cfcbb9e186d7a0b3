--- nd.layers.Layer: what all layers are: something that computes with weights
-- of its own.
--
--   local Scale = nd.layers.Layer:extend("Scale", {
--     { "factor", "number", 2 },
--   })
--
--   function Scale:build(shape)
--     self.scale = self:add_weight("scale", { shape[#shape] }, "ones")
--   end
--
--   function Scale:call(x)
--     return self.factor * self.scale * x
--   end
--
--   local y = Scale { factor = 3 }(x)
--
-- A class has what it needs of these:
--
--   build(shape)                      makes weights; runs at the first call
--   call(x, training, mask, options)  computes
--   compute_mask(x, mask)             which steps of the result count
--   supports_masking                  those of the result are those of x
--
-- What a call leaves for the next one beside Variables, whole numbers, tensors
-- and tables of these, goes into the table `self._state`; files keep it.
--
-- Several inputs are one list. `options` are those of the call.
local nd = require "nadir"
local class = require "nadir.class"
local context = require "nadir.call_context"
local describe = require "nadir.describe"
local fail = require "nadir.fail"
local finally = require "nadir.finally"
local masks = require "nadir.masks"
local names = require "nadir.names"
local open_shape = require "nadir.layers.open_shape"
local structure = require "nadir.structure"
local symbolic = require "nadir.symbolic"
local Weighted = require "nadir.layers.weighted"
local within = require "nadir.within"

local Layer = class("Layer", {
  { "name", "text", false, doc = "names of weights begin with it" },
  { "trainable", "flag", true, doc = "whether its weights may change" },
  { "dtype", "float_dtype", false, doc = "of its weights; that of its input" },
  { "activity_regularizer", "regularizer", false,
    doc = "what the result adds to the loss" },
}, Weighted)

Layer.supports_masking = false
Layer.state_form = { ["draws?"] = "integer" }  -- as nadir.layers.seeds has it
Layer.takes_floats = false  -- whether whole numbers become floats for it
Layer.takes = "any"  -- "one" tensor; a "list" of some, or one; or "any" thing
Layer.is_model = false  -- whether losses of layers within are those of its call

local metatable = class.metatable(Layer)

-- ----------------------------------------------------------------- symbols --

-- The node of a layer in a graph, of which `what`, its input or output, is
-- asked. Those in a Sequential have one when they are asked.
local function only_node(self, what)
  local container = rawget(self, "_container")
  if container and not rawget(self, "_nodes") then
    container:draw()
  end
  local list = rawget(self, "_nodes") or {}
  if #list == 0 then
    fail("%s: has no %s yet; call it with what nd.Input gives", self.name, what)
  elseif #list > 1 then
    fail("%s: has %d %ss, one of each call; keep what the calls gave",
      self.name, #list, what)
  end
  return list[1]
end

--- Fields of a class that are computed from the node of a layer, `input` and
--- `output`. A method of that name stands before them.
---@private
function Layer.node_property(Class, name, get)
  class.property(Class, name, function(self)
    return class.method(class.of(self), name) or get(self)
  end)
end

Layer.node_property(Layer, "input", function(self)
  return only_node(self, "input").arguments[1]
end)

Layer.node_property(Layer, "output", function(self)
  return only_node(self, "output").outputs
end)

local function shape_of(x)
  return x.shape
end

-- Shapes that were noted when the layer was built and called, or else those of
-- what is asked of its node.
local function shapes(self, noted, what)
  return structure.map(rawget(self, noted) or structure.map(self[what],
    shape_of), function(size) return size end)
end

--- The shape of its input, `false` for what is not known, or shapes of several.
class.property(Layer, "input_shape", function(self)
  return shapes(self, "_build_shape", "input")
end)

--- The shape of what it gives, or shapes of several.
class.property(Layer, "output_shape", function(self)
  return shapes(self, "_output_shape", "output")
end)

-- ------------------------------------------------------------------ losses --

-- The layers that have added one, or may.
local adders = setmetatable({}, { __mode = "k" })

local function any_losses()
  return next(adders) ~= nil -- any order: whether there is one
end

--- Adds a scalar to what a step makes small, for `call`.
---@param loss userdata
function Layer:add_loss(loss)
  adders[self] = true
  local losses = self._losses
  losses[#losses + 1] = loss
end

-- The layers within, itself among them.
local function all_layers(self)
  local list = { self }
  for _, module in ipairs(self.submodules) do
    list[#list + 1] = class.is(module, Layer) and module or nil
  end
  return list
end

local function forget_losses(self)
  for _, layer in ipairs(all_layers(self)) do
    rawset(layer, "_losses", {})
  end
end

-- The weights of the layers that have a regularizer.
local function regularized(layers)
  local list = {}
  for _, layer in ipairs(layers) do
    for _, one in ipairs(layer._weights) do
      list[#list + 1] = one.regularizer and one or nil
    end
  end
  return list
end

--- What some layers cost: what their last call added, then what the
--- regularizers of some weights give now.
---@param layers table
---@param weights table
---@return table losses  a list of scalars
---@private
function Layer.add_up(layers, weights)
  local losses = {}
  for _, layer in ipairs(any_losses() and layers or {}) do
    table.move(layer._losses, 1, #layer._losses, #losses + 1, losses)
  end
  for _, one in ipairs(weights) do
    if one.variable.trainable then
      losses[#losses + 1] = one.regularizer(one.variable)
    end
  end
  return losses
end

--- The layers and the weights that may add to the losses.
---@return table layers, table weights
---@private
function Layer:sources_of_losses()
  local layers = all_layers(self)
  return layers, regularized(layers)
end

--- What it adds to the loss: what its last call did, then regularizers.
class.property(Layer, "losses", function(self)
  return Layer.add_up(self:sources_of_losses())
end)

-- ----------------------------------------------------------------- calling --

function metatable.__begin(self)
  class.metatable(Weighted).__begin(self)
  rawset(self, "_losses", {})
  rawset(self, "built", false)
  adders[self] = rawget(self, "activity_regularizer") and true or nil
end

--- What a class whose objects have weights overrides.
function Layer.build(_, _)
end

local VALUE <const> = 4  -- of what is set back

-- Once, however it comes to it: `called` says that x is there. A layer whose
-- build fails is not built.
local function build_once(self, shape, called)
  if self.built then
    return
  end
  rawset(self, "_build_shape", open_shape(shape, "build"))
  if self.takes == "one" and type(shape[1]) == "table" then
    self:fail "takes one shape, got a table of them"
  end
  local attempt <close> = finally(rawset, self, "built", false)
  rawset(self, "_weights", {})
  rawset(self, "built", true)
  class.method(class.of(self), "build")(self, shape, called)
  attempt[VALUE] = true
end

class.property(Layer, "build", function() return build_once end)

--- Builds a layer within for inputs of a shape, with the dtype of this one.
---@param layer table
---@param shape table
---@private
function Layer:build_within(layer, shape)
  if not layer.dtype then
    rawset(layer, "dtype", self.dtype)
  end
  layer:build(shape)
end

local NONE <const> = {}

local function is_tensor(x)
  return nd.is_tensor(x) or nd.is_variable(x) or symbolic.is(x)
end

-- Raises for inputs that are no tensors.
local function fail_inputs(self, x)
  self:fail("x must be tensors, got %s%s", describe.value(x),
    type(x) == "string" and "; call the layer that reads texts before" or "")
end

-- Raises for what is no tensor where it has to be one.
local function check_input(self, x)
  local takes, plain = self.takes, structure.is_plain(x)
  if x == nil then
    self:fail "x is missing: it must be a tensor"
  elseif takes == "one" and plain then
    self:fail("takes one tensor, got a table of %d", #structure.flatten(x))
  elseif takes ~= "any" and not plain and not is_tensor(x) then
    fail_inputs(self, x)
  elseif takes == "list" and plain and #x == 0 then
    self:fail "takes a list of tensors, got a table without any"
  end
  for i, one in ipairs(takes == "list" and plain and x or NONE) do
    if not is_tensor(one) then
      self:fail("input %d must be a tensor, got %s", i, describe.value(one))
    end
  end
end

local function is_float(self, x)
  return (is_tensor(x) or fail_inputs(self, x)) and x.dtype:find "float" ~= nil
end

-- Builds for an input.
local function build(self, x)
  local first = structure.flatten(x)[1]
  if not self.dtype and is_float(self, first) then
    rawset(self, "dtype", first.dtype)
  end
  build_once(self, structure.map(x, function(one)
    return is_tensor(one) and one.shape or fail_inputs(self, one)
  end), true)
end

-- The shape of what the first call gave, of any number of examples.
local function note_shape(self, y)
  rawset(self, "_output_shape", structure.map(y, function(x)
    if not is_tensor(x) then
      self:fail("call must return tensors, got %s", describe.value(x))
    end
    return open_shape(x.shape, "call")
  end))
end

-- Inputs of whole numbers as floats.
local function to_floats(self, x)
  if type(x) == "userdata" and x.dtype == self.dtype then
    return x
  end
  return structure.map(x, function(one)
    return is_float(self, one) and one or nd.cast(one, self.dtype or "float32")
  end)
end

-- One call with tensors.
local function run(self, x, training, mask, options)
  if not nd.is_tensor(x) then
    check_input(self, x)
  end
  if self.takes_floats then
    x = to_floats(self, x)
  end
  local first = not self.built
  if first then
    build(self, x)
  end
  mask = mask or masks.of(x)
  local y = self:call(x, training, mask, options)
  if y == nil then
    self:fail("call returned nothing")
  elseif first then
    note_shape(self, y)
  end
  local made = self:compute_mask(x, mask)
  if made then
    masks.note(y, made)
  end
  if self.activity_regularizer then
    for _, one in ipairs(structure.flatten(y)) do
      self:add_loss(self.activity_regularizer(one))
    end
  end
  return y
end

within.mark(run)
within.mark(symbolic.apply, function(layer, arguments)
  return layer, arguments[1]
end)

-- The same, where losses are counted or it is said whether to train.
local function run_within(self, x, training, mask, options)
  local call <close> = context.call(training)
  context.enter(call)
  if call.depth == 1 and any_losses() then
    forget_losses(self)
  end
  return run(self, x, call.training or false, mask, options)
end

--- Lets the layers within forget the states that they keep between calls.
function Layer:reset_states()
  for _, layer in ipairs(self.submodules) do
    local forget = class.method(class.of(layer), "reset_states")
    if forget and forget ~= Layer.reset_states then
      forget(layer)
    end
  end
end

--- A call with tensors: layer.run(layer, x, training, mask, options).
Layer.run = run_within

--- Which steps of what a call gave count.
---@param mask? any  that of x
---@return any mask
function Layer:compute_mask(_, mask)
  return self.supports_masking and mask or nil
end

--- What a call may be given by name, beside `training` and `mask`.
Layer.call_options = {}

local function is_options(value)
  if type(value) ~= "table" or getmetatable(value) ~= nil then
    return false
  end
  local key = next(value) -- any order: names, if there are any
  return key == nil or type(key) == "string"
end

local function check_options(self, options)
  local known = { "training", "mask" }
  table.move(self.call_options, 1, #self.call_options, 3, known)
  names.check_options(getmetatable(self).__name, options, known)
end

-- What stands behind the first input: further inputs; or whether to train, and
-- the mask; or options.
local function read_call(self, x, ...)
  local n, rest, options = select("#", ...), { ... }, NONE
  if is_options(rest[n]) then
    options, n = rest[n], n - 1
    check_options(self, options)
  end
  local training, mask = options.training, options.mask
  if n > 0 and (rest[1] == nil or type(rest[1]) == "boolean") then
    training, mask = rest[1], rest[2]
  elseif n > 0 then
    x = { x, table.unpack(rest, 1, n) }
  end
  if symbolic.is(mask) and type(x) == "userdata" then
    self:fail "mask is symbolic, x is not"
  end
  return x, training, mask, options
end

function metatable.__call(self, x, ...)
  local training, mask, options = nil, nil, NONE
  if select("#", ...) > 0 then
    x, training, mask, options = read_call(self, x, ...)
  end
  if type(x) ~= "userdata" then
    x = structure.to_tensors(x, getmetatable(self).__name)
    if symbolic.within(x) then
      return symbolic.apply(self, table.pack(x, training, mask, options),
        run_within)
    end
  end
  if training == nil and not self.is_model and not any_losses() then
    return run(self, x, context.training() or false, mask, options)
  end
  return run_within(self, x, training, mask, options)
end

within.mark(metatable.__call)

-- An input of a shape, or inputs of a list of shapes.
local function symbols_of(self, shape)
  if type(shape[1]) ~= "table" then
    return symbolic.new(shape, self.dtype or "float32", "input")
  end
  local list = {}
  for i, one in ipairs(shape) do
    list[i] = symbols_of(self, one)
  end
  return list
end

--- The shape of the result for that of an input, or a list of them. In it
--- `false` stands for what is not known.
---@param shape table
---@return table shape
function Layer:compute_output_shape(shape)
  open_shape(shape, "compute_output_shape")
  return structure.map(self(symbols_of(self, shape)), shape_of)
end

return Layer
