--- Configurations: what an object was made with, as tables, strings, numbers
-- and booleans only, so that a file can hold it. An object in it stands as {
-- class_name = "Dense", config = { ... } }.
local nd = require "nadir"
local class = require "nadir.class"
local describe = require "nadir.describe"
local fail = require "nadir.fail"
local finally = require "nadir.finally"
local kinds = require "nadir.kinds"
local names = require "nadir.names"
local structure = require "nadir.structure"

local config = {}

local lent = { classes = {} }  -- those of scripts, by name

-- `replace` gives what a copy that is being made has in place of an object, or
-- nil; while none is, false. What no file could hold is in its configuration as
-- it is.
local copying = { replace = false }

-- ----------------------------------------------------------------- writing --

local write

local function write_table(t, where)
  local copy = {}
  for key, value in pairs(t) do -- any order: each its own
    copy[key] = write(value, ("%s.%s"):format(where, tostring(key)))
  end
  return copy
end

local function get_config(value)
  return value:get_config()
end

-- What gives the configuration of an object of ours, however its class is made;
-- nil for what is none.
local function writer_of(value)
  local metatable = getmetatable(value)
  local write_own = type(metatable) == "table" and rawget(metatable, "__config")
  local is_object = class.of(value) or describe.type(value) == "Optimizer"
  return write_own or is_object and get_config or nil
end

local function class_name_of(value)
  local metatable = type(value) == "table" and getmetatable(value)
  if not metatable then
    return value.name
  end
  return rawget(metatable, "__class_name") or metatable.__name
end

-- The class of an object, if its configuration is that of no other.
local function own_class(value)
  local metatable = getmetatable(value)
  return type(metatable) == "table" and not rawget(metatable, "__class_name")
    and class.of(value) or nil
end

-- An object in a configuration. Its copy is in a function, which is written as
-- it is if the configuration is part of another one.
local function write_object(value, own, where)
  local written = { class_name = class_name_of(value) }
  local copy = copying.replace and copying.replace(value)
  written.config = copy and {} or write_table(own(value), where)
  if copying.replace then
    written.copy = copy and function() return copy end
    written.class = own_class(value)
  end
  return written
end

function write(value, where)
  local own = writer_of(value)
  if own then
    return write_object(value, own, where)
  elseif nd.is_tensor(value) or nd.is_variable(value) then
    return value:totable()
  elseif type(value) == "table" and getmetatable(value) == nil then
    return write_table(value, where)
  elseif not copying.replace and (type(value) == "function"
    or type(value) == "userdata" or type(value) == "table") then
    fail("get_config: %s is a %s, which no file can hold; give it by its name, "
      .. "or by a class", where, type(value))
  end
  return value
end

--- The configuration of an object: what it was given, by name, or, of a class
--- without parameters, as a list of `arguments`, and its `name`, if it has one.
---@param object table
---@return table
function config.of(object)
  local given = rawget(object, "_given")
    or { arguments = rawget(object, "_arguments"),
         name = rawget(object, "name") }
  local problem = structure.problem(given)
  if problem then
    fail("get_config: %s: %s", getmetatable(object).__name, problem)
  end
  return write_table(given, getmetatable(object).__name)
end

--- A value as it stands in configurations.
---@param value any
---@param where string  what it is, for messages
function config.write(value, where)
  return write(value, where)
end

-- ----------------------------------------------------------------- reading --

--- Classes that are lent next, and known by name until this is closed.
---@param classes table  by name
---@return table loan
function config.loan(classes)
  if type(classes) ~= "table" then
    fail("custom_objects: needs a table of classes by name, got %s",
      describe.value(classes))
  end
  local loan = finally(rawset, lent, "classes", lent.classes)
  loan.classes = setmetatable({}, { __index = lent.classes })
  for name, Class in pairs(classes) do -- any order: each its own
    loan.classes[name] = Class
  end
  return loan
end

---@param loan table  to be closed
function config.lend(loan)
  lent.classes = loan.classes
end

--- Whether a value is the configuration of an object.
---@return boolean
function config.is(value)
  return type(value) == "table" and getmetatable(value) == nil
    and type(value.class_name) == "string"
    and (value.config == nil or type(value.config) == "table")
end

-- The class of a configuration: that of a copy; a script's, by its name; or the
-- module's.
local function find_class(value, module)
  local name, Class = value.class_name, copying.replace and value.class
    or lent.classes[value.class_name]
  if Class == nil then
    local ok, found = pcall(function() return module[name] end)
    Class = ok and found or nil
  end
  return class.metatable(Class) and Class or nil
end

--- The object that a configuration describes.
---@param value table   { class_name = ..., config = ... }
---@param what string   what it is, for messages: "layer"
---@param module table  where its class is, unless it is a script's
---@return table? object
---@return string? problem
function config.make(value, what, module)
  if copying.replace and value.copy then
    return value.copy()
  end
  local Class = find_class(value, module)
  if not Class then
    return nil, names.no_such(what, value.class_name, module)
      .. "; a class of a script goes into custom_objects"
  end
  return Class:from_config(value.config or {})
end

--- An object of the same class that is made with the same settings. What these
--- hold is copied too, but for functions and tensors.
---@param object table
---@param changes? table  settings that are others, by name
---@param replacement? fun(object: table): table?  a copy of an object in it, if
--- that is to be another
---@return table
function config.copy(object, changes, replacement)
  local _ <close> = finally(rawset, copying, "replace", copying.replace)
  copying.replace = function(value)
    return replacement and value ~= object and replacement(value) or nil
  end
  local written = write(object, getmetatable(object).__name)
  for name, value in pairs(changes or {}) do -- any order: each its own
    written.config[name] = value
  end
  return (config.make(written, "class", {}))
end

--- The layer that a configuration describes, or the model, which is one.
---@param value table
---@return table? layer
---@return string? problem
function config.make_layer(value)
  local is_model = value.class_name == "Model"
  return config.make(value, "layer", is_model and nd.models or nd.layers)
end

--- The optimizer that a configuration describes, or a part of one, such as the
--- schedule of its rate. What a script's function gave is not in it.
---@param value table
---@return any
function config.make_optimizer(value)
  if not config.is(value) then
    fail("from_config: an optimizer needs a class_name and its config, got %s",
      describe.value(value))
  end
  local Class = rawget(nd.optimizers.schedules, value.class_name)
    or nd.optimizers[value.class_name]
  local given = value.config or {}
  if class.metatable(Class) then
    return Class:from_config(given)
  elseif not kinds.callable.read(Class) then
    fail("from_config: %s", names.no_such("optimizer", value.class_name,
      nd.optimizers))
  end
  local settings = {}
  for key, setting in pairs(given) do -- any order: each its own
    settings[key] = config.is(setting) and config.make_optimizer(setting)
      or setting
  end
  return Class(settings)
end

return config
