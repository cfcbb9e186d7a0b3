--- Logs: what the training of a model tells, numbers by name.
local nd = require "nadir"
local describe = require "nadir.describe"
local fail = require "nadir.fail"

local Log = {}

-- The numbers of a model's means and metrics, computed when they are asked for.
local Current = {}

function Current.__index(logs, name)
  return Log.numbers(logs)[name]
end

function Current.__pairs(logs)
  return next, Log.numbers(logs)
end

--- What a step of a compiled model returns.
---@return table logs
function Log.of(model)
  return setmetatable({ [Current] = model }, Current)
end

local function to_number(value)
  if type(value) == "userdata" and nd.is_tensor(value) then
    return value.rank == 0 and value:item() or value:totable()
  end
  return value
end

-- Calls see(name, value) for what a model was compiled with, then for the
-- metrics that it holds.
local function results_of(model, see)
  local compiled = rawget(model, "_compiled")
  if compiled then
    compiled:results(see)
  end
  for _, metric in ipairs(model:held_metrics()) do
    see(metric.name, metric:result())
  end
end

--- What a step, perhaps of a script's class, returned; raises unless it may be
--- logs.
---@param logs any
---@return table logs
function Log.check(logs)
  if type(logs) ~= "table" then
    fail("a step must return a table of numbers by name, got %s",
      describe.value(logs))
  end
  return logs
end

--- The numbers that logs stand for, and those that were added to them.
---@param logs table
---@return table
function Log.numbers(logs)
  local numbers = {}
  local model = getmetatable(logs) == Current and rawget(logs, Current)
  if model then
    results_of(model, function(name, value)
      numbers[name] = to_number(value)
    end)
  end
  for name, value in next, logs do -- any order: each its own
    if name ~= Current and type(name) ~= "string" then
      fail("a step must return numbers by name, one goes by %s",
        describe.value(name))
    elseif name ~= Current then
      numbers[name] = to_number(value)
    end
  end
  return numbers
end

--- The names in numbers: those of the model in its order, then the others, then
--- both again for validation.
---@return table
function Log.names(model, numbers)
  local order, known = {}, {}
  local function add(name)
    if numbers[name] ~= nil and not known[name] then
      known[name] = true
      order[#order + 1] = name
    end
  end
  results_of(model, add)
  local others = {}
  for name in pairs(numbers) do -- any order: sorted below
    others[#others + 1] = not name:find "^val_" and name or nil
  end
  table.sort(others)
  for _, name in ipairs(others) do
    add(name)
  end
  for _, name in ipairs { table.unpack(order) } do
    add("val_" .. name)
  end
  return order
end

return Log
