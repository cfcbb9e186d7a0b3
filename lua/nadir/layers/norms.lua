--- nd.layers.LayerNormalization, GroupNormalization, RMSNormalization,
-- UnitNormalization: each example normalized by itself.
local nd = require "nadir"
local axes = require "nadir.layers.axes"
local Layer = require "nadir.layers.one_input"
local roles = require "nadir.layers.roles"

-- Layers over `axis`, one or several.
local function extend(name, params)
  local Class = Layer:extend(name, params)
  Class.supports_masking, Class.takes_floats = true, true
  Class.gamma, Class.beta = false, false

  function Class:init()
    if type(self.axis) == "table" then
      axes.check_some(self, "axis")
    end
  end

  return Class
end

local axis = { "axis", "shape", -1, doc = "one or several" }

-- The axes in order, and their sizes.
local function find_axes(self, shape)
  local list, sizes = {}, {}
  for i, one in ipairs(self.axis) do
    list[i] = axes.find(self, "axis", one, #shape)
  end
  table.sort(list)
  for i, one in ipairs(list) do
    sizes[i] = shape[one]
  end
  return list, sizes
end

-- gamma and beta, if they are wanted.
local function make_weights(self, sizes)
  self.gamma = self.scale and self:make_weight("gamma", sizes)
  self.beta = self.center and self:make_weight("beta", sizes)
end

local LayerNormalization = extend("LayerNormalization", roles({
  doc = "(x - mean) / sqrt(variance + epsilon) * gamma + beta, by the moments "
    .. "over axes of each example",
  axis,
  { "epsilon", "number", 1e-3 },
  { "center", "flag", true, doc = "whether there is beta" },
  { "scale", "flag", true, doc = "whether there is gamma" },
}, "beta", "zeros", "gamma", "ones"))

function LayerNormalization:build(shape)
  local _, sizes = find_axes(self, shape)
  make_weights(self, sizes)
end

function LayerNormalization:call(x)
  local list = find_axes(self, x.shape)
  return nd.nn.layer_norm(x, axes.spread(self.gamma, list, x.rank),
    axes.spread(self.beta, list, x.rank), list, self.epsilon)
end

local RMSNormalization = extend("RMSNormalization", {
  doc = "x / sqrt(mean of x * x over axes + epsilon) * scale",
  axis,
  { "epsilon", "number", 1e-6 },
})

function RMSNormalization:build(shape)
  local _, sizes = find_axes(self, shape)
  self.scale = self:add_weight("scale", sizes, "ones")
end

function RMSNormalization:call(x)
  local list = find_axes(self, x.shape)
  return nd.nn.rms_norm(x, axes.spread(self.scale, list, x.rank), list,
    self.epsilon)
end

local UnitNormalization = extend("UnitNormalization", {
  doc = "x over its length along axes",
  axis,
})

function UnitNormalization:call(x)
  return nd.l2_normalize(x, (find_axes(self, x.shape)))
end

local GroupNormalization = extend("GroupNormalization", roles({
  doc = "LayerNormalization of each group of channels by itself",
  { "groups", "integer", 32, doc = "how many; -1: each channel is one" },
  { "axis", "integer", -1, doc = "of the channels" },
  { "epsilon", "number", 1e-3 },
  { "center", "flag", true, doc = "whether there is beta" },
  { "scale", "flag", true, doc = "whether there is gamma" },
}, "beta", "zeros", "gamma", "ones"))

function GroupNormalization:build(shape)
  local channels = shape[axes.find(self, "axis", self.axis, #shape)]
  local groups = self.groups == -1 and channels or self.groups
  if groups < 1 or channels % groups ~= 0 then
    self:fail("%d channels do not make %d groups", channels,
      groups)
  end
  rawset(self, "groups", groups)
  make_weights(self, { channels })
end

-- The order of axes that puts channels last, which is undone by `back`.
local function orders(channels, rank)
  local order, back = axes.others(rank, channels), {}
  order[rank] = channels
  for i, one in ipairs(order) do
    back[one] = i
  end
  return order, back
end

function GroupNormalization:call(x)
  local channels = axes.find(self, "axis", self.axis, x.rank)
  local function normalize(y)
    return nd.nn.group_norm(y, self.groups, self.gamma or nil, self.beta or nil,
      self.epsilon)
  end
  if channels == x.rank then
    return normalize(x)
  end
  local order, back = orders(channels, x.rank)
  return nd.transpose(normalize(nd.transpose(x, order)), back)
end

return {
  LayerNormalization = LayerNormalization, RMSNormalization = RMSNormalization,
  UnitNormalization = UnitNormalization,
  GroupNormalization = GroupNormalization,
}
