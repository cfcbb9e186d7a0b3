--- What calls of modules leave for later calls beside Variables: how many
-- numbers were drawn, the states of recurrent layers that are stateful. It is
-- in a module's table `_state`, whose form the class has as `state_form`.
local fail = require "nadir.fail"
local form = require "nadir.form"
local nd = require "nadir"

local module_state = {}

--- That of a module and all within, by their paths.
---@param module table
---@return table
function module_state.of(module)
  local all = {}
  for _, named in ipairs(module:named_modules()) do
    local path, state = named[1], named[2]._state
    all[path] = next(state) ~= nil and state or nil -- any order: is there one
  end
  return all
end

-- A copy, of whole numbers, tensors and tables of these.
local function copy(who, value, where)
  if math.type(value) == "integer" or nd.is_tensor(value) then
    return value
  elseif type(value) ~= "table" then
    fail("%s: the state of %s is damaged", who, where)
  end
  local all = {}
  for key, one in pairs(value) do -- any order: each its own
    all[key] = copy(who, one, where)
  end
  return all
end

--- What sets it; of modules that are not in the table it is empty.
---@param who string    the function that errors are of
---@param module table
---@param written? table  what `of` gave
---@return function set
function module_state.setter(who, module, written)
  written = copy(who, written or {}, module.name)
  local modules, states = {}, {}
  for i, named in ipairs(module:named_modules()) do
    local path, one = named[1], named[2]
    modules[i], states[i] = one, written[path] or {}
    local problem = form.problem(one.state_form, states[i], "it")
    if problem then
      fail("%s: the state of %s is damaged: %s", who, one.name, problem)
    end
  end
  return function()
    for i, one in ipairs(modules) do
      rawset(one, "_state", states[i])
    end
  end
end

return module_state
