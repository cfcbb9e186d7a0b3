--- A loss as a function of one vector: all Variables of a minimizer, one after
-- the other, in their dtype.
local nd = require "nadir"
local fail = require "nadir.fail"
local leaves = require "nadir.autodiff.arguments".leaves

local Objective = {}
Objective.__index = Objective

local objective = {}

local epsilon = { float32 = 2 ^ -23, float64 = 2 ^ -52 }

-- Raises unless all are Variables of one float dtype.
local function check(who, variables)
  if #variables == 0 then
    fail("%s: variables must be Variables, there are none", who)
  end
  for i, v in ipairs(variables) do
    if not nd.is_variable(v) or not epsilon[v.dtype] then
      fail("%s: variables must be Variables of floats, number %d is %s", who, i,
        nd.is_variable(v) and v.dtype or "a tensor")
    elseif v.dtype ~= variables[1].dtype then
      fail("%s: variables must have one dtype: number 1 is %s, %d is %s", who,
        variables[1].dtype, i, v.dtype)
    end
  end
end

---@param who string
---@param f function     without arguments, gives the loss
---@param variables any  that it depends on: Variables, or tables of them
function objective.new(who, f, variables)
  local self = setmetatable({ who = who, f = f, evaluations = 0 }, Objective)
  self.variables = leaves(variables)
  check(who, self.variables)
  self.dtype = self.variables[1].dtype
  self.epsilon = epsilon[self.dtype]
  return self
end

-- Tensors as one vector; what is missing is zeros.
local function flatten(self, tensors)
  local parts = {}
  for i, v in ipairs(self.variables) do
    local x = tensors[i] or nd.zeros(v.shape, v.dtype)
    parts[i] = nd.reshape(x, { -1 })
  end
  return #parts == 1 and parts[1] or nd.concat(parts, 1)
end

--- The vector that the Variables are.
function Objective:read()
  local values = {}
  for i, v in ipairs(self.variables) do
    values[i] = v:read_value()
  end
  return flatten(self, values)
end

-- What each Variable is at a vector.
local function parts_of(self, x)
  local parts, from = {}, 1
  for i, v in ipairs(self.variables) do
    local size = v.size
    local part = size > 0 and x[{ { from, from + size - 1 } }]
      or nd.zeros({ 0 }, v.dtype)
    parts[i] = nd.reshape(part, v.shape)
    from = from + size
  end
  return parts
end

--- Makes the Variables those of a vector.
function Objective:write(x)
  for i, part in ipairs(parts_of(self, x)) do
    self.variables[i]:assign(part)
  end
end

--- Variables like these that are those of a vector.
---@return table
function Objective:keep(x)
  local kept = parts_of(self, x)
  for i, part in ipairs(kept) do
    kept[i] = nd.Variable(part)
  end
  return kept
end

-- What f gives, recorded.
local function record(self)
  local tape = nd.GradientTape { watch_accessed_variables = false }
  local _ <close> = tape
  for _, v in ipairs(self.variables) do
    tape:watch(v)
  end
  self.evaluations = self.evaluations + 1
  return self.f(), tape
end

--- The loss at a vector, a number, and its gradient, a vector.
function Objective:evaluate(x)
  self:write(x)
  local loss, tape = record(self)
  if not nd.is_tensor(loss) or loss.size ~= 1 then
    fail("%s: the function must give a scalar tensor, got %s", self.who,
      nd.is_tensor(loss) and "shape " .. tostring(loss.shape) or type(loss))
  end
  return loss:item(), flatten(self, tape:gradient(loss, self.variables))
end

--- Residuals at a vector, and their Jacobian: [m] and [m, n].
function Objective:residuals(x)
  self:write(x)
  local r, tape = record(self)
  if not nd.is_tensor(r) or r.dtype ~= self.dtype then
    fail("%s: the function must give a tensor of residuals, %s, got %s",
      self.who, self.dtype, nd.is_tensor(r) and r.dtype or type(r))
  end
  local columns, m = {}, r.size
  for i, j in ipairs(tape:jacobian(r, self.variables)) do
    local size = self.variables[i].size
    columns[i] = j and nd.reshape(j, { m, size }) or nd.zeros({ m, size },
      self.dtype)
  end
  return nd.reshape(r, { m }), nd.concat(columns, 2)
end

return objective
