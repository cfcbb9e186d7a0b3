--- nd.layers.SpectralNormalization: a layer whose kernel keeps a largest
-- singular value of 1.
local nd = require "nadir"
local class = require "nadir.class"
local describe = require "nadir.describe"
local Layer = require "nadir.layers.one_input"
local symbolic = require "nadir.symbolic"

local SpectralNormalization = Layer:extend("SpectralNormalization", {
  doc = "calls a layer, whose kernel it divides by its largest singular value "
    .. "before, while it trains",
  { "layer", "layer", doc = "one with a kernel, or embeddings" },
  { "power_iterations", "size", 1, doc = "how closely it is found" },
})

function SpectralNormalization:init()
  if not class.is(self.layer, Layer) then
    self:fail("layer must be a layer with a kernel, got %s",
      describe.value(self.layer))
  end
end

-- The weight that it normalizes.
local function kernel_of(self)
  local kernel = rawget(self.layer, "kernel")
    or rawget(self.layer, "embeddings")
  return kernel or self:fail("%s has no kernel",
    self.layer.name)
end

function SpectralNormalization:build(shape)
  self:build_within(self.layer, shape)
  self.kernel = kernel_of(self)
  local size = self.kernel.shape
  self.vector_u = self:add_weight("vector_u", { 1, size[#size] },
    nd.initializers.TruncatedNormal { stddev = 0.02 }, false)
end

-- Power iteration: u follows the first singular vector of w [rows columns].
local function normalize(self, kernel)
  local w = nd.reshape(kernel, { -1, self.vector_u.shape[2] })
  local u, v = self.vector_u:read_value(), nil
  for _ = 1, self.power_iterations do
    v = nd.l2_normalize(nd.matmul(u, w, { transpose_b = true }))
    u = nd.l2_normalize(nd.matmul(v, w))
  end
  local largest = nd.reduce_sum(nd.matmul(v, w) * u)
  self.vector_u:assign(nd.stop_gradient(u))
  kernel:assign(nd.stop_gradient(nd.divide_no_nan(kernel, largest)))
end

function SpectralNormalization:call(x, training)
  if training and not symbolic.is_trying() then
    normalize(self, self.kernel)
  end
  return self.layer(x)
end

return SpectralNormalization
