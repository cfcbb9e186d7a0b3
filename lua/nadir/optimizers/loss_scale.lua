--- nd.optimizers.LossScaleOptimizer: another optimizer, with losses multiplied
-- so that small gradients are not lost. A step whose gradients are not finite
-- is left out and halves the scale; many good steps in a row double it. As in
-- Keras 3.
--
--   local optimizer = nd.optimizers.LossScaleOptimizer(nd.optimizers.Adam())
local nd = require "nadir"
local class = require "nadir.class"
local config = require "nadir.config"
local fail = require "nadir.fail"
local number_text = require "nadir.number"
local leaves = require "nadir.autodiff.arguments".leaves
local wrapper = require "nadir.optimizers.wrapper"

local LossScale = class("LossScaleOptimizer", {
  doc = "another optimizer, by losses multiplied so that no gradient is lost",
  { "inner_optimizer", "optimizer", doc = "that takes the steps" },
  { "initial_scale", "number", 2. ^ 15, doc = "what losses are times first" },
  { "dynamic_growth_steps", "size", 2000,
    doc = "good steps in a row that double it" },
}, wrapper.Class)

LossScale.name = "LossScaleOptimizer"
LossScale.kept = { dynamic_scale = "number", step_counter = "integer" }

function LossScale:init()
  local inner, scale = self.inner_optimizer, self.initial_scale
  if not (scale > 0 and scale < math.huge) then
    fail("LossScaleOptimizer: initial_scale must be above 0 and finite, got %s",
      number_text(scale))
  elseif wrapper.is(inner) then
    fail("LossScaleOptimizer: inner_optimizer cannot be a %s", inner.name)
  end
  self.dynamic_scale, self.step_counter = scale, 0
  inner.loss_scale_factor = nil
end

-- Whether all elements of all gradients are numbers.
local function are_finite(pairs_)
  for _, pair in ipairs(pairs_) do
    local g = type(pair) == "table" and pair[1]
    g = g and nd.is_tensor(g) and nd.is_indexed_slices(g) and g.values or g
    if g and nd.is_tensor(g) and not nd.reduce_all(nd.is_finite(g)):item() then
      return false
    end
  end
  return true
end

-- A gradient as it would be without the scale. The optimizer inside might do it
-- to sums of gradients, but scales may change in between.
local function unscale(g, scale)
  if not nd.is_tensor(g) then
    return g
  elseif nd.is_indexed_slices(g) then
    return nd.IndexedSlices(g.values / scale, g.indices, g.shape)
  end
  return g / scale
end

local function apply(self, pairs_)
  local unscaled = {}
  for i, pair in ipairs(pairs_) do
    unscaled[i] = type(pair) == "table"
      and { unscale(pair[1], self.dynamic_scale), pair[2] } or pair
  end
  self.inner_optimizer:apply_gradients(unscaled)
end

--- A step, unless a gradient is not finite.
function LossScale:apply_gradients(gradients, variables)
  local zipped = wrapper.zip(gradients, variables)
  if type(zipped) ~= "table" then
    self.inner_optimizer:apply_gradients(gradients)
  elseif not are_finite(zipped) then
    self.dynamic_scale, self.step_counter = self.dynamic_scale / 2, 0
    return
  end
  apply(self, zipped)
  self.step_counter = self.step_counter + 1
  if self.step_counter == self.dynamic_growth_steps then
    self.dynamic_scale, self.step_counter = self.dynamic_scale * 2, 0
  end
end

--- The loss times the scale.
function LossScale:scale_loss(loss)
  return loss * self.dynamic_scale
end

--- Leaves Variables of a list, or with such names, alone.
function LossScale:exclude_from_weight_decay(...)
  self.inner_optimizer:exclude_from_weight_decay(...)
end

function LossScale:optimizers_of(variables)
  return { { self.inner_optimizer, leaves(variables) } }
end

--- A table of its options, with those of the optimizer inside.
function LossScale:get_config()
  return {
    inner_optimizer = config.write(self.inner_optimizer, self.name),
    initial_scale = self.initial_scale,
    dynamic_growth_steps = self.dynamic_growth_steps,
  }
end

local inner_fields = { learning_rate = true, iterations = true }

for name in pairs(inner_fields) do -- any order: each its own
  class.property(LossScale, name, function(self)
    return self.inner_optimizer[name]
  end)
end

class.metatable(LossScale).__newindex = function(self, key, value)
  if inner_fields[key] then
    self.inner_optimizer[key] = value
  else
    rawset(self, key, value)
  end
end

return LossScale
