--- nd.layers.Resizing, CenterCrop, RandomCrop, RandomFlip, RandomBrightness,
-- RandomContrast: images[batch, height, width, channels], and what makes more
-- of them.
local nd = require "nadir"
local Layer = require "nadir.layers.one_input"
local next_seed = require "nadir.layers.seeds"
local spatial = require "nadir.layers.spatial"

local Images = Layer:extend "Images"

Images.takes_floats = true

function Images:build(shape)
  spatial.check(self, shape, 2)
end

local Random = Images:extend("Random", {
  { "seed", "integer", false, doc = "of numbers of its own" },
})

-- A number for each image, from `low` up to `high`, [batch 1 1 1].
function Random:draw(x, low, high)
  local seed = next_seed(self)
  local kind = seed and "stateless_uniform" or "uniform"
  return nd.random[kind]({ x.shape[1], 1, 1, 1 }, {
    minval = low, maxval = high, dtype = x.dtype, seed = seed })
end

-- ------------------------------------------------------------------- sizes --

local function size(what)
  return { what, "size", doc = "of the result" }
end

local Resizing = Images:extend("Resizing", {
  doc = "images of another size",
  size "height", size "width",
  { "interpolation", "interpolation", "bilinear" },
})

function Resizing:call(x)
  return nd.image.resize(x, { self.height, self.width },
    { method = self.interpolation })
end

-- The part of x of that size that begins after `top` rows, `left` columns.
local function crop(x, top, left, height, width)
  return x[{ {}, { top + 1, top + height }, { left + 1, left + width } }]
end

-- The middle of x; of smaller images the largest part of the same form, made
-- larger.
local function crop_middle(self, x)
  spatial.check(self, x.shape, 2)
  local height, width = self.height, self.width
  local rows, columns = x.shape[2], x.shape[3]
  if rows < height or columns < width then
    local h = math.min(rows, columns * height // width)
    local w = math.min(columns, rows * width // height)
    local part = crop(x, (rows - h) // 2, (columns - w) // 2, h, w)
    return nd.image.resize(part, { height, width })
  end
  return crop(x, (rows - height) // 2, (columns - width) // 2, height, width)
end

local CenterCrop = Images:extend("CenterCrop", {
  doc = "the middle of images", size "height", size "width",
})

CenterCrop.call = crop_middle

local RandomCrop = Random:extend("RandomCrop", {
  doc = "a part of images, the same of all in a batch, while it trains; else "
    .. "the middle", size "height", size "width",
})

function RandomCrop:call(x, training)
  spatial.check(self, x.shape, 2)
  local more = x.shape[2] - self.height
  local wider = x.shape[3] - self.width
  if not training or more < 0 or wider < 0 or x.size == 0 then
    return crop_middle(self, x)
  end
  local share = self:draw(x, 0, 1)[1]:item()
  local top = math.floor(share * (more + 1))
  share = self:draw(x, 0, 1)[1]:item()
  return crop(x, top, math.floor(share * (wider + 1)), self.height, self.width)
end

-- ------------------------------------------------------------------ chance --

local RandomFlip = Random:extend("RandomFlip", {
  doc = "each image as it is or mirrored, while it trains",
  { "mode", "flip_mode", "horizontal_and_vertical" },
})

function RandomFlip:call(x, training)
  if not training then
    return x
  end
  local axes = { horizontal = 3, vertical = 2 }
  for _, name in ipairs { "horizontal", "vertical" } do
    if self.mode:find(name) then
      local turned = nd.less(self:draw(x, 0, 1), 0.5)
      x = nd.where(turned, nd.reverse(x, axes[name]), x)
    end
  end
  return x
end

-- The ends of a setting that is both, or one number for -x and x.
function Random:range_of(name)
  local value = self[name]
  local low = type(value) == "table" and value[1] or value
  local high = type(value) == "table" and value[2] or value
  if type(low) ~= "number" or type(high) ~= "number" then
    self:fail("%s must be a number, or a list of two", name)
  end
  return type(value) == "table" and low or -low, high
end

local RandomBrightness = Random:extend("RandomBrightness", {
  doc = "each image brighter or darker, while it trains",
  { "factor", "nested",
    doc = "how much of value_range, at most; or { least, most }" },
  { "value_range", "numbers", { 0, 255 }, doc = "what values lie in" },
})

function RandomBrightness:init()
  self:range_of("factor")
end

function RandomBrightness:call(x, training)
  if not training then
    return x
  end
  local low, high = self:range_of("factor")
  local least, most = self.value_range[1], self.value_range[2]
  return nd.clip_by_value(x + self:draw(x, low, high) * (most - least),
    least, most)
end

local RandomContrast = Random:extend("RandomContrast", {
  doc = "each image with more or less contrast, while it trains",
  { "factor", "nested",
    doc = "how much, at most: 0.2 is from 0.8 to 1.2; or { less, more }" },
  { "value_range", "numbers", { 0, 255 }, doc = "what values lie in" },
})

function RandomContrast:init()
  self:range_of("factor")
end

function RandomContrast:call(x, training)
  if not training then
    return x
  end
  local low, high = self:range_of("factor")
  low = type(self.factor) == "table" and -low or low
  local mean = nd.reduce_mean(x, { 2, 3 }, true)
  return nd.clip_by_value((x - mean) * (1 + self:draw(x, low, high)) + mean,
    self.value_range[1], self.value_range[2])
end

return {
  Random = Random, Resizing = Resizing, CenterCrop = CenterCrop,
  RandomCrop = RandomCrop,
  RandomFlip = RandomFlip, RandomBrightness = RandomBrightness,
  RandomContrast = RandomContrast,
}
