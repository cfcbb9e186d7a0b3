--- What layers are as owners of weights: how `build` makes them, what values
-- they have, and whether they may change. nadir.layers.layer has the rest.
local nd = require "nadir"
local class = require "nadir.class"
local describe = require "nadir.describe"
local fail = require "nadir.fail"
local Module = require "nadir.module"
local signature = require "nadir.signature"
local variables = require "nadir.variables"

local Weighted = class("Weighted", nil, Module)

local metatable = class.metatable(Weighted)

function metatable.__begin(self)
  class.metatable(Module).__begin(self)
  local trainable = rawget(self, "trainable")
  rawset(self, "trainable", nil)
  rawset(self, "_trainable", trainable ~= false)
  rawset(self, "_weights", {})
  rawset(self, "_frozen", {})
end

local weight = signature.new("add_weight", {
  { "name", "text", doc = "in paths, behind the layer's" },
  { "shape", "shape" },
  { "initializer", "initializer", "glorot_uniform",
    doc = "what it begins with" },
  { "trainable", "flag", true, doc = "whether it may change" },
  { "dtype", "float_dtype", false, doc = "nil: the layer's" },
  { "regularizer", "regularizer", false, doc = "adds to the loss for it" },
  { "constraint", "constraint", false, doc = "bounds it" },
})

-- The first value of a weight.
local function draw(self, v)
  local dtype = v.dtype or self.dtype or "float32"
  local first = nd.cast(v.initializer(v.shape, dtype), dtype)
  if first.shape ~= v.shape then
    self:fail("the initializer of %s gave shape %s, not [%s]", v.name,
      first.shape, table.concat(v.shape, " "))
  end
  return first
end

--- Makes a Variable of the layer, for `build`.
---@return userdata variable
function Weighted:add_weight(...)
  local v = weight:read(...)
  local variable = nd.Variable(draw(self, v), {
    name = self.name .. "/" .. v.name,
    trainable = v.trainable and self.trainable,
    constraint = v.constraint or nil,
  })
  if v.trainable and not self.trainable then
    self._frozen[variable] = true
  end
  local weights = self._weights
  Module.changes.n = Module.changes.n + 1
  weights[#weights + 1] = { name = v.name, variable = variable,
                            regularizer = v.regularizer }
  return variable
end

--- Makes a Variable as the settings say that its role names: for the role
--- "kernel" they are kernel_initializer, kernel_regularizer and
--- kernel_constraint (nadir.layers.roles).
---@param name string
---@param shape table
---@param role? string  the name, if it is none
---@return userdata variable
---@private
function Weighted:make_weight(name, shape, role)
  role = role or name
  return self:add_weight(name, shape, {
    initializer = rawget(self, role .. "_initializer"),
    regularizer = rawget(self, role .. "_regularizer") or nil,
    constraint = rawget(self, role .. "_constraint") or nil,
  })
end

local aliases = {
  weights = "variables", trainable_weights = "trainable_variables",
  non_trainable_weights = "non_trainable_variables",
}

for alias, name in pairs(aliases) do -- any order: each its own
  class.property(Weighted, alias, function(self) return self[name] end)
end

--- The values of the weights.
---@return table  a list of tensors, in the order of `weights`
function Weighted:get_weights()
  local values = {}
  for i, variable in ipairs(self.weights) do
    values[i] = variable:read_value()
  end
  return values
end

--- Sets the weights to the values, in the order of `weights`, all or none.
---@param values table
function Weighted:set_weights(values)
  if type(values) ~= "table" then
    fail("set_weights: needs a list of values, got %s", describe.value(values))
  end
  local weights = self.weights
  if #values ~= #weights then
    fail("set_weights: %s has %d weights, got %d values%s", self.name, #weights,
      #values, self.built and "" or "; it is not built yet")
  end
  variables.assign("set_weights", weights, values)
end

--- How many elements the weights have.
---@return integer
function Weighted:count_params()
  local n = 0
  for _, variable in ipairs(self.weights) do
    n = n + variable.size
  end
  return n
end

-- ---------------------------------------------------------------- freezing --

--- Whether its weights may change, with those of all within; may be set.
class.property(Weighted, "trainable", function(self)
  return rawget(self, "_trainable")
end)

-- Own Variables that are trainable stop to be so, and begin again.
local function freeze(self, trainable)
  local frozen = self._frozen
  Module.changes.n = Module.changes.n + 1
  for _, part in ipairs(self:parts()) do
    if not nd.is_variable(part) then
      if class.is(part, Weighted) then
        part.trainable = trainable
      end
    elseif trainable and frozen[part] then
      part.trainable, frozen[part] = true, nil
    elseif not trainable and part.trainable then
      part.trainable, frozen[part] = false, true
    end
  end
end

local note_field = metatable.__newindex

function metatable.__newindex(self, key, value)
  if key ~= "trainable" then
    return note_field(self, key, value)
  elseif type(value) ~= "boolean" then
    fail("%s: trainable must be true or false, got %s", self.name, type(value))
  end
  rawset(self, "_trainable", value)
  if rawget(self, "_given") then
    self._given.trainable = value
  end
  freeze(self, value)
end

return Weighted
