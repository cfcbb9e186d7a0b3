--- nd.layers.ZeroPadding1D, ZeroPadding2D, ZeroPadding3D, Cropping1D,
-- Cropping2D, Cropping3D: space with zeros around it, or with less of it.
local nd = require "nadir"
local describe = require "nadir.describe"
local Layer = require "nadir.layers.one_input"
local spatial = require "nadir.layers.spatial"
local structure = require "nadir.structure"

-- A setting as a list of { before, after }, one for each axis: it is one number
-- for all, or a list of one for each axis, or of pairs; for one axis a pair.
local function pairs_of(self, name)
  local value, list = self[name], {}
  if type(value) ~= "number" and not structure.is_plain(value) then
    self:fail("%s must be a number, or a list of numbers or of pairs, got %s",
      name, describe.value(value))
  elseif type(value) == "number" or self.axes == 1 and #value == 2 then
    value = { value }
  end
  if #value ~= 1 and #value ~= self.axes then
    self:fail("%s needs 1 number, or %d of them or of pairs, got %d",
      name, self.axes, #value)
  end
  for axis = 1, self.axes do
    local one = value[axis] or value[1]
    local pair = type(one) == "table" and one or { one, one }
    for i = 1, 2 do
      if math.type(pair[i]) ~= "integer" or pair[i] < 0 or pair[3] then
        self:fail("%s must be whole numbers, 0 or more, or pairs of them",
          name)
      end
    end
    list[axis] = pair
  end
  return list
end

-- ----------------------------------------------------------------- padding --

local ZeroPadding = Layer:extend "ZeroPadding"

local function padding_params()
  return {
    doc = "zeros around the space of x[batch, spatial..., channels]",
    { "padding", "nested", 1,
      doc = "how many: a number, one by axis, or { before, after } by axis" },
    { "data_format", "data_format", false },
  }
end

function ZeroPadding:init()
  self._pairs = pairs_of(self, "padding")
end

function ZeroPadding:build(shape)
  spatial.check(self, shape, self.axes)
end

function ZeroPadding:call(x)
  local all = table.move(self._pairs, 1, self.axes, 2, { { 0, 0 } })
  all[#all + 1] = { 0, 0 }
  return nd.pad(x, all)
end

-- ---------------------------------------------------------------- cropping --

local Cropping = Layer:extend "Cropping"

local function cropping_params(n)
  return {
    doc = "x[batch, spatial..., channels] without the edges of its space",
    { "cropping", "nested", n == 2 and 0 or 1,
      doc = "how many: a number, one by axis, or { before, after } by axis" },
    { "data_format", "data_format", false },
  }
end

function Cropping:init()
  self._pairs = pairs_of(self, "cropping")
end

function Cropping:build(shape)
  spatial.check(self, shape, self.axes)
  for axis, pair in ipairs(self._pairs) do
    if pair[1] + pair[2] >= shape[axis + 1] then
      self:fail("nothing is left of axis %d, which has %d elements", axis + 1,
        shape[axis + 1])
    end
  end
end

function Cropping:call(x)
  spatial.check(self, x.shape, self.axes)
  local ranges = { {} }
  for axis, pair in ipairs(self._pairs) do
    ranges[axis + 1] = { pair[1] + 1, x.shape[axis + 1] - pair[2] }
  end
  return x[ranges]
end

local family = {}

spatial.family(ZeroPadding, { "ZeroPadding1D", "ZeroPadding2D",
                              "ZeroPadding3D" }, padding_params, family)
spatial.family(Cropping, { "Cropping1D", "Cropping2D", "Cropping3D" },
  cropping_params, family)

return family
