--- nd.layers.MaxPooling1D, MaxPooling2D, MaxPooling3D, AveragePooling1D,
-- AveragePooling2D, AveragePooling3D, GlobalMaxPooling1D, GlobalMaxPooling2D,
-- GlobalMaxPooling3D, GlobalAveragePooling1D, GlobalAveragePooling2D,
-- GlobalAveragePooling3D, MaxPool1D, MaxPool2D, MaxPool3D, AvgPool1D,
-- AvgPool2D, AvgPool3D, GlobalMaxPool1D, GlobalMaxPool2D, GlobalMaxPool3D,
-- GlobalAvgPool1D, GlobalAvgPool2D, GlobalAvgPool3D: one value for a window, or
-- for all of space.
local nd = require "nadir"
local axes = require "nadir.layers.axes"
local Layer = require "nadir.layers.one_input"
local spatial = require "nadir.layers.spatial"

-- ----------------------------------------------------------------- windows --

-- `pool` is the op.
local Pooling = Layer:extend "Pooling"

local function params(what)
  return function()
    return {
      doc = what .. " of windows over x[batch, spatial..., channels]",
      { "pool_size", "sizes", 2, doc = "the window, by axis" },
      { "strides", "sizes", false, doc = "from window to window: its size" },
      { "padding", "padding", "valid",
        doc = "valid: windows lie within x; same: y is as large as x" },
      { "data_format", "data_format", false },
    }
  end
end

function Pooling:init()
  self.strides = self.strides or self.pool_size
  spatial.spread(self, self.axes, "pool_size", "strides")
end

function Pooling:build(shape)
  spatial.check(self, shape, self.axes)
end

function Pooling:call(x)
  return self.pool(x, self.pool_size, self.strides, self.padding)
end

Pooling.takes_floats = true

local MaxPooling, AveragePooling = Pooling:extend "MaxPooling",
  Pooling:extend "AveragePooling"

MaxPooling.pool, AveragePooling.pool = nd.nn.max_pool, nd.nn.avg_pool

-- --------------------------------------------------------------- all space --

local GlobalPooling = Layer:extend("GlobalPooling", {
  doc = "one value for each channel of x[batch, spatial..., channels]",
  { "data_format", "data_format", false },
  { "keepdims", "flag", false, doc = "whether the axes of space stay, as 1" },
})

function GlobalPooling:build(shape)
  spatial.check(self, shape, self.axes)
end

GlobalPooling.takes_floats = true

local GlobalMaxPooling = GlobalPooling:extend "GlobalMaxPooling"

function GlobalMaxPooling:call(x)
  return nd.reduce_max(x, axes.inner(x.rank), self.keepdims)
end

local GlobalAveragePooling = GlobalPooling:extend "GlobalAveragePooling"

-- Over the steps that the mask has.
function GlobalAveragePooling:call(x, _, mask)
  if not mask or self.axes > 1 then
    return nd.reduce_mean(x, axes.inner(x.rank), self.keepdims)
  end
  local w = nd.expand_dims(nd.cast(mask, x.dtype), -1)
  return nd.reduce_sum(x * w, 2, self.keepdims)
    / nd.reduce_sum(w, 2, self.keepdims)
end

local family = {}

spatial.family(MaxPooling, { "MaxPooling1D", "MaxPooling2D", "MaxPooling3D" },
  params "the largest elements", family)
spatial.family(AveragePooling, { "AveragePooling1D", "AveragePooling2D",
                                 "AveragePooling3D" }, params "the means",
  family)
spatial.family(GlobalMaxPooling, { "GlobalMaxPooling1D", "GlobalMaxPooling2D",
                                   "GlobalMaxPooling3D" }, nil, family)
spatial.family(GlobalAveragePooling, {
  "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D",
}, nil, family)

-- Keras has two names for each.
local short = {}
for name, Class in pairs(family) do -- any order: each its own
  local one = name:gsub("Pooling", "Pool"):gsub("Average", "Avg")
  short[one] = Class
end
for name, Class in pairs(short) do -- any order: each its own
  family[name] = Class
end

return family
