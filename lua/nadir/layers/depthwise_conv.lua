--- nd.layers.DepthwiseConv1D, DepthwiseConv2D, SeparableConv1D,
-- SeparableConv2D: layers that sum over the windows of each channel alone.
local nd = require "nadir"
local Kernel = require "nadir.layers.kernel"
local Layer = require "nadir.layers.one_input"
local roles = require "nadir.layers.roles"
local spatial = require "nadir.layers.spatial"

-- What both share: windows, and what becomes of the sums.
local Windows = Layer:extend "Windows"

Windows.bias, Windows.finish = false, Kernel.finish
Windows.takes_floats = true

local settings = {
  { "strides", "sizes", 1, doc = "from window to window" },
  { "padding", "padding", "valid",
    doc = "valid: windows lie within x; same: y is as large as x" },
  { "data_format", "data_format", false },
  { "dilation_rate", "sizes", 1, doc = "from place to place in a window" },
  { "depth_multiplier", "size", 1, doc = "filters of each channel" },
  { "activation", "activation", false, doc = "called with the sums" },
  { "use_bias", "flag", true, doc = "whether a bias is added" },
}

-- Keras has them in two orders.
local function pick(list, ...)
  for _, name in ipairs { ... } do
    for _, p in ipairs(settings) do
      list[#list + 1] = p[1] == name and p or nil
    end
  end
  return list
end

function Windows:init()
  spatial.spread(self, self.axes, "kernel_size", "strides", "dilation_rate")
end

-- The shape of a kernel whose filters see one channel each.
local function depthwise_shape(self, channels)
  return spatial.kernel_shape(self, channels, self.depth_multiplier)
end

-- Sums over windows by a kernel of that shape: as many groups as channels.
local function depthwise(self, x, kernel)
  spatial.check(self, x.shape, self.axes)
  local shape = spatial.kernel_shape(self, 1,
    x.shape[#x.shape] * self.depth_multiplier)
  return nd.nn.convolution(x, nd.reshape(kernel, shape), {
    strides = self.strides, padding = self.padding,
    dilations = self.dilation_rate,
  })
end

-- --------------------------------------------------------------- depthwise --

local DepthwiseConv = Windows:extend "DepthwiseConv"

local function depthwise_params()
  return roles(pick({
    doc = "y = activation(sums over windows of each channel of "
      .. "x[batch, spatial..., channels] + bias)",
    { "kernel_size", "sizes", doc = "the window, by axis" },
  }, "strides", "padding", "depth_multiplier", "data_format", "dilation_rate",
    "activation", "use_bias"), "depthwise", "glorot_uniform", "bias", "zeros")
end

function DepthwiseConv:build(shape)
  spatial.check(self, shape, self.axes)
  local channels = shape[#shape]
  self.kernel = self:make_weight("kernel", depthwise_shape(self, channels),
    "depthwise")
  self.bias = self.use_bias and self:make_weight("bias",
    { channels * self.depth_multiplier })
end

function DepthwiseConv:call(x)
  return self:finish(depthwise(self, x, self.kernel))
end

-- --------------------------------------------------------------- separable --

local SeparableConv = Windows:extend "SeparableConv"

local function separable_params()
  return roles(pick({
    doc = "y = activation(sums over windows of each channel of "
      .. "x[batch, spatial..., channels], mixed to `filters`, + bias)",
    { "filters", "size", doc = "channels of y" },
    { "kernel_size", "sizes", doc = "the window, by axis" },
  }, "strides", "padding", "data_format", "dilation_rate", "depth_multiplier",
    "activation", "use_bias"), "depthwise", "glorot_uniform", "pointwise",
    "glorot_uniform", "bias", "zeros")
end

function SeparableConv:build(shape)
  spatial.check(self, shape, self.axes)
  local channels, point = shape[#shape], {}
  for axis = 1, self.axes do
    point[axis] = 1
  end
  point[#point + 1] = channels * self.depth_multiplier
  point[#point + 1] = self.filters
  self.depthwise_kernel = self:make_weight("depthwise_kernel",
    depthwise_shape(self, channels), "depthwise")
  self.pointwise_kernel = self:make_weight("pointwise_kernel", point,
    "pointwise")
  self.bias = self.use_bias and self:make_weight("bias", { self.filters })
end

function SeparableConv:call(x)
  return self:finish(nd.nn.convolution(
    depthwise(self, x, self.depthwise_kernel), self.pointwise_kernel))
end

local family = {}

spatial.family(DepthwiseConv, { "DepthwiseConv1D", "DepthwiseConv2D" },
  depthwise_params, family)
spatial.family(SeparableConv, { "SeparableConv1D", "SeparableConv2D" },
  separable_params, family)

return family
