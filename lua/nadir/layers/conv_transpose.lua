--- nd.layers.Conv1DTranspose, Conv2DTranspose, Conv3DTranspose: layers that
-- spread what they get over windows: convolutions, backwards.
local nd = require "nadir"
local Kernel = require "nadir.layers.kernel"
local spatial = require "nadir.layers.spatial"

local ConvTranspose = Kernel:extend "ConvTranspose"

local function params()
  return {
    doc = "y = activation(x[batch, spatial..., channels] spread over windows, "
      .. "times the kernel, + bias)",
    { "filters", "size", doc = "channels of y" },
    { "kernel_size", "sizes", doc = "the window, by axis" },
    { "strides", "sizes", 1, doc = "from window to window" },
    { "padding", "padding", "valid",
      doc = "valid: y has all windows; same: it is as large as x, or strides "
        .. "times that" },
    { "data_format", "data_format", false },
    { "output_padding", "shape", false,
      doc = "what y has more than its windows; as much as strides leave open" },
    { "dilation_rate", "sizes", 1, doc = "from place to place in a window" },
  }
end

function ConvTranspose:init()
  spatial.spread(self, self.axes, "kernel_size", "strides", "dilation_rate")
  if self.output_padding then
    spatial.spread(self, self.axes, "output_padding")
  end
  for axis, more in ipairs(self.output_padding or {}) do
    if more < 0 or more >= self.strides[axis] then
      self:fail("output_padding %d needs to be 0 or more, and below "
        .. "strides, %d", more, self.strides[axis])
    end
  end
end

function ConvTranspose:build(shape)
  spatial.check(self, shape, self.axes)
  self:add_weights(spatial.kernel_shape(self, self.filters, shape[#shape]),
    { self.filters })
end

-- How long y is along an axis, by `n`, the length of x.
local function length(self, axis, n)
  local stride = self.strides[axis]
  local window = (self.kernel_size[axis] - 1) * self.dilation_rate[axis] + 1
  local more = self.output_padding and self.output_padding[axis]
  if self.padding == "same" then
    return more and (n - 1) * stride + window % 2 + more or n * stride
  end
  return (n - 1) * stride
    + (more and window + more or math.max(window, stride))
end

function ConvTranspose:call(x)
  spatial.check(self, x.shape, self.axes)
  local shape = { x.shape[1] }
  for axis = 1, self.axes do
    shape[axis + 1] = length(self, axis, x.shape[axis + 1])
  end
  shape[#shape + 1] = self.filters
  return self:finish(nd.nn.conv_transpose(x, self.kernel, {
    output_shape = shape, strides = self.strides, padding = self.padding,
    dilations = self.dilation_rate,
  }))
end

return spatial.family(ConvTranspose, {
  "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose",
}, params)
