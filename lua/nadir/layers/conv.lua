--- nd.layers.Conv1D, Conv2D, Conv3D: layers that sum over windows.
local nd = require "nadir"
local Kernel = require "nadir.layers.kernel"
local spatial = require "nadir.layers.spatial"

local Conv = Kernel:extend "Conv"

local function params(n)
  return {
    doc = "y = activation(sums over windows of x[batch, spatial..., channels], "
      .. "times the kernel, + bias)",
    { "filters", "size", doc = "channels of y" },
    { "kernel_size", "sizes", doc = "the window, by axis" },
    { "strides", "sizes", 1, doc = "from window to window" },
    { "padding", n == 1 and "causal_padding" or "padding", "valid",
      doc = "valid: windows lie within x; same: y is as large as x"
        .. (n == 1 and "; causal: no window looks ahead" or "") },
    { "data_format", "data_format", false },
    { "dilation_rate", "sizes", 1, doc = "from place to place in a window" },
    { "groups", "size", 1, doc = "of channels, each with filters of its own" },
  }
end

function Conv:init()
  spatial.spread(self, self.axes, "kernel_size", "strides", "dilation_rate")
  if self.filters % self.groups ~= 0 then
    self:fail("%d filters do not make %d groups", self.filters, self.groups)
  end
end

function Conv:build(shape)
  spatial.check(self, shape, self.axes)
  local channels = shape[#shape]
  if channels % self.groups ~= 0 then
    self:fail("%d channels do not make %d groups", channels, self.groups)
  end
  self:add_weights(spatial.kernel_shape(self, channels // self.groups,
    self.filters), { self.filters })
end

function Conv:call(x)
  local padding = self.padding
  if padding == "causal" then
    local reach = (self.kernel_size[1] - 1) * self.dilation_rate[1]
    padding = { { reach, 0 } }
  end
  return self:finish(nd.nn.convolution(x, self.kernel, {
    strides = self.strides, padding = padding, dilations = self.dilation_rate,
  }))
end

return spatial.family(Conv, { "Conv1D", "Conv2D", "Conv3D" }, params)
