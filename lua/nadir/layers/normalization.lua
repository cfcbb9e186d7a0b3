--- nd.layers.Normalization: x less its mean, over its standard deviation, both
-- taken from data beforehand.
--
--   local normalize = nd.layers.Normalization()
--   normalize:adapt(data)
local nd = require "nadir"
local axes = require "nadir.layers.axes"
local fail = require "nadir.fail"
local Layer = require "nadir.layers.one_input"

local Normalization = Layer:extend("Normalization", {
  doc = "(x - mean) / sqrt(variance) by what `adapt` saw, or as given",
  { "axis", "shape", -1, doc = "axes with moments of their own; {}: none" },
  { "mean", "nested", false, doc = "instead of those of data" },
  { "variance", "nested", false, doc = "the same" },
  { "invert", "flag", false, doc = "whether to undo it instead" },
})

Normalization.supports_masking = true

function Normalization:init()
  if (self.mean == false) ~= (self.variance == false) then
    self:fail "needs both mean and variance, or none"
  end
  rawset(self, "_given_moments", self.mean ~= false)
end

-- The axes that keep moments apart, and all others.
local function sort_axes(self, rank)
  local kept, over = {}, {}
  for _, axis in ipairs(self.axis) do
    kept[axes.find(self, "axis", axis, rank)] = true
  end
  for axis = 1, rank do
    over[#over + 1] = not kept[axis] and axis or nil
  end
  return kept, over
end

function Normalization:build(shape)
  if self._given_moments then
    return
  end
  local kept, own = sort_axes(self, #shape), {}
  for axis = 1, #shape do
    own[#own + 1] = kept[axis] and shape[axis] or nil
  end
  self.adapted_mean = self:add_weight("mean", own, "zeros", false)
  self.adapted_variance = self:add_weight("variance", own, "ones", false)
  self.count = self:add_weight("count", {}, "zeros", false)
end

--- Forgets what `adapt` saw.
function Normalization:reset_state()
  if self.built and not self._given_moments then
    self.adapted_mean:assign(nd.zeros_like(self.adapted_mean))
    self.adapted_variance:assign(nd.ones_like(self.adapted_variance))
    self.count:assign(0)
  end
end

-- Adds a batch to the moments.
function Normalization:update_state(x)
  if not self.built then
    self:build(x.shape)
  end
  x = nd.cast(x, self.adapted_mean.dtype)
  local _, over = sort_axes(self, x.rank)
  local mean, variance = nd.moments(x, over)
  local n, seen = x.size / math.max(1, mean.size), self.count:item()
  local share, old = n / (n + seen), self.adapted_mean:read_value()
  local total = old + (mean - old) * share
  self.adapted_variance:assign(
    (self.adapted_variance + nd.square(old - total)) * (1 - share)
    + (variance + nd.square(mean - total)) * share)
  self.adapted_mean:assign(total)
  self.count:assign(n + seen)
end

--- Takes the moments of data.
---@param data any  a tensor, or a list of batches
function Normalization:adapt(data)
  if self._given_moments then
    fail "adapt: mean and variance were given"
  end
  self:reset_state()
  if type(data) == "table" and nd.is_tensor(data[1]) then
    for _, batch in ipairs(data) do
      self:update_state(batch)
    end
  else
    self:update_state(nd.constant(data))
  end
end

-- A moment as it broadcasts to x.
local function spread(self, x, moment)
  moment = nd.cast(nd.constant(moment), x.dtype)
  if moment.rank == 0 then
    return moment
  end
  local kept, shape = sort_axes(self, x.rank), {}
  for axis = 1, x.rank do
    shape[axis] = kept[axis] and x.shape[axis] or 1
  end
  return nd.reshape(moment, shape)
end

function Normalization:call(x)
  local given = self._given_moments
  if not x.dtype:find "float" then
    x = nd.cast(x, self.dtype or "float32")
  end
  local mean = spread(self, x, given and self.mean or self.adapted_mean)
  local variance = spread(self, x, given and self.variance
    or self.adapted_variance)
  local stddev = nd.maximum(nd.sqrt(variance), 1e-7)
  if self.invert then
    return mean + x * stddev
  end
  return (x - mean) / stddev
end

return Normalization
