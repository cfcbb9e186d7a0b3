--- nd.layers.RNN, LSTM, GRU, SimpleRNN: layers that go through time.
--
--   local lstm = nd.layers.LSTM(32, { return_sequences = true })
--   local y = lstm(x)   -- x [batch time width], y [batch time 32]
--
-- An option of the call, `initial_state`, is a list of the states that it
-- begins with.
local nd = require "nadir"
local cells = require "nadir.layers.rnn_cells"
local class = require "nadir.class"
local describe = require "nadir.describe"
local Layer = require "nadir.layers.layer"
local steps = require "nadir.layers.steps"
local structure = require "nadir.structure"
local symbolic = require "nadir.symbolic"

-- An object has a `cell`.
local Recurrent = Layer:extend("Recurrent", {
  { "return_sequences", "flag", false,
    doc = "whether it gives the outputs of all steps, not the last" },
  { "return_state", "flag", false,
    doc = "whether it gives a list: outputs, then the last states" },
  { "go_backwards", "flag", false, doc = "whether it begins at the end" },
  { "stateful", "flag", false,
    doc = "whether a call begins with the last states of the call before" },
  { "unroll", "flag", false, doc = "makes no difference here" },
  { "zero_output_for_mask", "flag", false,
    doc = "whether a masked step gives 0, not the output before" },
})

Recurrent.state_form = { ["last?"] = "table" }
Recurrent.call_options = { "initial_state" }
Recurrent.takes_floats, Recurrent.takes = true, "list"

-- A list of x and states, as one may call it too, is x and an initial_state.
local function split_inputs(x, options)
  if type(x) ~= "table" then
    return x, options.initial_state
  end
  return x[1], table.move(x, 2, #x, 1, {})
end

function Recurrent:build(shape)
  local x = type(shape[1]) == "table" and shape[1] or shape
  if #x < 3 then
    self:fail("x needs 3 axes, batch, time and width: it is [%s]",
      table.concat(x, " "))
  end
  if class.is(self.cell, cells.Cell) then
    self:build_within(self.cell, table.move(x, 3, #x, 2, { x[1] }))
  end
end

-- ------------------------------------------------------------------ states --

--- Begins with zeros again, or the states given.
---@param states? table
function Recurrent:reset_states(states)
  self._state.last = states
end

Recurrent.reset_state = Recurrent.reset_states

--- Those that it keeps for its next call, if it does.
class.property(Recurrent, "states", function(self)
  return self._state.last
end)

-- Raises unless states are as many as the cell begins with, each of n examples.
local function check_states(self, states, first, n, hint)
  local given, count = structure.flatten(states), #structure.flatten(first)
  for _, state in ipairs(given) do
    if not nd.is_tensor(state) and not nd.is_variable(state) then
      self:fail("states must be tensors, got %s", describe.value(state))
    elseif state.shape[1] ~= n then
      self:fail("states are of %s examples, x has %d%s",
        tostring(state.shape[1] or "no"), n, hint)
    end
  end
  if #given ~= count then
    self:fail("has %d states, got %d", count, #given)
  end
end

-- The states that a call of n examples begins with.
local function first_states(self, given, x)
  local states, n = given or self.stateful and self.states, x.shape[1]
  local first = steps.initial(self.cell, n, x.dtype)
  if not states then
    return first
  end
  states = type(states) == "table" and states or { states }
  check_states(self, states, first, n, given and "" or "; use reset_states()")
  return states
end

-- ------------------------------------------------------------------- calls --

local function sequence(self, x, states, mask, training)
  local cell, zeroed = self.cell, self.zero_output_for_mask
  if class.is(cell, cells.Cell) then
    return cell:sequence(x, states, mask, training, zeroed)
  end
  return steps.walk(nd.unstack(x, 2), states, mask, zeroed,
    function(one, before)
      return steps.call(cell, one, before)
    end)
end

-- Where all steps count, the first state of our cells is the output.
local function last_output(self, y, states, mask)
  if not mask and class.is(self.cell, cells.Cell) then
    return states[1]
  end
  return y[{ {}, -1 }]
end

function Recurrent:call(x, training, mask, options)
  local given
  x, given = split_inputs(x, options)
  mask = type(mask) == "table" and mask[1] or mask or nil
  if self.go_backwards then
    x, mask = nd.reverse(x, 2), mask and nd.reverse(mask, 2)
  end
  if x.shape[2] == 0 then
    self:fail "x has no steps"
  end
  local y, states = sequence(self, x, first_states(self, given, x), mask,
    training)
  if self.stateful and not symbolic.is_trying() then
    self._state.last = structure.map(states, nd.stop_gradient)
  end
  if not self.return_sequences then
    y = last_output(self, y, states, mask)
  end
  return self.return_state and { y, table.unpack(states) } or y
end

function Recurrent:compute_mask(_, mask)
  mask = type(mask) == "table" and mask[1] or mask or nil
  if not self.return_sequences or not mask then
    return nil
  end
  return self.return_state and { mask } or mask
end

-- ----------------------------------------------------------------- classes --

local RNN = Recurrent:extend("RNN", {
  doc = "a cell at each step of x [batch time ...]",
  { "cell", "cell", doc = "a cell, or a list of them, one after the other" },
})

-- Files have what a list of cells became.
function RNN:init()
  if type(self.cell) == "function" then
    self:fail "cell must be a layer with a state_size, got function"
  end
  self._given.cell = self.cell
end

-- A layer of one of our cells, with the cell's settings.
local function repeat_cell(name, Cell)
  local takes = class.metatable(Cell).__signature
  local known, params = {}, { doc = takes.doc }
  for _, p in ipairs(class.metatable(Layer).__signature.params) do
    known[p.name] = true
  end
  for _, p in ipairs(takes.params) do
    params[#params + 1] = not known[p.name]
      and { p.name, p.kind, p.initial, doc = p.doc } or nil
  end
  local Class = Recurrent:extend(name, params)
  function Class:init()
    local settings = { dtype = self.dtype or nil, trainable = self.trainable }
    for _, p in ipairs(params) do
      settings[p[1]] = self[p[1]]
    end
    self.cell = Cell(settings)
  end
  return Class
end

return {
  RNN = RNN,
  LSTM = repeat_cell("LSTM", cells.LSTMCell),
  GRU = repeat_cell("GRU", cells.GRUCell),
  SimpleRNN = repeat_cell("SimpleRNN", cells.SimpleRNNCell),
}
