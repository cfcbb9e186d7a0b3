--- Makes classes, each from a name, a signature and the class it extends.
--
--   local L2 = class("L2", { { "l2", "number", 0.01 } }, Regularizer)
--
--   function L2:call(x) return self.l2 * nd.reduce_sum(nd.square(x)) end
--
--   L2 { l2 = 0.1 }
--   local Mine = L2:extend "Mine"
--
-- What an object takes are its class's own parameters, then those of the class
-- it extends; it has them as fields. Then `init(self)` runs. A class that has
-- an `init` and no parameters of its own gets there what it is called with:
-- `init(self, ...)`. Before it runs `__begin` of the metatable.
--
-- Methods are the fields of the class. Fields that are computed, and what else
-- a metatable has, are of the class and of those that extend it later:
-- `class.property`, `class.metatable`.
local fail = require "nadir.fail"
local names = require "nadir.names"
local signature = require "nadir.signature"

-- By class: the metatable of its objects, the table of its methods, which goes
-- on in that of the class it extends, that class, and whether it has parameters
-- of its own. What scripts have as the class is empty: all goes to the methods.
local weak = { __mode = "k" }
local metatables = setmetatable({}, weak)
local all_methods = setmetatable({}, weak)
local parents = setmetatable({}, weak)
local own_params = setmetatable({}, weak)

local class = {}

-- ----------------------------------------------------------------- classes --

-- All parameters, as signatures have them; nil where no class has said any.
local function join_params(params, Parent)
  local inherited = Parent and metatables[Parent].__params
  if not params and not inherited then
    return nil
  end
  local all, known = { doc = params and params.doc }, {}
  for _, list in ipairs { params or {}, inherited or {} } do
    for _, p in ipairs(list) do
      all[#all + 1] = not known[p[1]] and p or nil
      known[p[1]] = true
    end
  end
  return all
end

-- The methods of a class and of all that it extends, as tables.
local function lineage(Class)
  local list = {}
  while Class do
    list[#list + 1] = all_methods[Class]
    Class = parents[Class]
  end
  return list
end

local function missing(name, key, Class, ...)
  local known = lineage(Class)
  known[#known + 1] = ...
  return names.index(name, table.unpack(known))(nil, key)
end

-- How fields that an object does not hold are found.
local function object_index(name, Class, properties)
  local methods = all_methods[Class]
  return function(self, key)
    local property = properties[key]
    if property then
      return property(self)
    end
    local value = methods[key]
    if value == nil then
      return missing(name, key, Class, self)
    end
    return value
  end
end

local function class_index(name, Class)
  local methods = all_methods[Class]
  return function(_, key)
    local value = methods[key]
    if value == nil then
      return missing(name, key, Class)
    end
    return value
  end
end

local function copy(t)
  local all = {}
  for key, value in pairs(t or {}) do -- any order: each key has one place
    all[key] = value
  end
  return all
end

-- ----------------------------------------------------------------- objects --

local function show(self)
  local metatable = getmetatable(self)
  local given, name = rawget(self, "_given"), rawget(self, "name")
  return given and metatable.__signature:show(given)
    or name and ("%s %q"):format(metatable.__name, name) or metatable.__name
end

-- Whether the nearest class that says what it is called with has parameters,
-- not `init` alone.
local function has_params(Class)
  while Class do
    if own_params[Class] then
      return true
    elseif rawget(all_methods[Class], "init") then
      return false
    end
    Class = parents[Class]
  end
  return false
end

local function new(Class, ...)
  local metatable = metatables[Class]
  local takes, reads = metatable.__signature, has_params(Class)
  local self = takes and not reads and takes:defaults() or {}
  if reads then
    local given
    self, given = takes:read(...)
    self._given = given
  end
  setmetatable(self, metatable)
  if metatable.__begin then
    metatable.__begin(self)
  end
  local init = all_methods[Class].init
  if init and reads then
    init(self)
  elseif init then
    init(self, ...)
  end
  return self
end

-- ------------------------------------------------------------- the module --

---@param name string     of the class, as messages have it
---@param params? table   its own parameters, as nadir.signature has them
---@param Parent? table   the class that it extends
---@return table Class
function class.new(name, params, Parent)
  local Class, metatable = {}, copy(metatables[Parent])
  local methods = setmetatable({}, { __index = all_methods[Parent] })
  local all = join_params(params, Parent)
  metatables[Class], parents[Class] = metatable, Parent
  all_methods[Class], own_params[Class] = methods, params ~= nil
  metatable.__name = name
  metatable.__class = Class
  metatable.__params = all
  metatable.__signature = all and signature.new(name, all)
  metatable.__methods = methods
  metatable.__properties = copy(metatable.__properties)
  metatable.__index = object_index(name, Class, metatable.__properties)
  metatable.__tostring = metatable.__tostring or show
  if not Parent then
    methods.extend = class.extend
    methods.get_config = class.get_config
    methods.from_config = class.from_config
  end
  return setmetatable(Class, {
    __name = name,
    __signature = metatable.__signature,
    __methods = methods,
    __index = class_index(name, Class),
    __newindex = methods,
    __call = new,
    __tostring = function()
      return all and metatable.__signature:text() or name
    end,
  })
end

--- The method of a class or those it extends, or nil.
---@param Class table
---@param key string
function class.method(Class, key)
  return all_methods[Class][key]
end

--- The metatable of a class's objects.
---@return table?
function class.metatable(Class)
  return metatables[Class]
end

--- Makes a field of objects that is computed, for a class that nothing extends
--- yet.
---@param Class table
---@param name string
---@param get fun(self: table): any
function class.property(Class, name, get)
  metatables[Class].__properties[name] = get
end

--- The class of an object; nil for what is no object of a class of ours.
---@param value any
---@return table?
function class.of(value)
  if type(value) ~= "table" then
    return nil
  end
  local metatable = getmetatable(value)
  return type(metatable) == "table" and rawget(metatable, "__class") or nil
end

--- Whether a value is an object of a class, or of one that extends it.
---@param value any
---@param Class table
---@return boolean
function class.is(value, Class)
  local one = class.of(value)
  while one and one ~= Class do
    one = parents[one]
  end
  return one ~= nil
end

--- The method `extend` of every class: makes one that extends it.
---@param Parent table
---@param name string|table  of the class, or its methods and `name`
---@param params? table      its own parameters
---@return table Class
function class.extend(Parent, name, params)
  local methods = {}
  if type(name) == "table" then
    methods, name = name, name.name or metatables[Parent].__name
  end
  if type(name) ~= "string" then
    fail("extend: name must be a string, got %s", type(name))
  end
  local Class = class.new(name, params, Parent)
  for key, method in pairs(methods) do -- any order: each has its own place
    Class[key] = key ~= "name" and method or nil
  end
  return Class
end

--- The method `get_config`: what an object was made with, for files.
---@return table
function class.get_config(self)
  return require "nadir.config".of(self) -- opened when it is first used
end

--- The method `from_config` of classes: an object like the one that gave it.
---@param config table
function class.from_config(Class, config)
  return Class(config)
end

return setmetatable(class, { __call = function(_, ...)
  return class.new(...)
end })
