--- Makes classes of metrics.
local class = require "nadir.class"
local Metric = require "nadir.metric"
local Module = require "nadir.module"

local define = {}

-- The place of `name` and `dtype` among parameters; without it, behind them.
define.NAME = "name"

local dtype = { "dtype", "float_dtype", "float32", doc = "of the result" }

-- Parameters with these two; `label` is the initial name.
local function complete(params, label)
  local all, found = { doc = params.doc }, false
  local function add_common()
    all[#all + 1] = { "name", "text", label, doc = "what histories call it" }
    all[#all + 1] = dtype
  end
  for _, p in ipairs(params) do
    if p == define.NAME then
      found = true
      add_common()
    else
      all[#all + 1] = p
    end
  end
  if not found then
    add_common()
  end
  return all
end

--- Adds a class to `family`, by two names. Its objects are called as it is,
--- `label` if that is given, or, if that is false, with numbers if there are
--- several.
---@param family table
---@param name string
---@param params table   with `doc`
---@param methods table  with `label`
---@param Parent? table
---@return table Class
function define.add(family, name, params, methods, Parent)
  local short, label = Module.snake_case(name), methods.label
  if label == nil then
    label = short
  end
  local Class = class(name, complete(params, label), Parent or Metric)
  for key, method in pairs(methods) do -- any order: each has its own place
    Class[key] = method
  end
  family[name], family[short] = Class, Class
  return Class
end

return define
