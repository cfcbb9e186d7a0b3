--- nd.layers.ActivityRegularization: what passes adds to the loss.
local nd = require "nadir"
local Layer = require "nadir.layers.one_input"

local ActivityRegularization = Layer:extend("ActivityRegularization", {
  doc = "x, which adds l1 * sum(abs(x)) + l2 * sum(x * x) to the loss",
  { "l1", "number", 0 },
  { "l2", "number", 0 },
})

ActivityRegularization.supports_masking = true

function ActivityRegularization:call(x)
  local loss = 0
  if self.l1 ~= 0 then
    loss = loss + self.l1 * nd.reduce_sum(nd.abs(x))
  end
  if self.l2 ~= 0 then
    loss = loss + self.l2 * nd.reduce_sum(nd.square(x))
  end
  self:add_loss(nd.constant(loss))
  return x
end

return ActivityRegularization
