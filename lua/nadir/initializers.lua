--- nd.initializers: what weights begin with. An object gives a tensor of the
-- shape that it is called with; layers take one, or its name, or any function
-- of a shape and a dtype.
--
--   local Dense = nd.layers.Dense(3, { kernel_initializer = "he_normal" })
--   local w = nd.initializers.HeNormal { seed = 1 } { 4, 3 }
--   local v = nd.initializers.random_normal({ 4, 3 }, { stddev = 0.1 })
--
-- Objects with a seed give the same each time.
local nd = require "nadir"
local class = require "nadir.class"
local kinds = require "nadir.kinds"
local Module = require "nadir.module"
local shorten = require "nadir.short"
local signature = require "nadir.signature"
local structure = require "nadir.structure"
local words = require "nadir.words"

local Initializer = class("Initializer")

local call = signature.new("initializer", {
  { "shape", "shape", doc = "of the tensor" },
  { "dtype", "float_dtype", "float32" },
})

class.metatable(Initializer).__call = function(self, ...)
  local v = call:read(...)
  return self:draw(v.shape, v.dtype)
end

local initializers = { Initializer = Initializer }

local called_with = { { "shape", "shape" } }

local function draw_shape(one, shape)
  return one(shape)
end

-- Adds a class, whose objects give draw(self, shape, dtype), and its function.
local function add(name, doc, params, draw)
  local Class = class(name, { doc = doc, table.unpack(params) }, Initializer)
  Class.draw = draw
  initializers[name] = Class
  local short = Module.snake_case(name)
  initializers[short] = shorten(short, Class, called_with, params,
    draw_shape)
end

-- ---------------------------------------------------------------- constants --

add("Zeros", "zeros", {}, function(_, shape, dtype)
  return nd.zeros(shape, dtype)
end)

add("Ones", "ones", {}, function(_, shape, dtype)
  return nd.ones(shape, dtype)
end)

add("Constant", "one value everywhere, or values of the same shape",
  { { "value", "nested", 0 } }, function(self, shape, dtype)
    local value = nd.constant(self.value)
    return nd.broadcast_to(nd.cast(value, dtype), shape)
  end)

add("Identity", "gain on the diagonal of a matrix",
  { { "gain", "number", 1 } }, function(self, shape, dtype)
    if #shape ~= 2 then
      self:fail("shape needs 2 axes: it is [%s]",
        table.concat(shape, " "))
    end
    return nd.eye(shape[1], shape[2], { dtype = dtype }) * self.gain
  end)

-- ---------------------------------------------------------- random numbers --

local seed = { "seed", "integer", false,
               doc = "of numbers of their own; those of nd.random without" }

-- A draw of nd.random, or of its stateless kind where there is a seed.
local function draw_random(self, kind, shape, options)
  if not self.seed then
    return nd.random[kind](shape, options)
  end
  options.seed = { self.seed, 0 }
  return nd.random["stateless_" .. kind](shape, options)
end

local function uniform(self, shape, dtype, low, high)
  return draw_random(self, "uniform", shape,
    { minval = low, maxval = high, dtype = dtype })
end

local function truncated_normal(self, shape, dtype, mean, stddev)
  return draw_random(self, "truncated_normal", shape,
    { mean = mean, stddev = stddev, dtype = dtype })
end

local function normal(self, shape, dtype, mean, stddev)
  return draw_random(self, "normal", shape,
    { mean = mean, stddev = stddev, dtype = dtype })
end

add("RandomUniform", "evenly distributed from minval up to maxval",
  { { "minval", "number", -0.05 }, { "maxval", "number", 0.05 }, seed },
  function(self, shape, dtype)
    return uniform(self, shape, dtype, self.minval, self.maxval)
  end)

local moments = { { "mean", "number", 0 }, { "stddev", "number", 0.05 }, seed }

add("RandomNormal", "normally distributed", moments,
  function(self, shape, dtype)
    return normal(self, shape, dtype, self.mean, self.stddev)
  end)

add("TruncatedNormal", "normal, within two standard deviations", moments,
  function(self, shape, dtype)
    return truncated_normal(self, shape, dtype, self.mean, self.stddev)
  end)

add("Orthogonal", "orthogonal rows or columns, whichever are fewer, times gain",
  { { "gain", "number", 1 }, seed }, function(self, shape, dtype)
    if #shape < 2 then
      self:fail("shape needs 2 axes or more: it is [%s]",
        table.concat(shape, " "))
    end
    local columns, rows = shape[#shape], 1
    for axis = 1, #shape - 1 do
      rows = rows * shape[axis]
    end
    local tall = { math.max(rows, columns), math.min(rows, columns) }
    local q, r = nd.linalg.qr(normal(self, tall, dtype, 0, 1))
    -- Which of all that are orthogonal it is must not depend on the signs that
    -- the factorization happens to choose.
    q = q * nd.sign(nd.linalg.diag_part(r))
    if rows < columns then
      q = nd.transpose(q)
    end
    return self.gain * nd.reshape(q, shape)
  end)

-- --------------------------------------------------------- scaled by shape --
-- Their variance is `scale` over what an output adds up or an input goes to, so
-- that signals and gradients neither grow nor fade from layer to layer.

-- How many inputs an output has, and outputs an input: the last two axes, for
-- each place of a field that the axes before them span.
local function fans(shape)
  local n = #shape
  if n < 2 then
    return shape[1] or 1, shape[1] or 1
  end
  local field = 1
  for i = 1, n - 2 do
    field = field * shape[i]
  end
  return field * shape[n - 1], field * shape[n]
end

local counts = {
  fan_in = function(inputs) return inputs end,
  fan_out = function(_, outputs) return outputs end,
  fan_avg = function(inputs, outputs) return (inputs + outputs) / 2 end,
}

-- What cutting at two standard deviations leaves of one.
local CUT <const> = 0.87962566103423978

local draws = {
  uniform = function(self, shape, dtype, variance)
    local limit = math.sqrt(3 * variance)
    return uniform(self, shape, dtype, -limit, limit)
  end,
  truncated_normal = function(self, shape, dtype, variance)
    return truncated_normal(self, shape, dtype, 0, math.sqrt(variance) / CUT)
  end,
  untruncated_normal = function(self, shape, dtype, variance)
    return normal(self, shape, dtype, 0, math.sqrt(variance))
  end,
}

local function scaled(self, shape, dtype)
  local count = counts[self.mode](fans(shape))
  return draws[self.distribution](self, shape, dtype,
    self.scale / math.max(1, count))
end

kinds.fan = words("mode", structure.keys(counts))
kinds.distribution = words("distribution", structure.keys(draws))

add("VarianceScaling", "random numbers of the variance scale / count", {
  { "scale", "number", 1 },
  { "mode", "fan", "fan_in", doc = "what to count; fan_avg: the mean of both" },
  { "distribution", "distribution", "truncated_normal" },
  seed,
}, scaled)

function initializers.VarianceScaling:init()
  if self.scale <= 0 then
    self:fail("scale must be above 0")
  end
end

local function add_scaled(name, who, scale, mode)
  local distributions = { Uniform = "uniform", Normal = "truncated_normal" }
  for suffix, distribution in pairs(distributions) do -- any order: each its own
    add(name .. suffix, ("%s, with the variance of %s"):format(
      suffix:lower(), who), { seed }, scaled)
    local Class = initializers[name .. suffix]
    Class.scale, Class.mode = scale, mode
    Class.distribution = distribution
  end
end

add_scaled("Glorot", "Glorot and Bengio, 2 / (inputs + outputs)", 1, "fan_avg")
add_scaled("He", "He et al., 2 / inputs", 2, "fan_in")
add_scaled("Lecun", "LeCun et al., 1 / inputs", 1, "fan_in")

for name, of in pairs { -- any order: each its own
  uniform = "random_uniform", normal = "random_normal", zero = "zeros",
  one = "ones",
} do
  initializers[name] = initializers[of]
end

--- The initializer that a value stands for: an object, a class, a name, a
--- configuration, or a function of a shape and a dtype.
---@param value any
---@return any initializer
initializers.get = signature.getter("initializers.get", "initializer")

return initializers
