--- Axes of inputs, which settings name: from 1, the batch, or from the end by
-- negative numbers.
local nd = require "nadir"

local axes = {}

--- The axis that a setting means, from 1 on.
---@param self table
---@param name string  the setting
---@param axis integer
---@param rank integer
---@return integer
function axes.find(self, name, axis, rank)
  local found = axis < 0 and rank + 1 + axis or axis
  if axis == 0 then
    self:fail("%s 0: axes count from 1 here; Keras's axis 0 is 1", name)
  elseif found < 1 or found > rank then
    self:fail("%s %d: x has %d axes", name, axis, rank)
  end
  return found
end

--- Raises for a setting that names no axis.
---@param self table
---@param name string
function axes.check_some(self, name)
  if #self[name] == 0 then
    self:fail("%s needs an axis: it is {}", name)
  end
end

--- All of `rank` axes but one.
---@return table list
function axes.others(rank, axis)
  local list = {}
  for i = 1, rank do
    list[#list + 1] = i ~= axis and i or nil
  end
  return list
end

--- All of them but the first and the last: those of space.
---@return table list
function axes.inner(rank)
  local list = {}
  for i = 2, rank - 1 do
    list[i - 1] = i
  end
  return list
end

--- A tensor of some axes, as it broadcasts to one of `rank` axes.
---@param v? userdata|boolean  of the axes in `list`
---@param list table           in order
---@param rank integer
---@return userdata?
function axes.spread(v, list, rank)
  if not v or list[1] == rank + 1 - #list then
    return v or nil
  end
  local shape = {}
  for axis = list[1], rank do
    shape[axis - list[1] + 1] = 1
  end
  for i, axis in ipairs(list) do
    shape[axis - list[1] + 1] = v.shape[i]
  end
  return nd.reshape(v, shape)
end

return axes
