--- Configurations: what an object was made with, as tables, strings, numbers
-- and booleans only, so that a file can hold it. An object in it stands as {
-- class_name = "Dense", config = { ... } }.
local nd = require "nadir"
local class = require "nadir.class"
local fail = require "nadir.fail"
local names = require "nadir.names"

local config = {}

local custom = {}  -- classes of scripts, by name

-- ----------------------------------------------------------------- writing --

local write

local function write_table(t, where)
  local copy = {}
  for key, value in pairs(t) do -- any order: each its own
    copy[key] = write(value, ("%s.%s"):format(where, tostring(key)))
  end
  return copy
end

function write(value, where)
  if class.of(value) then
    return { class_name = getmetatable(value).__name,
             config = value:get_config() }
  elseif nd.is_tensor(value) or nd.is_variable(value) then
    return value:totable()
  elseif type(value) == "table" and getmetatable(value) == nil then
    return write_table(value, where)
  elseif type(value) == "function" or type(value) == "userdata"
    or type(value) == "table" then
    fail("get_config: %s is a %s, which no file can hold; give it by its name, "
      .. "or by a class", where, type(value))
  end
  return value
end

--- The configuration of an object: what it was given, by name.
---@param object table
---@return table
function config.of(object)
  local name = getmetatable(object).__name
  return write_table(rawget(object, "_given") or {}, name)
end

-- ----------------------------------------------------------------- reading --

--- Makes a class known by name, for files that hold objects of it.
---@param name string
---@param Class table
function config.register(name, Class)
  custom[name] = Class
end

--- Whether a value is the configuration of an object.
---@return boolean
function config.is(value)
  return type(value) == "table" and getmetatable(value) == nil
    and type(value.class_name) == "string"
end

--- The object that a configuration describes.
---@param value table   { class_name = ..., config = ... }
---@param what string   what it is, for messages: "layer"
---@param module table  where its class is, unless it is a script's
---@return table? object
---@return string? problem
function config.make(value, what, module)
  local Class = custom[value.class_name] or rawget(module, value.class_name)
  if not Class then
    local ok
    ok, Class = pcall(function() return module[value.class_name] end)
    if not ok then
      return nil, names.no_such(what, value.class_name, module)
    end
  end
  return Class:from_config(value.config or {})
end

return config
