--- Makes a class of layers from its name and its signature.
--
--   local Scale = layer("Scale", { { "factor", "number", 2 } })
--
--   function Scale:call(x)
--     return self.factor * x
--   end
--
--   local y = Scale { factor = 3 }(x)
--
-- An object has its settings as fields. Its first call runs `build`, if the
-- class has one, with the shape of the first argument; there `add_weight` makes
-- its Variables. Every call runs `call`. Layers that it calls are seen if its
-- field `layers` lists them.
local nd = require "nadir"
local fail = require "nadir.fail"
local names = require "nadir.names"
local signature = require "nadir.signature"

-- ------------------------------------------------------------------- names --

local used = {}  -- how many layers have a name by themselves

-- "BatchNormalization" as "batch_normalization", then "batch_normalization_1".
local function invent_name(class)
  local name = class:gsub("(%l)(%u)", "%1_%2"):lower()
  local n = used[name] or 0
  used[name] = n + 1
  return n == 0 and name or ("%s_%d"):format(name, n)
end

-- ----------------------------------------------------------------- weights --

local weight = signature.new("add_weight", {
  { "name", "text" },
  { "shape", "shape" },
  { "initializer", "initializer", "glorot_uniform" },
  { "trainable", "flag", true },
})

-- The method `add_weight`, for `build`: makes a Variable of the layer.
local function add_weight(self, ...)
  local v = weight:read(...)
  local first = nd.constant(v.initializer(v.shape))
  if first.shape ~= v.shape then
    fail("%s: the initializer of %s gave shape %s, not [%s]", self.name, v.name,
      first.shape, table.concat(v.shape, " "))
  end
  local variable = nd.Variable(first, {
    name = self.name .. "/" .. v.name,
    trainable = v.trainable,
  })
  self._weights[#self._weights + 1] = variable
  return variable
end

-- Those of the layer that fit, then those that the layers it calls have as
-- `property`. Not all that can be called is a layer.
local function collect(self, property, fits)
  local all = {}
  for _, variable in ipairs(self._weights) do
    all[#all + 1] = fits(variable) and variable or nil
  end
  for _, layer in ipairs(rawget(self, "layers") or {}) do
    local inner = type(layer) == "table" and layer[property] or {}
    table.move(inner, 1, #inner, #all + 1, all)
  end
  return all
end

local properties = {
  weights = function(self)
    return collect(self, "weights", function() return true end)
  end,
  trainable_variables = function(self)
    return collect(self, "trainable_variables", function(variable)
      return variable.trainable
    end)
  end,
}

-- ----------------------------------------------------------------- classes --

-- The signature of a class: its own parameters, then those of every layer.
local function take(name, params)
  local all = table.move(params, 1, #params, 1, { doc = params.doc })
  all[#all + 1] = { "name", "text", false,
                    doc = "names of weights begin with it" }
  return signature.new(name, all)
end

-- An object, not built yet if there is something to build.
local function new(Class, takes, metatable, ...)
  local self, given = takes:read(...)
  self.name = self.name or invent_name(takes.name)
  given.name = self.name
  self._given, self._weights = given, {}
  self.built = rawget(Class, "build") == nil
  return setmetatable(self, metatable)
end

local function build(self, x)
  self._weights = {}
  self:build(nd.constant(x).shape)
  self.built = true
end

local function metatable_of(Class, takes)
  local method = names.class(takes.name, Class)
  return {
    __name = takes.name,
    __signature = takes,
    __methods = Class,
    __properties = properties,
    __index = function(self, key)
      return (properties[key] or method)(self, key)
    end,
    __call = function(self, x, ...)
      if not self.built then
        build(self, x)
      end
      return Class.call(self, x, ...)
    end,
    __tostring = function(self)
      return takes:show(self._given)
    end,
  }
end

---@param name string   of the class
---@param params table  its signature, as nadir.signature has it
---@return table Class
return function(name, params)
  local takes = take(name, params)
  local Class = { add_weight = add_weight }
  local metatable = metatable_of(Class, takes)
  function Class.new(...)
    return new(Class, takes, metatable, ...)
  end
  return setmetatable(Class, {
    __name = name,
    __signature = takes,
    __index = names.index(name, Class),
    __call = function(_, ...) return Class.new(...) end,
    __tostring = function() return takes:text() end,
  })
end
