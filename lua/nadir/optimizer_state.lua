--- All that the next step of an optimizer depends on, as a table, and back:
-- settings, counts, and what it keeps of each Variable, by name. A rate that a
-- function gives, and which Variables are left alone, are not in it.
local nd = require "nadir"
local leaves = require "nadir.autodiff.arguments".leaves
local describe = require "nadir.describe"
local fail = require "nadir.fail"
local form = require "nadir.form"

local state = {}

-- The Variables in a value, in its order.
local function list(who, variables)
  local all = leaves(variables)
  for i, variable in ipairs(all) do
    if not nd.is_variable(variable) then
      fail("%s: variables must be Variables, number %d is a %s", who, i,
        describe.type(variable))
    end
  end
  return all
end

local function slots_of(optimizer, variable)
  local slots = {}
  for _, name in ipairs(optimizer:get_slot_names()) do
    slots[name] = optimizer:get_slot(variable, name)
  end
  return slots
end

-- All settings, but for a rate that a function gives.
local function settings_of(optimizer)
  local settings = optimizer:get_config()
  if type(settings.learning_rate) ~= "number" then
    settings.learning_rate = nil
  end
  return settings
end

---@param optimizer userdata
---@param variables any  Variables, or tables of them
---@return table
function state.save(optimizer, variables)
  local slots = {}
  for i, variable in ipairs(list("state_dict", variables)) do
    slots[i] = slots_of(optimizer, variable)
  end
  return {
    name = optimizer.name,
    settings = settings_of(optimizer),
    iterations = optimizer.iterations,
    waiting = optimizer.waiting,
    slots = slots,
  }
end

local FORM <const> = { settings = { ["*"] = "any" },
                       slots = { { ["*"] = "any" } } }

-- Raises unless the state is one of such an optimizer and so many Variables.
local function check(optimizer, given, count)
  local function refuse(...)
    fail("load_state_dict: %s", string.format(...))
  end
  if form.problem(FORM, given, "state") then
    refuse("state must be what state_dict gave, got %s", describe.value(given))
  elseif given.name ~= optimizer.name then
    refuse("the state is of %s, not of %s", tostring(given.name),
      optimizer.name)
  elseif #given.slots ~= count then
    refuse("the state is of %d Variables, not of %d", #given.slots, count)
  end
end

-- What is off comes first: of some only one may be on.
local function set_all(optimizer, settings)
  local on = {}
  for name in pairs(settings_of(optimizer)) do -- any order: each its own
    if settings[name] == nil then
      optimizer[name] = nil
    end
  end
  for name, value in pairs(settings) do -- any order: each its own
    if value == 0 then
      optimizer[name] = value
    else
      on[name] = value
    end
  end
  for name, value in pairs(on) do -- any order: each its own
    optimizer[name] = value
  end
end

---@param optimizer userdata
---@param given table    what state_dict gave
---@param variables any  as many, in the same order
function state.load(optimizer, given, variables)
  local all = list("load_state_dict", variables)
  check(optimizer, given, #all)
  local settings = {}
  for name, value in pairs(given.settings) do -- any order: each its own
    settings[name] = value
  end
  if settings_of(optimizer).learning_rate == nil then -- a function gives it
    settings.learning_rate = nil
  end
  set_all(optimizer, settings)
  optimizer.iterations = given.iterations
  optimizer.waiting = given.waiting
  for i, variable in ipairs(all) do
    for _, name in ipairs(optimizer:get_slot_names()) do
      optimizer:set_slot(variable, name, given.slots[i][name])
    end
  end
end

return state
