--- nd.layers.Activation, ReLU, LeakyReLU, ELU, Softmax, PReLU: elementwise
-- functions, and softmax, as layers.
local nd = require "nadir"
local axes = require "nadir.layers.axes"
local Layer = require "nadir.layers.one_input"
local roles = require "nadir.layers.roles"

-- Adds a layer that passes masks on.
local function extend(name, params)
  local Class = Layer:extend(name, params)
  Class.supports_masking = true
  return Class
end

local Activation = extend("Activation", {
  doc = "activation(x)",
  { "activation", "activation", doc = "by its name, or a function" },
})

function Activation:call(x)
  return self.activation(x)
end

local ReLU = extend("ReLU", {
  doc = "x above threshold, at most max_value; else "
    .. "negative_slope * (x - threshold)",
  { "max_value", "number", false, doc = "the most there is" },
  { "negative_slope", "number", 0 },
  { "threshold", "number", 0 },
})

function ReLU:init()
  for _, name in ipairs { "max_value", "negative_slope", "threshold" } do
    if self[name] and self[name] < 0 then
      self:fail("%s must not be below 0", name)
    end
  end
end

function ReLU:call(x)
  return nd.activations.relu(x, self.negative_slope, self.max_value,
    self.threshold)
end

local LeakyReLU = extend("LeakyReLU", {
  doc = "x where positive, else negative_slope * x",
  { "negative_slope", "number", 0.3 },
})

function LeakyReLU:init()
  if self.negative_slope < 0 then
    self:fail("negative_slope must not be below 0")
  end
end

function LeakyReLU:call(x)
  return nd.leaky_relu(x, self.negative_slope)
end

local ELU = extend("ELU", {
  doc = "x where positive, else alpha * (exp(x) - 1)",
  { "alpha", "number", 1 },
})

function ELU:call(x)
  return nd.elu(x, self.alpha)
end

local Softmax = extend("Softmax", {
  doc = "exp(x) / sum of exp(x) along axes, of what the mask has",
  { "axis", "shape", -1, doc = "one or several" },
})

-- Over several axes at once.
local function softmax(x, axis)
  if #axis == 1 then
    return nd.activations.softmax(x, axis[1])
  end
  return nd.exp(x - nd.reduce_logsumexp(x, axis, true))
end

function Softmax:call(x, _, mask)
  if not mask then
    return softmax(x, self.axis)
  end
  mask = nd.cast(mask, "bool")
  return nd.where(mask, softmax(nd.where(mask, x, -1e9), self.axis), 0)
end

local PReLU = extend("PReLU", roles({
  doc = "x where positive, else alpha * x, with an alpha for each element of "
    .. "an example",
  { "shared_axes", "shape", {},
    doc = "axes that share one; that of the batch is 1" },
}, "alpha", "zeros"))

function PReLU:build(shape)
  local size = table.move(shape, 2, #shape, 1, {})
  for _, axis in ipairs(self.shared_axes) do
    axis = axes.find(self, "shared_axes", axis, #shape)
    if axis == 1 then
      self:fail("shared_axes has 1, the batch, which always shares")
    end
    size[axis - 1] = 1
  end
  self.alpha = self:make_weight("alpha", size)
end

function PReLU:call(x)
  return nd.relu(x) - self.alpha * nd.relu(-x)
end

return { Activation = Activation, ReLU = ReLU, LeakyReLU = LeakyReLU, ELU = ELU,
         Softmax = Softmax, PReLU = PReLU }
