--- nd.layers.RandomRotation, RandomZoom, RandomTranslation: images that are
-- turned, zoomed and moved, each by another amount, while they train.
local nd = require "nadir"
local Random = require "nadir.layers.images".Random

-- A class has `source(self, x, rows, columns)`: where in x, by its rows and
-- columns from the middle on, an element of the result comes from.
local Warp = Random:extend("Warp", {
  { "fill_mode", "fill_mode", "reflect",
    doc = "what lies outside: reflect, wrap, nearest, or constant" },
  { "interpolation", "interpolation", "bilinear" },
  { "fill_value", "number", 0, doc = "what constant is" },
})

-- Rows or columns from 0 on, all of them within `size`.
local inside = {
  nearest = function(at, size) return nd.clip_by_value(at, 0, size - 1) end,
  wrap = function(at, size) return at - size * nd.floor(at / size) end,
  reflect = function(at, size)
    at = at - 2 * size * nd.floor(at / (2 * size))
    return nd.minimum(at, 2 * size - 1 - at)
  end,
}
inside.constant = inside.nearest

-- The elements of x [n h w c] at rows and columns [n h w 1], whole numbers from
-- 0 on, as far as there are such.
local function pick(self, x, rows, columns)
  local n, h, w, c = table.unpack(x.shape)
  local within = inside[self.fill_mode]
  local at = within(rows, h) * w + within(columns, w) + 1
  local y = nd.gather(nd.reshape(x, { n, h * w, c }),
    nd.reshape(nd.cast(at, "int32"), { n, h * w }), 2, 1)
  y = nd.reshape(y, { n, h, w, c })
  if self.fill_mode ~= "constant" then
    return y
  end
  local seen = nd.logical_and(
    nd.logical_and(rows:greater_equal(0), rows:less(h)),
    nd.logical_and(columns:greater_equal(0), columns:less(w)))
  return nd.where(seen, y, self.fill_value)
end

-- x at rows and columns that need not be whole.
local function sample(self, x, rows, columns)
  if self.interpolation == "nearest" then
    return pick(self, x, nd.floor(rows + 0.5), nd.floor(columns + 0.5))
  end
  local top, left = nd.floor(rows), nd.floor(columns)
  local down, right = rows - top, columns - left
  local upper = nd.lerp(pick(self, x, top, left), pick(self, x, top, left + 1),
    right)
  local lower = nd.lerp(pick(self, x, top + 1, left),
    pick(self, x, top + 1, left + 1), right)
  return nd.lerp(upper, lower, down)
end

function Warp:call(x, training)
  if not training or x.size == 0 then
    return x
  end
  local h, w = x.shape[2], x.shape[3]
  local middle_row, middle_column = (h - 1) / 2, (w - 1) / 2
  local rows = nd.reshape(nd.cast(nd.range(0, h - 1), x.dtype), { 1, h, 1, 1 })
  local columns = nd.reshape(nd.cast(nd.range(0, w - 1), x.dtype),
    { 1, 1, w, 1 })
  rows, columns = self:source(x, rows - middle_row, columns - middle_column)
  local full = { x.shape[1], h, w, 1 }
  return sample(self, x, nd.broadcast_to(rows + middle_row, full),
    nd.broadcast_to(columns + middle_column, full))
end

local RandomRotation = Warp:extend("RandomRotation", {
  doc = "each image turned about its middle",
  { "factor", "nested",
    doc = "how much of a turn, to the left, at most; or { least, most }" },
})

function RandomRotation:init()
  self:range_of "factor"
end

function RandomRotation:source(x, rows, columns)
  local low, high = self:range_of "factor"
  local angle = self:draw(x, low, high) * (2 * math.pi)
  local cos, sin = nd.cos(angle), nd.sin(angle)
  return sin * columns + cos * rows, cos * columns - sin * rows
end

-- Layers with an amount for rows, and one for columns.
local height = { "height_factor", "nested",
                 doc = "how much, at most; or { least, most }" }

local RandomZoom = Warp:extend("RandomZoom", {
  doc = "each image made smaller, by factors above 0, or larger, below",
  height,
  { "width_factor", "nested", false, doc = "that of the height" },
})

function RandomZoom:init()
  self:range_of "height_factor"
end

function RandomZoom:source(x, rows, columns)
  local tall = 1 + self:draw(x, self:range_of "height_factor")
  local wide = self.width_factor
    and 1 + self:draw(x, self:range_of "width_factor") or tall
  return rows * tall, columns * wide
end

local RandomTranslation = Warp:extend("RandomTranslation", {
  doc = "each image moved down, by factors above 0, and to the right",
  height,
  { "width_factor", "nested", doc = "the same of the width" },
})

function RandomTranslation:init()
  self:range_of "height_factor"
  self:range_of "width_factor"
end

function RandomTranslation:source(x, rows, columns)
  local down = self:draw(x, self:range_of "height_factor") * x.shape[2]
  local right = self:draw(x, self:range_of "width_factor") * x.shape[3]
  return rows - down, columns - right
end

return { RandomRotation = RandomRotation, RandomZoom = RandomZoom,
         RandomTranslation = RandomTranslation }
