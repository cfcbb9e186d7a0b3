--- nd.layers.UpSampling1D, UpSampling2D, UpSampling3D: space made larger.
local nd = require "nadir"
local Layer = require "nadir.layers.one_input"
local spatial = require "nadir.layers.spatial"

local UpSampling = Layer:extend "UpSampling"

local function params(n)
  return {
    doc = "x[batch, spatial..., channels] so many times as large in space",
    { "size", "sizes", 2, doc = "how many times, by axis" },
    n > 1 and { "data_format", "data_format", false } or nil,
    n == 2 and { "interpolation", "interpolation", "nearest",
                 doc = "nearest repeats, bilinear blends" } or nil,
  }
end

UpSampling.interpolation = "nearest"

function UpSampling:init()
  spatial.spread(self, self.axes, "size")
end

function UpSampling:build(shape)
  spatial.check(self, shape, self.axes)
end

-- Each element of space, size times along each axis: [n h w c] lies in
-- [n h size w size c].
local function repeated(self, x)
  local split, wide = { x.shape[1] }, { x.shape[1] }
  local shape = { x.shape[1] }
  for axis, size in ipairs(self.size) do
    local n = x.shape[axis + 1]
    table.move({ n, 1 }, 1, 2, 2 * axis, split)
    table.move({ n, size }, 1, 2, 2 * axis, wide)
    shape[axis + 1] = n * size
  end
  local channels = x.shape[#x.shape]
  split[#split + 1], wide[#wide + 1] = channels, channels
  shape[#shape + 1] = channels
  return nd.reshape(nd.broadcast_to(nd.reshape(x, split), wide), shape)
end

function UpSampling:call(x)
  spatial.check(self, x.shape, self.axes)
  if self.interpolation == "nearest" then
    return repeated(self, x)
  end
  local size = { x.shape[2] * self.size[1], x.shape[3] * self.size[2] }
  return nd.image.resize(x, size, { method = self.interpolation })
end

return spatial.family(UpSampling, { "UpSampling1D", "UpSampling2D",
                                    "UpSampling3D" }, params)
