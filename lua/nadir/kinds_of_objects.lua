--- Kinds of parameters that are objects of our classes: by themselves, by a
-- name, or as the configuration that a file holds.
local nd = require "nadir"
local class = require "nadir.class"
local config = require "nadir.config"
local describe = require "nadir.describe"
local kinds = require "nadir.kinds"
local names = require "nadir.names"
local symbolic = require "nadir.symbolic"

local objects = {}

local callable = kinds.callable.read

-- The field `name` of a module, or nil and that there is none.
local function look_up(what, name, module)
  local ok, value = pcall(function() return module[name] end)
  if ok and callable(value) then
    return value
  end
  return nil, names.no_such(what, name, module)
end

local function linear(x)
  return x
end

-- Called with a tensor, gives one of the same shape.
objects.activation = {
  wanted = "the name of an op or a function",
  read = function(value)
    if value == false then
      return linear
    elseif config.is(value) then
      return config.make_layer(value)
    elseif type(value) ~= "string" then
      return callable(value)
    end
    local known = rawget(nd.activations, value)
    if known then
      return known
    end
    return look_up("activation", value, nd)
  end,
}

-- An object of a family of classes, which `family` is the module of: given as
-- it is, as its class, by a name, or as its configuration; or a function.
local function object_of(what, family)
  local function read(value)
    if type(value) == "string" then
      local found, problem = look_up(what, value, family())
      return found and read(found), problem
    elseif config.is(value) then
      return config.make(value, what, family())
    end
    local metatable = type(value) == "table" and getmetatable(value)
    local Class = type(metatable) == "table" and rawget(metatable, "__made_of")
      or class.metatable(value) and value
    if Class then
      return Class()
    end
    return callable(value)
  end
  local article = what:find "^[aeiou]" and "an" or "a"
  return { wanted = ("the name of %s %s or a function"):format(article, what),
           read = read }
end

-- Called with a shape and a dtype, gives a tensor.
objects.initializer = object_of("initializer", function()
  return nd.initializers
end)

-- Called with a tensor, gives a scalar.
objects.regularizer = object_of("regularizer", function()
  return nd.regularizers
end)

-- Called with a tensor, gives one of the same shape.
objects.constraint = object_of("constraint", function()
  return nd.constraints
end)

local function is_optimizer(value)
  local Class = class.of(value)
  return describe.type(value) == "Optimizer"
    or Class ~= nil and class.method(Class, "apply_gradients") ~= nil
end

-- By a name in capitals or not, as its class, as its configuration, or as it
-- is.
objects.optimizer = {
  wanted = "an optimizer",
  read = function(value)
    if config.is(value) then
      return config.make_optimizer(value)
    end
    for name, Class in pairs(nd.optimizers) do -- any order: one fits
      local named = type(value) == "string"
        and value:lower():gsub("_", "") == name:lower()
      if named or value == Class and type(value) == "function" then
        return Class()
      end
    end
    if type(value) == "string" then
      return nil, names.no_such("optimizer", value, nd.optimizers)
    end
    return is_optimizer(value) and value or nil
  end,
}

-- Called with y_true and y_pred, gives values for examples, or one.
objects.loss_function = object_of("loss", function() return nd.losses end)

-- The same, as an object of a class: functions are wrapped.
local function wrapped(kind, wrap)
  return {
    wanted = kind.wanted,
    read = function(value)
      local found, problem = kind.read(value)
      return found and wrap(found), problem
    end,
  }
end

objects.loss = wrapped(objects.loss_function, function(value)
  return nd.losses.Loss.of(value)
end)

-- Sees y_true and y_pred again and again, and gives what comes of all.
objects.metric = wrapped(object_of("metric", function()
  return nd.metrics
end), function(value) return nd.metrics.Metric.of(value) end)

-- A layer, or another thing that can be called with what it would get.
local one_layer = object_of("layer", function() return nd.layers end)

objects.layer = {
  wanted = "a layer",
  read = function(value)
    if symbolic.is(value) then
      return value
    elseif config.is(value) then
      return config.make_layer(value)
    end
    return one_layer.read(value)
  end,
}

-- A list of them.
objects.layers = {
  wanted = "a list of layers",
  takes_lists = true,
  read = function(value)
    if type(value) ~= "table" or callable(value) then
      return nil
    end
    local list = {}
    for i, layer in ipairs(value) do
      local problem
      list[i], problem = objects.layer.read(layer)
      if not list[i] then
        return nil, problem or ("layer %d cannot be called: it is a %s"):format(
          i, type(layer))
      end
    end
    for key in pairs(value) do -- any order: there are no others
      if type(key) == "number" and not list[key] then
        return nil, ("layer %d is nil"):format(#list + 1)
      end
    end
    return list
  end,
}

-- A cell of a recurrent layer, or a list of them, which becomes one.
objects.cell = {
  wanted = "a cell or a list of them",
  takes_lists = true,
  read = function(value)
    if type(value) ~= "table" or #value == 0 or callable(value) then
      return objects.layer.read(value)
    end
    local list, problem = objects.layers.read(value)
    return list and nd.layers.StackedRNNCells(list), problem
  end,
}

objects.callbacks = {
  wanted = "a list of callbacks",
  takes_lists = true,
  read = function(value)
    if class.is(value, nd.callbacks.Callback) then
      return { value }
    elseif type(value) ~= "table" or getmetatable(value) then
      return nil
    end
    for i, callback in ipairs(value) do
      if not class.is(callback, nd.callbacks.Callback) then
        return nil, ("callback %d is none: it is a %s"):format(i,
          type(callback))
      end
    end
    return value
  end,
}

-- How much is shown of training.
objects.verbosity = {
  wanted = "'auto', 0, 1 or 2",
  read = function(value)
    if type(value) == "boolean" then
      return value and 1 or 0
    end
    return (value == "auto" or value == 0 or value == 1 or value == 2)
      and value or nil
  end,
}

-- How often something is saved.
objects.frequency = {
  wanted = "'epoch' or a whole number, 1 or more",
  read = function(value)
    return value == "epoch" and value or kinds.size.read(value)
  end,
}

-- How often something is told, as a number of batches or 'epoch'.
objects.update_frequency = {
  wanted = "'epoch', 'batch' or a whole number, 1 or more",
  read = function(value)
    return value == "batch" and 1 or objects.frequency.read(value)
  end,
}

for name, kind in pairs(objects) do -- any order: each its own
  rawset(kinds, name, kind)
end

return kinds
