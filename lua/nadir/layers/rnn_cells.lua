--- nd.layers.LSTMCell, GRUCell, SimpleRNNCell, StackedRNNCells: one step of a
-- recurrent layer.
--
--   local out = cell(x, states)   -- out[1]: y, out[2]: the states after it
--
-- A class of one's own has `state_size`, a number or a list of them, and a
-- `call` like that.
local nd = require "nadir"
local describe = require "nadir.describe"
local Kernel = require "nadir.layers.kernel"
local Layer = require "nadir.layers.layer"
local next_seed = require "nadir.layers.seeds"
local roles = require "nadir.layers.roles"
local steps = require "nadir.layers.steps"

-- What cells of our own share. A class has `gates`, how many blocks of units
-- its kernels have, `advance` and, if there is an op over whole sequences,
-- `fused`.
local Cell = Kernel:extend "Cell"

Cell.takes = "any"

-- The settings of a cell, and of the layer that repeats it. `own` come before
-- those that all have.
local function params(doc, own, more)
  local list = { doc = doc, { "units", "size", doc = "size of a state" },
                 { "activation", "activation", "tanh", doc = "of the state" } }
  table.move(own, 1, #own, #list + 1, list)
  list[#list + 1] = { "use_bias", "flag", true, doc = "whether there is one" }
  roles(list, "kernel", "glorot_uniform", "recurrent", "orthogonal", "bias",
    "zeros")
  table.move(more, 1, #more, #list + 1, list)
  list[#list + 1] = { "dropout", "rate", 0, doc = "the share of x to lose" }
  list[#list + 1] = { "recurrent_dropout", "rate", 0,
                      doc = "that of the state, where it is multiplied" }
  list[#list + 1] = { "seed", "integer", false, doc = "of what is lost" }
  return list
end

-- ----------------------------------------------------------------- weights --

Cell.recurrent_kernel = false

function Cell:init()
  self.state_size = self.units
end

function Cell:bias_shape()
  return { self.gates * self.units }
end

-- What its bias begins with.
function Cell:make_bias()
  return self:make_weight("bias", self:bias_shape())
end

function Cell:build(shape)
  local x = type(shape[1]) == "table" and shape[1] or shape
  local width = self.gates * self.units
  self.kernel = self:make_weight("kernel", { x[#x], width })
  self.recurrent_kernel = self:make_weight("recurrent_kernel",
    { self.units, width }, "recurrent")
  self.bias = self.use_bias and self:make_bias()
end

-- ------------------------------------------------------------------- steps --

--- The states that a batch begins with.
---@param n integer
---@param dtype? string
---@return table states
function Cell:get_initial_state(n, dtype)
  return steps.zeros(self, n, dtype or self.dtype or "float32")
end

-- What does not depend on the states, of one step or all.
function Cell:project(x)
  local y = nd.matmul(x, self.kernel)
  return self.bias and y + self.bias or y
end

-- x, of which the same is lost at all steps.
local function drop_inputs(self, x, training)
  if not training or self.dropout == 0 then
    return x
  end
  local shape = table.move(x.shape, 1, x.rank, 1, {})
  if x.rank == 3 then
    shape[2] = 1
  end
  return nd.nn.dropout(x, self.dropout, { noise_shape = shape,
                                          seed = next_seed(self) })
end

-- What a state is multiplied by where it meets the kernel, or nil.
local function state_factor(self, state, training)
  if not training or self.recurrent_dropout == 0 then
    return nil
  end
  return nd.nn.dropout(nd.ones_like(state), self.recurrent_dropout, nil,
    next_seed(self))
end

function Cell:call(inputs, training)
  local x, states = inputs, nil
  if type(inputs) == "table" then
    x, states = inputs[1], inputs[2]
    states = type(states) == "table" and states or { states }
  end
  states = states or self:get_initial_state(x.shape[1], x.dtype)
  local y, after = self:advance(self:project(drop_inputs(self, x, training)),
    states, state_factor(self, states[1], training))
  return { y, after }
end

local function is_activation(f, name)
  return f == nd.activations[name] or f == nd[name]
end

--- All steps of x [batch time width].
---@return userdata outputs  [batch time units]
---@return table states
---@private
function Cell:sequence(x, states, mask, training, zeroed)
  x = drop_inputs(self, x, training)
  local factor = state_factor(self, states[1], training)
  if not factor and self.fused and is_activation(self.activation, "tanh")
    and is_activation(self.recurrent_activation, "sigmoid") then
    return self:fused(x, states, mask, zeroed)
  end
  return steps.walk(nd.unstack(self:project(x), 2), states, mask, zeroed,
    function(projected, before)
      return self:advance(projected, before, factor)
    end)
end

-- A state as it meets the kernel.
local function weaken(h, factor)
  return factor and h * factor or h
end

-- -------------------------------------------------------------- SimpleRNN --

local SimpleRNNCell = Cell:extend("SimpleRNNCell", params(
  "h = activation(x * kernel + h before * recurrent_kernel + bias)", {}, {}))

SimpleRNNCell.gates, SimpleRNNCell.fused = 1, false

function SimpleRNNCell:advance(x, states, factor)
  local h = self.activation(x
    + nd.matmul(weaken(states[1], factor), self.recurrent_kernel))
  return h, { h }
end

-- -------------------------------------------------------------------- LSTM --

local gate = { "recurrent_activation", "activation", "sigmoid",
               doc = "of the gates" }

local LSTMCell = Cell:extend("LSTMCell", params(
  "long short-term memory: c = f * c before + i * activation(g), "
    .. "h = o * activation(c), by gates i, f, o", { gate }, {
    { "unit_forget_bias", "flag", true,
      doc = "whether the gate f begins with a bias of 1" },
  }))

LSTMCell.gates = 4

function LSTMCell:init()
  self.state_size = { self.units, self.units }
end

function LSTMCell:make_bias()
  if not self.unit_forget_bias then
    return self:make_weight("bias", self:bias_shape())
  end
  local u, first = { self.units }, self.bias_initializer
  return self:add_weight("bias", self:bias_shape(), {
    regularizer = self.bias_regularizer or nil,
    constraint = self.bias_constraint or nil,
    initializer = function(_, dtype)
      return nd.concat({ first(u, dtype), nd.ones(u, dtype),
                         first({ 2 * u[1] }, dtype) }, 1)
    end,
  })
end

function LSTMCell:advance(x, states, factor)
  local z = x + nd.matmul(weaken(states[1], factor), self.recurrent_kernel)
  local open, act = self.recurrent_activation, self.activation
  local i, f, g, o = table.unpack(nd.split(z, 4, -1))
  local c = open(f) * states[2] + open(i) * act(g)
  local h = open(o) * act(c)
  return h, { h, c }
end

function LSTMCell:fused(x, states, mask, zeroed)
  local y, h, c = nd.nn.lstm(x, self.kernel, self.recurrent_kernel,
    self.bias or nil, states[1], states[2], mask, zeroed)
  return y, { h, c }
end

-- --------------------------------------------------------------------- GRU --

local GRUCell = Cell:extend("GRUCell", params(
  "gated recurrent unit: h = z * h before + (1 - z) * activation(candidate), "
    .. "by gates z and r", { gate }, {
    { "reset_after", "flag", true,
      doc = "whether r gates the product with the state, or the state" },
  }))

GRUCell.gates = 3

function GRUCell:bias_shape()
  local width = 3 * self.units
  return self.reset_after and { 2, width } or { width }
end

function GRUCell:project(x)
  local y = nd.matmul(x, self.kernel)
  if not self.bias then
    return y
  end
  return y + (self.reset_after and self.bias[1] or self.bias)
end

-- The candidate's part that the state before gives, and that of the gates.
local function recur(self, h, x, gates)
  local u, w = self.units, self.recurrent_kernel
  if self.reset_after then
    local y = nd.matmul(h, w)
    local z, r, g = table.unpack(nd.split(self.bias and y + self.bias[2] or y,
      3, -1))
    return gates(x[1] + z), gates(x[2] + r), g
  end
  local z, r = table.unpack(nd.split(nd.matmul(h, w[{ {}, { 1, 2 * u } }]), 2,
    -1))
  r = gates(x[2] + r)
  return gates(x[1] + z), 1, nd.matmul(r * h, w[{ {}, { 2 * u + 1, 3 * u } }])
end

function GRUCell:advance(x, states, factor)
  local h, parts = states[1], nd.split(x, 3, -1)
  local z, r, g = recur(self, weaken(h, factor), parts,
    self.recurrent_activation)
  h = z * h + (1 - z) * self.activation(parts[3] + r * g)
  return h, { h }
end

function GRUCell:fused(x, states, mask, zeroed)
  local y, h = nd.nn.gru(x, self.kernel, self.recurrent_kernel,
    self.bias or nil, states[1], mask, self.reset_after, zeroed)
  return y, { h }
end

-- ----------------------------------------------------------------- stacked --

local StackedRNNCells = Layer:extend("StackedRNNCells", {
  doc = "cells one after the other, as one: its states are a list of theirs",
  { "cells", "layers" },
})

function StackedRNNCells:init()
  if #self.cells == 0 then
    self:fail "needs a cell"
  end
  self.state_size = {}
  for i, cell in ipairs(self.cells) do
    self.state_size[i] = cell.state_size
  end
end

function StackedRNNCells:get_initial_state(n, dtype)
  local states = {}
  for i, cell in ipairs(self.cells) do
    states[i] = steps.initial(cell, n, dtype)
  end
  return states
end

function StackedRNNCells:call(inputs)
  local x, before = inputs, nil
  if type(inputs) == "table" then
    x, before = inputs[1], inputs[2]
  end
  if not nd.is_tensor(x) and not nd.is_variable(x) then
    self:fail("x must be a tensor, or a list of one and states, got %s",
      describe.value(inputs))
  end
  before = before or self:get_initial_state(x.shape[1], x.dtype)
  local after = {}
  for i, cell in ipairs(self.cells) do
    x, after[i] = steps.call(cell, x, before[i])
  end
  return { x, after }
end

return {
  Cell = Cell, SimpleRNNCell = SimpleRNNCell, LSTMCell = LSTMCell,
  GRUCell = GRUCell, StackedRNNCells = StackedRNNCells,
}
