--- What layers over x [batch, spatial..., channels] share: settings that are
-- one number, or one for each spatial axis.

local spatial = {}

--- Makes lists of `n` of settings that are lists of one or n.
---@param self table
---@param n integer
---@param ... string  the names of the settings
function spatial.spread(self, n, ...)
  for _, name in ipairs { ... } do
    local list = self[name]
    if #list ~= 1 and #list ~= n then
      self:fail("%s needs 1 number or %d, got %d", name, n, #list)
    end
    local all = {}
    for axis = 1, n do
      all[axis] = list[axis] or list[1]
    end
    self[name] = all
  end
end

--- Raises unless a shape has `n` spatial axes.
function spatial.check(self, shape, n)
  if #shape ~= n + 2 then
    self:fail("x needs %d axes, those of batch, space and channels: it is [%s]",
      n + 2, table.concat(shape, " "))
  end
end

--- The shape of a kernel: the window, then channels.
---@param self table  with `axes` and `kernel_size`
---@param inputs integer
---@param outputs integer
---@return table shape
function spatial.kernel_shape(self, inputs, outputs)
  local shape = table.move(self.kernel_size, 1, self.axes, 1, {})
  shape[self.axes + 1], shape[self.axes + 2] = inputs, outputs
  return shape
end

--- Adds the classes of a family, for 1, 2 and 3 spatial axes: `axes` of an
--- object says how many it has.
---@param Parent table
---@param names table  of the classes, by the number of axes
---@param params? fun(n: integer): table
---@param family? table
---@return table family
function spatial.family(Parent, names, params, family)
  family = family or {}
  for n, name in pairs(names) do -- any order: each its own
    local Class = Parent:extend(name, params and params(n))
    Class.axes = n
    family[name] = Class
  end
  return family
end

return spatial
