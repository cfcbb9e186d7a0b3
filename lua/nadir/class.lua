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
-- All have the methods `extend`, `get_config`, `from_config` and `fail`.
--
-- Methods are the fields of the class. Fields that are computed, and what else
-- a metatable has, are of the class and of those that extend it later:
-- `class.property`, `class.metatable`.
local fail = require "nadir.fail"
local names = require "nadir.names"
local signature = require "nadir.signature"

-- What scripts have as a class is empty: fields are looked for, and set, in the
-- table of its methods, which goes on in that of the class it extends. The
-- class's metatable has that as `__methods`, that of its objects as
-- `__objects`, the class it extends as `__parent`, and as `__has_params`
-- whether it has parameters of its own. The metatable of objects has their
-- class as `__class`, and that and all it extends as a set, `__classes`.

-- That metatable; an empty table for what is no class.
local function about(Class)
  local metatable = type(Class) == "table" and getmetatable(Class)
  return type(metatable) == "table" and rawget(metatable, "__objects")
    and metatable or {}
end

local class = {}

-- ----------------------------------------------------------------- classes --

-- All parameters, as signatures have them; nil where no class has said any.
local function join_params(params, Parent)
  local inherited = Parent and about(Parent).__objects.__params
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
    list[#list + 1] = about(Class).__methods
    Class = about(Class).__parent
  end
  return list
end

local function missing(name, key, Class, ...)
  local known = lineage(Class)
  known[#known + 1] = ...
  return names.index(name, table.unpack(known))(nil, key)
end

-- How fields that an object does not hold are found.
local function object_index(name, Class, methods, properties)
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

local function class_index(name, Class, methods)
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
    local metatable = about(Class)
    if metatable.__has_params then
      return true
    elseif rawget(metatable.__methods, "init") then
      return false
    end
    Class = metatable.__parent
  end
  return false
end

local function new(Class, ...)
  local metatable = about(Class).__objects
  local takes, reads = metatable.__signature, has_params(Class)
  local self = takes and not reads and takes:defaults() or {}
  if reads then
    local given
    self, given = takes:read(...)
    self._given = given
  elseif select("#", ...) > 0 then
    self._arguments = { ... }
  end
  setmetatable(self, metatable)
  if metatable.__begin then
    metatable.__begin(self)
  end
  local init = about(Class).__methods.init
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
  local Class, metatable = {}, copy(about(Parent).__objects)
  local methods = setmetatable({}, { __index = about(Parent).__methods })
  local all = join_params(params, Parent)
  metatable.__name = name
  metatable.__class = Class
  metatable.__classes = copy(metatable.__classes)
  metatable.__classes[Class] = true
  metatable.__params = all
  metatable.__signature = all and signature.new(name, all)
  metatable.__methods = methods
  metatable.__properties = copy(metatable.__properties)
  metatable.__index = object_index(name, Class, methods,
    metatable.__properties)
  metatable.__tostring = metatable.__tostring or show
  if not Parent then
    methods.extend, methods.fail = class.extend, class.fail
    methods.get_config = class.get_config
    methods.from_config = class.from_config
  end
  return setmetatable(Class, {
    __name = name,
    __signature = metatable.__signature,
    __objects = metatable,
    __methods = methods,
    __parent = Parent,
    __has_params = params ~= nil,
    __index = class_index(name, Class, methods),
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
  return about(Class).__methods[key]
end

--- The metatable of a class's objects.
---@return table?
function class.metatable(Class)
  return about(Class).__objects
end

--- Makes a field of objects that is computed, for a class that nothing extends
--- yet.
---@param Class table
---@param name string
---@param get fun(self: table): any
function class.property(Class, name, get)
  about(Class).__objects.__properties[name] = get
end

--- What help tells of a class: its own methods and properties by name, the
--- class it extends, and the signature that it is called with, if not `init`.
---@param Class table
---@return table? about  nil for what is no class
function class.describe(Class)
  local metatable = about(Class)
  if not metatable.__objects then
    return nil
  end
  local above = about(metatable.__parent).__objects
  local inherited, properties = above and above.__properties or {}, {}
  for name, get in pairs(metatable.__objects.__properties) do -- any order: own
    properties[name] = get ~= inherited[name] and get or nil
  end
  return {
    name = metatable.__name, parent = metatable.__parent,
    methods = metatable.__methods, properties = properties,
    signature = has_params(Class) and metatable.__signature or nil,
  }
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
  local metatable = type(value) == "table" and getmetatable(value)
  local classes = type(metatable) == "table" and rawget(metatable, "__classes")
  return type(classes) == "table" and rawget(classes, Class) == true
end

-- Raises unless parameters are as signatures have them.
local function check_params(params)
  if params ~= nil and type(params) ~= "table" then
    fail("extend: parameters must be a list, got %s", type(params))
  end
  for i, p in ipairs(params or {}) do
    local name, kind = table.unpack(type(p) == "table" and p or {})
    if type(name) ~= "string" or type(kind) ~= "string" then
      fail("extend: parameter %d must be { name, kind, default }, as in "
        .. "{ \"units\", \"size\", 1 }", i)
    end
  end
end

--- Makes a class that extends this one.
---@param Parent table
---@param name string|table  of the class, or its methods and `name`
---@param params? table  its own parameters, { name, kind, initial value } each
---@return table Class
function class.extend(Parent, name, params)
  local methods = {}
  if type(name) == "table" then
    methods, name = name, name.name or about(Parent).__name
  end
  if type(name) ~= "string" then
    fail("extend: name must be a string, got %s", type(name))
  end
  check_params(params)
  local Class = class.new(name, params, Parent)
  for key, method in pairs(methods) do -- any order: each has its own place
    Class[key] = key ~= "name" and method or nil
  end
  return Class
end

--- Raises what is wrong with it, after the name of its class, at the line of
--- the script.
---@param format string  as string.format has it, with what follows
function class.fail(self, format, ...)
  fail("%s: " .. format, getmetatable(self).__name, ...)
end

--- What it was made with, for files.
---@return table
function class.get_config(self)
  return require "nadir.config".of(self) -- opened when it is first used
end

--- Raises unless from_config was called as it must be.
---@param Class table
---@param config table
function class.check_config(Class, config)
  if type(config) ~= "table" then
    fail("from_config: the configuration must be a table, got %s; "
      .. "call it as Class:from_config(configuration)", type(config))
  elseif not about(Class).__objects then
    fail("from_config: it is of classes, as in Class:from_config(config)")
  end
end

--- An object like the one that gave the configuration.
---@param config table
function class.from_config(Class, config)
  class.check_config(Class, config)
  if not has_params(Class) then
    local self = Class(table.unpack(config.arguments or {}))
    rawset(self, "name", type(config.name) == "string" and config.name
      or rawget(self, "name"))
    return self
  end
  local self = Class(config)
  for key, value in pairs(config) do -- any order: each its own
    local made = type(value) == "table" and rawget(self, key)
    self._given[key] = made or self._given[key]
  end
  return self
end

return setmetatable(class, { __call = function(_, ...)
  return class.new(...)
end })
