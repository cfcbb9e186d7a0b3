--- Optimizers that have others take their steps: what these have in common. A
-- class of them says which optimizer is for which Variables, in
-- `optimizers_of(variables)`: a list of { optimizer, variables }; what it keeps
-- itself are its fields that `kept` names, with their types.
local nd = require "nadir"
local class = require "nadir.class"
local fail = require "nadir.fail"
local form = require "nadir.form"
local leaves = require "nadir.autodiff.arguments".leaves
local minimize = require "nadir.minimize"

local Wrapper = class "OptimizerWrapper"

Wrapper.kept = {}

--- One step down a loss, as optimizers take it.
function Wrapper:minimize(...)
  return minimize(self, ...)
end

--- Gives Variables their running means.
function Wrapper:finalize_variable_values(variables)
  for _, part in ipairs(self:optimizers_of(variables)) do
    part[1]:finalize_variable_values(part[2])
  end
end

--- All that the next step depends on, with that of the optimizers inside.
---@param variables any  Variables, or tables of them
---@return table
function Wrapper:state_dict(variables)
  local state = { name = self.name, inner = {} }
  for key in pairs(self.kept) do -- any order: each its own
    state[key] = self[key]
  end
  for i, part in ipairs(self:optimizers_of(variables)) do
    state.inner[i] = part[1]:state_dict(part[2])
  end
  return state
end

--- Goes on from such a table.
---@param state table
---@param variables any  as many, in the same order
function Wrapper:load_state_dict(state, variables)
  local parts = self:optimizers_of(variables)
  if form.problem({ inner = { "table" } }, state, "state") then
    fail("load_state_dict: state must be what state_dict gave, got %s",
      type(state))
  elseif state.name ~= self.name then
    fail("load_state_dict: the state is of %s, not of %s",
      tostring(state.name), self.name)
  elseif #state.inner ~= #parts then
    fail("load_state_dict: the state is of %d optimizers, not of %d",
      #state.inner, #parts)
  end
  local problem = form.problem(self.kept, state, "state")
  if problem then
    fail("load_state_dict: %s", problem)
  end
  for i, part in ipairs(parts) do
    part[1]:load_state_dict(state.inner[i], part[2])
  end
  for key in pairs(self.kept) do -- any order: each its own
    self[key] = state[key]
  end
end

-- ---------------------------------------------------------------- gradients --

local wrapper = { Class = Wrapper }

function wrapper.is(value)
  return class.is(value, Wrapper)
end

--- Gradients with their Variables, of a call that has pairs or two tables.
---@return table pairs  lists of { gradient or false, variable }
function wrapper.zip(gradients, variables)
  if variables == nil then
    return gradients
  elseif nd.is_variable(variables) then
    return { { gradients or false, variables } }
  end
  local found, zipped = {}, {}
  local function find(g, v)
    if nd.is_variable(v) then
      found[v] = g
    elseif type(v) == "table" then
      for key, inner in pairs(v) do -- any order: `leaves` has one
        find(type(g) == "table" and g[key] or nil, inner)
      end
    end
  end
  find(gradients, variables)
  for i, variable in ipairs(leaves(variables)) do
    zipped[i] = { found[variable] or false, variable }
  end
  return zipped
end

return wrapper
