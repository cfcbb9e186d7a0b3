--- nd.layers.Add, Subtract, Multiply, Average, Maximum, Minimum, Concatenate,
-- Dot, add, subtract, multiply, average, maximum, minimum, concatenate,
-- dot: one tensor of several; by names in lower case at once.
local nd = require "nadir"
local class = require "nadir.class"
local axes = require "nadir.layers.axes"
local Layer = require "nadir.layers.layer"
local signature = require "nadir.signature"

-- `merge(self, list)` is what they do.
local Merge = Layer:extend "Merge"

Merge.takes = "list"
Merge.fewest, Merge.most = 1, math.huge

-- Raises unless x is a list of as many tensors as the class takes.
local function check_list(self, x)
  if type(x) ~= "table" or getmetatable(x) ~= nil then
    self:fail "takes a list of tensors, got one"
  elseif #x < self.fewest or #x > self.most then
    self:fail("takes %s tensors, got %d",
      self.most == self.fewest and tostring(self.most) or "2 or more", #x)
  end
end

function Merge:call(x)
  check_list(self, x)
  return self:merge(x)
end

-- ------------------------------------------------------------- elementwise --

-- Tensors of fewer axes get axes of size 1 behind that of the batch.
local function align(list)
  local rank = 0
  for _, x in ipairs(list) do
    rank = math.max(rank, x.rank)
  end
  local all = {}
  for i, x in ipairs(list) do
    for _ = x.rank + 1, rank do
      x = nd.expand_dims(x, 2)
    end
    all[i] = x
  end
  return all
end

-- What at least one has, where all have a mask.
local function any_mask(_, _, masks)
  local all = nil
  for _, mask in ipairs(masks or {}) do
    if not mask then
      return nil
    end
    all = all and nd.logical_or(all, mask) or mask
  end
  return all
end

-- A class that folds tensors by an op of two.
local function fold(name, doc, op)
  local Class = Merge:extend(name, { doc = doc })
  Class.compute_mask = any_mask
  function Class.merge(_, list)
    list = align(list)
    local y = list[1]
    for i = 2, #list do
      y = op(y, list[i])
    end
    return y
  end
  return Class
end

local Add = fold("Add", "the sum of tensors", nd.add)
local Average = Add:extend "Average"

function Average:merge(list)
  return Add.merge(self, list) / #list
end

local Subtract = fold("Subtract", "the first tensor less the second",
  nd.subtract)
Subtract.fewest, Subtract.most = 2, 2

-- ------------------------------------------------------------- Concatenate --

local Concatenate = Merge:extend("Concatenate", {
  doc = "tensors one after the other",
  { "axis", "integer", -1 },
})

function Concatenate:merge(list)
  return nd.concat(list, axes.find(self, "axis", self.axis, list[1].rank))
end

-- A mask for each element of x, as x has the mask's leading axes.
local function full_mask(x, mask)
  if not mask then
    return nd.ones(x.shape, "bool")
  end
  for _ = mask.rank + 1, x.rank do
    mask = nd.expand_dims(mask, -1)
  end
  return nd.broadcast_to(mask, x.shape)
end

function Concatenate:compute_mask(list, masks)
  if not masks then
    return nil
  end
  local all = {}
  for i, x in ipairs(list) do
    all[i] = full_mask(x, masks[i])
  end
  return nd.reduce_all(self:merge(all), -1)
end

-- --------------------------------------------------------------------- Dot --

local Dot = Merge:extend("Dot", {
  doc = "sums of products of two tensors along an axis of each, for every "
    .. "example",
  { "axes", "shape", doc = "one for both, or a list of two" },
  { "normalize", "flag", false,
    doc = "whether to divide by the lengths along the axes first" },
})

Dot.fewest, Dot.most = 2, 2

function Dot:init()
  if #self.axes < 1 or #self.axes > 2 then
    self:fail("axes needs 1 number or 2, got %d", #self.axes)
  end
end

-- x with `axis` last and the axes before it as one, [n, others, size], and the
-- sizes of the others.
local function flatten(x, axis)
  local order, others, rows = { 1 }, {}, 1
  for i = 2, x.rank do
    if i ~= axis then
      order[#order + 1] = i
      others[#others + 1] = x.shape[i]
      rows = rows * x.shape[i]
    end
  end
  order[#order + 1] = axis
  return nd.reshape(nd.transpose(x, order),
    { x.shape[1], rows, x.shape[axis] }), others
end

function Dot:merge(list)
  local parts, shape = {}, { list[1].shape[1] }
  for i, x in ipairs(list) do
    local axis = axes.find(self, "axes", self.axes[i] or self.axes[1], x.rank)
    if axis == 1 then
      self:fail "axes has 1, the batch"
    end
    local y, others = flatten(x, axis)
    table.move(others, 1, #others, #shape + 1, shape)
    parts[i] = self.normalize and nd.l2_normalize(y, -1) or y
  end
  local y = nd.matmul(parts[1], parts[2], { transpose_b = true })
  if #shape == 1 then
    shape[2] = 1
  end
  return nd.reshape(y, shape)
end

-- ---------------------------------------------------------------- functions --

-- A function that calls a new layer of a class: f(list, settings of the class).
local function at_once(name, Class)
  local own = class.metatable(Class).__signature
  local params = { doc = own.doc, { "inputs", "nested",
                                    wanted = "a list of tensors" } }
  for i, p in ipairs(own.params) do
    params[i + 1] = { p.name, p.kind, p.initial, doc = p.doc }
  end
  local takes = signature.new(name, params)
  return takes:callable(function(...)
    local _, given = takes:read(...)
    local inputs = given.inputs
    given.inputs = nil
    return Class(given)(inputs)
  end)
end

local classes = {
  Add = Add, Average = Average, Subtract = Subtract,
  Multiply = fold("Multiply", "the product of tensors", nd.multiply),
  Maximum = fold("Maximum", "the largest of each place", nd.maximum),
  Minimum = fold("Minimum", "the smallest of each place", nd.minimum),
  Concatenate = Concatenate, Dot = Dot,
}

local all = {}
for name, Class in pairs(classes) do -- any order: each its own
  all[name], all[name:lower()] = Class, at_once(name:lower(), Class)
end

return all
