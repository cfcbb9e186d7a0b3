--- nd.Module: an object that owns Variables: all that its fields hold, or other
-- modules in them, or lists and tables of these.
--
--   local Line = nd.Module:extend "Line"
--
--   function Line:init()
--     self.w, self.b = nd.Variable(0.), nd.Variable(0.)
--   end
--
-- Fields are looked into in the order in which they were first set, lists from
-- 1 on, other tables by their keys in the order of letters. Names that begin
-- with an underscore are the module's own affair.
local nd = require "nadir"
local class = require "nadir.class"
local holders = require "nadir.holders"
local structure = require "nadir.structure"

local Module = class("Module")

Module.state_form = {}  -- of what calls leave (nadir.module_state)

local metatable = class.metatable(Module)

-- ------------------------------------------------------------------- names --

local counts = {}  -- how many objects have a name by themselves

local snake_cases = {}  -- by names of classes

--- "Conv2DTranspose" as "conv2d_transpose".
---@param name string
---@return string
---@private
function Module.snake_case(name)
  local known = snake_cases[name]
  if not known then
    known = name:gsub("(.)(%u%l+)", "%1_%2"):gsub("(%l)(%u)", "%1_%2"):lower()
    snake_cases[name] = known
  end
  return known
end

--- A name for an object of a class: "dense", then "dense_1".
---@param name string  of the class
---@return string
---@private
function Module.invent_name(name)
  name = Module.snake_case(name)
  local n = counts[name] or 0
  counts[name] = n + 1
  return n == 0 and name or ("%s_%d"):format(name, n)
end

-- Every object has a name, and what its calls leave (nadir.module_state).
function metatable.__begin(self)
  rawset(self, "_state", {})
  local name = rawget(self, "name")
    or Module.invent_name(getmetatable(self).__name)
  rawset(self, "name", name)
  if rawget(self, "_given") then
    self._given.name = name
  end
end

-- ------------------------------------------------------------------ fields --

--- How often modules have got what may be Variables of theirs, as far as that
--- is seen: `changes.n`.
Module.changes = { n = 0 }

local changes = Module.changes

-- Notes the order of fields that have names.
function metatable.__newindex(self, key, value)
  rawset(self, key, value)
  changes.n = changes.n + 1
  if type(key) ~= "string" then
    return
  end
  local fields = rawget(self, "_fields")
  if not fields then
    fields = {}
    rawset(self, "_fields", fields)
  end
  fields[#fields + 1] = key
end

local function is_part(value)
  return class.is(value, Module) or nd.is_variable(value)
end

local visit

local function visit_table(t, path, see, seen, is_wanted)
  if seen[t] then
    return
  end
  seen[t] = true
  local found = holders(t, structure.keys(t))
  for i = 1, #found, 2 do
    visit(found[i + 1], ("%s/%s"):format(path, found[i]), see, seen, is_wanted)
  end
end

-- Calls see(part, path) for what is wanted in a value.
function visit(value, path, see, seen, is_wanted)
  if is_wanted(value) then
    if not seen[value] then
      seen[value] = true
      see(value, path)
    end
  elseif type(value) == "table" and getmetatable(value) == nil then
    visit_table(value, path, see, seen, is_wanted)
  end
end

local NOTHING <const> = {}

-- The same for the fields: settings, then others in the order that they were
-- first set.
local function visit_fields(self, see, seen, is_wanted)
  local takes = getmetatable(self).__signature
  local found = holders(self, takes and takes.names or NOTHING,
    rawget(self, "_fields") or NOTHING)
  for i = 1, #found, 2 do
    visit(found[i + 1], found[i], see, seen, is_wanted)
  end
end

--- The Variables and the modules that the fields hold, each once, in order.
--- Before them come the weights of a layer.
---@return table parts
---@return table paths  of each from here: "blocks/1"
---@private
function Module:parts()
  local parts, paths, seen = {}, {}, { [self] = true }
  local function see(part, path)
    parts[#parts + 1], paths[#paths + 1] = part, path
  end
  for _, weight in ipairs(rawget(self, "_weights") or {}) do
    seen[weight.variable] = true
    see(weight.variable, weight.name)
  end
  visit_fields(self, see, seen, is_part)
  return parts, paths
end

--- The objects of a class that the fields hold, or those of modules within.
---@param Class table
---@return table
---@private
function Module:held(Class)
  local list, seen = {}, {}
  local function see(object) list[#list + 1] = object end
  local function is_wanted(value) return class.is(value, Class) end
  for _, named in ipairs(self:named_modules()) do
    visit_fields(named[2], see, seen, is_wanted)
  end
  return list
end

-- --------------------------------------------------------------- variables --

local function name_variables(self, prefix, add, seen)
  local parts, paths = self:parts()
  for i, part in ipairs(parts) do
    if not seen[part] then
      seen[part] = true
      if nd.is_variable(part) then
        add(prefix .. paths[i], part)
      else
        name_variables(part, prefix .. paths[i] .. "/", add, seen)
      end
    end
  end
end

-- What is added to a list with a path; one that comes twice has a number behind
-- it.
local function adder(list)
  local used = {}
  return function(path, what)
    local n = used[path] or 0
    used[path] = n + 1
    list[#list + 1] = { n == 0 and path or ("%s_%d"):format(path, n), what }
  end
end

--- All Variables with their paths from here, as files name them:
--- "dense_1/kernel".
---@return table list  of { path, variable }
function Module:named_variables()
  local list = {}
  name_variables(self, "", adder(list), { [self] = true })
  return list
end

local function name_modules(self, path, add, seen)
  seen[self] = true
  add(path, self)
  local parts, paths = self:parts()
  for i, part in ipairs(parts) do
    if not nd.is_variable(part) and not seen[part] then
      name_modules(part, path == "" and paths[i] or path .. "/" .. paths[i],
        add, seen)
    end
  end
end

--- The module itself, whose path is "", and all within, with their paths.
---@return table list  of { path, module }
function Module:named_modules()
  local list = {}
  name_modules(self, "", adder(list), {})
  return list
end

-- Adds the Variables of a module that are not yet in `all`: its own, those
-- first that are trainable or were before they were frozen; then those of the
-- modules it holds.
local function collect(self, all, seen)
  local parts, frozen = self:parts(), rawget(self, "_frozen") or {}
  local last, modules = {}, {}
  for _, part in ipairs(parts) do
    if not nd.is_variable(part) then
      modules[#modules + 1] = part
    elseif not seen[part] then
      seen[part] = true
      local list = (part.trainable or frozen[part]) and all or last
      list[#list + 1] = part
    end
  end
  table.move(last, 1, #last, #all + 1, all)
  for _, module in ipairs(modules) do
    if not seen[module] then
      seen[module] = true
      collect(module, all, seen)
    end
  end
  return all
end

local function pick(variables, trainable)
  local list = {}
  for _, variable in ipairs(variables) do
    list[#list + 1] = variable.trainable == trainable and variable or nil
  end
  return list
end

--- All Variables, each once: of one module, those that train before the others.
class.property(Module, "variables", function(self)
  return collect(self, {}, { [self] = true })
end)

--- Those that a step changes.
class.property(Module, "trainable_variables", function(self)
  return pick(self.variables, true)
end)

--- Those that none changes.
class.property(Module, "non_trainable_variables", function(self)
  return pick(self.variables, false)
end)

--- All modules within.
class.property(Module, "submodules", function(self)
  local list = {}
  for i, named in ipairs(self:named_modules()) do
    list[i - 1] = i > 1 and named[2] or nil
  end
  return list
end)

return Module
