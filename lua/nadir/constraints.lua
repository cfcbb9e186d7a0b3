--- nd.constraints: what keeps weights within bounds after each step. An object
-- gives the tensor nearest to what it is called with; layers take one, its
-- name, or any function of a tensor, as nd.Variable does.
--
--   local w = nd.Variable(x, { constraint = nd.constraints.MaxNorm(3) })
--
-- A norm is that along an axis, or several, which count from 1: for a matrix
-- [inputs outputs], axis 1 gives each output its norm.
local nd = require "nadir"
local class = require "nadir.class"
local Module = require "nadir.module"
local signature = require "nadir.signature"
local targets = require "nadir.targets"

local EPSILON <const> = 1e-7

local Constraint = class("Constraint")

class.metatable(Constraint).__call = function(self, w)
  return self:call(targets.float(w))
end

--- What a class must override: a tensor of the shape of w.
function Constraint.call(self)
  self:fail("has no call(w)")
end

local constraints = { Constraint = Constraint }

-- Adds a class, by two names.
local function add(name, doc, params, call)
  local Class = class(name, { doc = doc, table.unpack(params) }, Constraint)
  Class.call = call
  constraints[name], constraints[Module.snake_case(name)] = Class, Class
end

local axis = { "axis", "positions", 1, doc = "along which, one or several" }

local function norms(self, w)
  return nd.sqrt(nd.reduce_sum(nd.square(w), self.axis, true))
end

-- w with other norms.
local function scale(w, norm, wanted)
  return w * (wanted / (EPSILON + norm))
end

add("MaxNorm", "norms of at most max_value",
  { { "max_value", "number", 2 }, axis }, function(self, w)
    local norm = norms(self, w)
    return scale(w, norm, nd.minimum(norm, self.max_value))
  end)

add("MinMaxNorm", "norms of min_value to max_value, or nearer to them", {
  { "min_value", "number", 0 }, { "max_value", "number", 1 },
  { "rate", "number", 1, doc = "how much of the way there a step goes" }, axis,
}, function(self, w)
  local norm = norms(self, w)
  local wanted = nd.clip_by_value(norm, self.min_value, self.max_value)
  return scale(w, norm, self.rate * wanted + (1 - self.rate) * norm)
end)

add("UnitNorm", "norms of 1", { axis }, function(self, w)
  return w / (EPSILON + norms(self, w))
end)

add("NonNeg", "nothing below 0", {}, function(_, w)
  return nd.relu(w)
end)

--- The constraint that a value stands for: an object, a class, a name, a
--- configuration, or a function.
---@param value any
constraints.get = signature.getter("constraints.get", "constraint")

return constraints
