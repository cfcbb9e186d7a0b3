--- Inputs of any axes as [batch time width] for attention, and back: the axes
-- that are attended to are one, one after the other, all others but the last
-- are examples.
local nd = require "nadir"
local axes = require "nadir.layers.axes"

local function product(list, first, last)
  local n = 1
  for i = first, last do
    n = n * list[i]
  end
  return n
end

-- The order of axes that puts the attended ones before the last, and how many
-- others are before these.
local function order_of(self, rank)
  local attended, order = {}, {}
  for _, axis in ipairs(self.attention_axes or axes.inner(rank)) do
    local found = axes.find(self, "attention_axes", axis, rank)
    if found == rank then
      self:fail("attention_axes %d is the width", axis)
    end
    attended[#attended + 1] = found
    attended[-found] = true
  end
  for axis = 1, rank - 1 do
    order[#order + 1] = not attended[-axis] and axis or nil
  end
  local others = #order
  table.move(attended, 1, #attended, others + 1, order)
  order[rank] = rank
  return order, others
end

local function sizes_of(x, order)
  local sizes = {}
  for i, axis in ipairs(order) do
    sizes[i] = x.shape[axis]
  end
  return sizes
end

-- How x lies as [batch time width]: its order of axes, with how many others,
-- and their sizes.
local function lay_out(self, x)
  local order, others = order_of(self, x.rank)
  return { order = order, others = others, sizes = sizes_of(x, order) }
end

local function merge(x, plan)
  local sizes, others, n = plan.sizes, plan.others, #plan.sizes
  return nd.reshape(nd.transpose(x, plan.order), {
    product(sizes, 1, others), product(sizes, others + 1, n - 1), sizes[n] })
end

-- What came of merged queries, with their axes again.
local function split(y, plan)
  local shape = table.move(plan.sizes, 1, #plan.sizes - 1, 1, {})
  local back = {}
  for i, axis in ipairs(plan.order) do
    back[axis] = i
  end
  shape[#shape + 1] = y.shape[y.rank]
  return nd.transpose(nd.reshape(y, shape), back)
end

-- The sizes of the axes that are attended to.
local function attended(plan)
  return table.unpack(plan.sizes, plan.others + 1, #plan.sizes - 1)
end

-- Scores [batch heads tq tk] as [others.. heads axes of tq.. axes of tk..].
local function split_scores(scores, query, key)
  local shape = table.move(query.sizes, 1, query.others, 1, {})
  shape[#shape + 1] = scores.shape[2]
  for _, plan in ipairs { query, key } do
    for _, size in ipairs { attended(plan) } do
      shape[#shape + 1] = size
    end
  end
  return nd.reshape(scores, shape)
end

-- A mask [others.. axes of tq.. axes of tk..] as [batch tq tk].
local function merge_mask(self, mask, query, key)
  local tq = product(query.sizes, query.others + 1, #query.sizes - 1)
  local tk = product(key.sizes, key.others + 1, #key.sizes - 1)
  local n = product(query.sizes, 1, query.others)
  if mask.size ~= n * tq * tk then
    self:fail("attention_mask %s has not one value for each of %d times %d "
      .. "times %d", mask.shape, n, tq, tk)
  end
  return nd.reshape(mask, { n, tq, tk })
end

return { lay_out = lay_out, merge = merge, split = split,
         split_scores = split_scores, merge_mask = merge_mask }
