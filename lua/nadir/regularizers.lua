--- nd.regularizers: what weights add to the loss. An object gives a scalar for
-- a tensor; layers take one, its name, or any function of a tensor.
--
--   local Dense = nd.layers.Dense(3, {
--     kernel_regularizer = nd.regularizers.l2(0.001) })
local nd = require "nadir"
local class = require "nadir.class"
local fail = require "nadir.fail"
local kinds = require "nadir.kinds"
local Module = require "nadir.module"
local signature = require "nadir.signature"
local targets = require "nadir.targets"
local words = require "nadir.words"

local Regularizer = class("Regularizer")

class.metatable(Regularizer).__call = function(self, x)
  return self:call(targets.float(x))
end

--- What a class must override: a scalar for a tensor.
function Regularizer.call(self)
  self:fail("has no call(x)")
end

local regularizers = { Regularizer = Regularizer }

-- Settings that are numbers must be finite, and 0 or more.
local function check(self)
  local metatable = getmetatable(self)
  for _, p in ipairs(metatable.__params) do
    local value = self[p[1]]
    if type(value) == "number" and not (value >= 0 and value < math.huge) then
      fail("%s: %s must be finite, and 0 or more, got %g", metatable.__name,
        p[1], value)
    end
  end
end

-- Adds a class, by two names.
local function add(name, doc, params, call)
  local Class = class(name, { doc = doc, table.unpack(params) }, Regularizer)
  Class.call, Class.init = call, check
  regularizers[name], regularizers[Module.snake_case(name)] = Class, Class
end

local function l1(x)
  return nd.reduce_sum(nd.abs(x))
end

local function l2(x)
  return nd.reduce_sum(nd.square(x))
end

add("L1", "l1 * sum of |x|", { { "l1", "number", 0.01 } },
  function(self, x) return self.l1 * l1(x) end)

add("L2", "l2 * sum of x * x", { { "l2", "number", 0.01 } },
  function(self, x) return self.l2 * l2(x) end)

add("L1L2", "l1 * sum of |x| + l2 * sum of x * x",
  { { "l1", "number", 0 }, { "l2", "number", 0 } }, function(self, x)
    local first = self.l1 > 0 and self.l1 * l1(x)
    local second = self.l2 > 0 and self.l2 * l2(x)
    return first and second and first + second or first or second
      or nd.zeros({}, x.dtype)
  end)

regularizers.l1_l2 = regularizers.L1L2

kinds.direction = words("mode", { "rows", "columns" })

add("OrthogonalRegularizer",
  "factor * mean of |cosine| of the angles between rows, or columns", {
    { "factor", "number", 0.01 },
    { "mode", "direction", "rows" },
  }, function(self, x)
    if x.rank ~= 2 then
      self:fail("x needs 2 axes: it is %s", x.shape)
    end
    x = self.mode == "rows" and x or nd.transpose(x)
    local n = x.shape[1]
    local unit = nd.l2_normalize(x, 2, 1e-14)
    local cosines = nd.matmul(unit, unit, false, true)
    local between = nd.where(nd.equal(nd.eye(n), 1), 0, cosines)
    return self.factor * nd.divide_no_nan(l1(between), n * (n - 1))
  end)

--- The regularizer that a value stands for: an object, a class, a name, a
--- configuration, or a function.
---@param value any
regularizers.get = signature.getter("regularizers.get", "regularizer")

return regularizers
