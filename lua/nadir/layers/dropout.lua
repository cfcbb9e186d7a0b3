--- nd.layers.Dropout, SpatialDropout1D, SpatialDropout2D, SpatialDropout3D,
-- GaussianDropout, GaussianNoise, AlphaDropout: layers that disturb what they
-- pass on, while they train.
local nd = require "nadir"
local Layer = require "nadir.layers.one_input"
local next_seed = require "nadir.layers.seeds"
local spatial = require "nadir.layers.spatial"

-- `disturb(self, x)` is what they do.
local Noise = Layer:extend("Noise", {
  { "seed", "integer", false, doc = "of numbers of its own" },
})

Noise.supports_masking = true

function Noise:call(x, training)
  return training and self:disturb(x) or x
end

-- Random numbers of the shape and dtype of x.
local function normal(self, x, mean, stddev)
  local options = { mean = mean, stddev = stddev, dtype = x.dtype,
                    seed = next_seed(self) }
  local kind = options.seed and "stateless_normal" or "normal"
  return nd.random[kind](x.shape, options)
end

-- ----------------------------------------------------------------- dropout --

local share = { "rate", "rate", doc = "the share that is lost" }

local noise_shape = {
  "noise_shape", "axes", false,
  doc = "1 where an axis shares what becomes of it, false where it does not",
}

local Dropout = Noise:extend("Dropout", {
  doc = "x / (1 - rate), of which the share `rate`, at random, becomes 0",
  share,
  noise_shape,
})

-- The shape of the numbers that are drawn.
local function drawn_shape(self, x)
  local shape = self.noise_shape
  if not shape or #shape == 0 then
    return nil
  elseif #shape ~= x.rank then
    self:fail("noise_shape has %d axes, x has %d", #shape, x.rank)
  end
  local full = {}
  for axis, size in ipairs(shape) do
    full[axis] = size or x.shape[axis]
  end
  return full
end

function Dropout:disturb(x)
  return nd.nn.dropout(x, self.rate, drawn_shape(self, x), next_seed(self))
end

local SpatialDropout = Noise:extend("SpatialDropout", {
  doc = "Dropout of whole channels of x[batch, spatial..., channels]",
  share,
  { "data_format", "data_format", false },
})

function SpatialDropout:build(shape)
  spatial.check(self, shape, self.axes)
end

function SpatialDropout:disturb(x)
  local shape = { x.shape[1] }
  for axis = 2, self.axes + 1 do
    shape[axis] = 1
  end
  shape[#shape + 1] = x.shape[#x.shape]
  return nd.nn.dropout(x, self.rate, { noise_shape = shape,
                                       seed = next_seed(self) })
end

-- What SELU makes of minus infinity.
local LOWEST <const> = -1.0507009873554804934193349852946
  * 1.6732632423543772848170429916717

local AlphaDropout = Noise:extend("AlphaDropout", {
  doc = "x, of which the share `rate` becomes what SELU gives at most below 0, "
    .. "scaled so that mean and variance stay",
  share,
  noise_shape,
})

function AlphaDropout:disturb(x)
  local shape, p = drawn_shape(self, x) or x.shape, 1 - self.rate
  local kept = nd.nn.dropout(nd.ones(shape, x.dtype), self.rate, nil,
    next_seed(self)):greater(0)
  local a = (p * (1 + self.rate * LOWEST ^ 2)) ^ -0.5
  return a * nd.where(kept, x, LOWEST) - a * LOWEST * self.rate
end

-- ------------------------------------------------------------------- gauss --

local GaussianDropout = Noise:extend("GaussianDropout", {
  doc = "x times numbers around 1 with the variance rate / (1 - rate)",
  share,
})

function GaussianDropout:disturb(x)
  return x * normal(self, x, 1, math.sqrt(self.rate / (1 - self.rate)))
end

local GaussianNoise = Noise:extend("GaussianNoise", {
  doc = "x plus numbers around 0",
  { "stddev", "number", doc = "their standard deviation" },
})

function GaussianNoise:init()
  if self.stddev < 0 then
    self:fail("stddev must not be below 0")
  end
end

function GaussianNoise:disturb(x)
  return x + normal(self, x, 0, self.stddev)
end

return spatial.family(SpatialDropout, { "SpatialDropout1D", "SpatialDropout2D",
                                        "SpatialDropout3D" }, nil, {
  Dropout = Dropout, AlphaDropout = AlphaDropout,
  GaussianDropout = GaussianDropout, GaussianNoise = GaussianNoise,
})
