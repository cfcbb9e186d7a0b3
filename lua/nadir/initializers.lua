--- nd.initializers: what weights begin with. Each gives a tensor of the shape
-- that it gets; layers take one by its name, or any function like it.
local nd = require "nadir"
local signature = require "nadir.signature"

local initializers = {}

-- Adds one: draw(values) has the shape and the parameters by name.
local function add(name, doc, params, draw)
  local takes = signature.new(name, { doc = doc, { "shape", "shape" },
                                      table.unpack(params) })
  initializers[name] = setmetatable({}, {
    __name = "initializer",
    __signature = takes,
    __call = function(_, ...)
      return draw((takes:read(...)))
    end,
    __tostring = function()
      return takes:text()
    end,
  })
end

-- ---------------------------------------------------------------- constants --

add("zeros", "zeros", {}, function(v)
  return nd.zeros(v.shape)
end)

add("ones", "ones", {}, function(v)
  return nd.ones(v.shape)
end)

add("constant", "one value everywhere", { { "value", "number", 0 } },
  function(v)
    return nd.fill(v.shape, v.value + 0.)
  end)

-- ---------------------------------------------------------- random numbers --

local function uniform(shape, low, high)
  return nd.random.uniform(shape, { minval = low, maxval = high })
end

local function truncated_normal(shape, mean, stddev)
  return nd.random.truncated_normal(shape, { mean = mean, stddev = stddev })
end

local bounds = { { "minval", "number", -0.05 }, { "maxval", "number", 0.05 } }
local moments = { { "mean", "number", 0 }, { "stddev", "number", 0.05 } }

add("random_uniform", "evenly distributed from minval up to maxval", bounds,
  function(v)
    return uniform(v.shape, v.minval, v.maxval)
  end)

add("random_normal", "normally distributed", moments, function(v)
  return nd.random.normal(v.shape, { mean = v.mean, stddev = v.stddev })
end)

add("truncated_normal", "normal, within two standard deviations", moments,
  function(v)
    return truncated_normal(v.shape, v.mean, v.stddev)
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

local function glorot(shape)
  local fan_in, fan_out = fans(shape)
  return 1 / math.max(1, (fan_in + fan_out) / 2)
end

local function he(shape)
  return 2 / math.max(1, (fans(shape)))
end

-- What cutting at two standard deviations leaves of one.
local CUT = 0.87962566103423978

local function add_scaled(name, who, variance)
  add(name .. "_uniform", "evenly distributed, with the variance of " .. who,
    {}, function(v)
      local limit = math.sqrt(3 * variance(v.shape))
      return uniform(v.shape, -limit, limit)
    end)
  add(name .. "_normal", "truncated normal, with the variance of " .. who,
    {}, function(v)
      return truncated_normal(v.shape, 0,
        math.sqrt(variance(v.shape)) / CUT)
    end)
end

add_scaled("glorot", "Glorot and Bengio, 2 / (inputs + outputs)", glorot)
add_scaled("he", "He et al., 2 / inputs", he)

return initializers
