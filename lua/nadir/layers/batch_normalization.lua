--- nd.layers.BatchNormalization: what is normalized by the moments of a batch.
local nd = require "nadir"
local axes = require "nadir.layers.axes"
local Layer = require "nadir.layers.one_input"
local roles = require "nadir.layers.roles"
local symbolic = require "nadir.symbolic"

local params = roles({
  doc = "(x - mean) / sqrt(variance + epsilon) * gamma + beta: by the moments "
    .. "of the batch while it trains, else by running means of them",
  { "axis", "integer", -1, doc = "of what is normalized apart" },
  { "momentum", "number", 0.99, doc = "of the running means" },
  { "epsilon", "number", 1e-3 },
  { "center", "flag", true, doc = "whether there is beta" },
  { "scale", "flag", true, doc = "whether there is gamma" },
}, "beta", "zeros", "gamma", "ones")

for _, p in ipairs { { "moving_mean", "zeros" }, { "moving_variance", "ones" } }
do
  params[#params + 1] = { p[1] .. "_initializer", "initializer", p[2],
                          doc = "what begins the " .. p[1] }
end

local BatchNormalization = Layer:extend("BatchNormalization", params)

BatchNormalization.supports_masking = true
BatchNormalization.takes_floats = true
BatchNormalization.gamma, BatchNormalization.beta = false, false

function BatchNormalization:build(shape)
  local axis = axes.find(self, "axis", self.axis, #shape)
  local size = { shape[axis] }
  self.gamma = self.scale and self:make_weight("gamma", size)
  self.beta = self.center and self:make_weight("beta", size)
  for _, name in ipairs { "moving_mean", "moving_variance" } do
    self[name] = self:add_weight(name, size, {
      initializer = self[name .. "_initializer"], trainable = false })
  end
end

-- A vector along the axis, as it broadcasts over all others.
local function spread(v, axis, rank)
  return axes.spread(v, { axis }, rank)
end

-- Mean and variance along the axis of the steps that the mask has.
local function masked_moments(x, over, mask)
  local w = nd.cast(mask, x.dtype)
  for _ = mask.rank + 1, x.rank do
    w = nd.expand_dims(w, -1)
  end
  w = nd.broadcast_to(w, x.shape)
  local n = nd.maximum(nd.reduce_sum(w, over, true), 1e-7)
  local mean = nd.reduce_sum(w * x, over, true) / n
  local variance = nd.reduce_sum(w * nd.square(x - mean), over, true) / n
  return nd.reshape(mean, { -1 }), nd.reshape(variance, { -1 })
end

-- Moves a running mean towards the value for this batch.
local function follow(self, moving, value)
  local m = self.momentum
  moving:assign(moving * m + nd.stop_gradient(value) * (1 - m))
end

-- x normalized by what the batch tells, which the running means follow.
local function normalize_batch(self, x, axis, mask)
  local y, mean, variance
  if mask then
    mean, variance = masked_moments(x, axes.others(x.rank, axis), mask)
    y = nd.nn.batch_normalization(x, spread(mean, axis, x.rank),
      spread(variance, axis, x.rank), nil, nil, self.epsilon)
  else
    y, mean, variance = nd.nn.standardize(x, axes.others(x.rank, axis),
      self.epsilon)
  end
  if not symbolic.is_trying() then
    follow(self, self.moving_mean, mean)
    follow(self, self.moving_variance, variance)
  end
  return y
end

function BatchNormalization:call(x, training, mask)
  local rank = x.rank
  local axis = axes.find(self, "axis", self.axis, rank)
  if x.shape[axis] ~= self.moving_mean.shape[1] then
    self:fail("axis %d of x has %d elements, not %d", axis,
      x.shape[axis], self.moving_mean.shape[1])
  end
  local beta, gamma = spread(self.beta, axis, rank),
    spread(self.gamma, axis, rank)
  if not training or not self.trainable or x.size == 0 then
    return nd.nn.batch_normalization(x, spread(self.moving_mean, axis, rank),
      spread(self.moving_variance, axis, rank), beta, gamma, self.epsilon)
  end
  local y = normalize_batch(self, x, axis, mask)
  y = gamma and y * gamma or y
  return beta and y + beta or y
end

return BatchNormalization
