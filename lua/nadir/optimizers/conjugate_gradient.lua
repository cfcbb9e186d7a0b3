--- nd.optimizers.ConjugateGradient: minimizes a smooth loss to convergence, by
-- directions that do not undo each other (Polak and Ribiere's, never negative:
-- Nocedal and Wright, section 5.2). It remembers one direction alone.
--
--   local result = nd.optimizers.ConjugateGradient():minimize(loss, { w, b })
local minimizer = require "nadir.optimizers.minimizer"

local ConjugateGradient = minimizer.class("ConjugateGradient", {
  doc = "goes down a smooth loss to a minimum, in little memory",
}, 0.1)

function ConjugateGradient:restart()
  self._last = false
end

function ConjugateGradient:is_fresh()
  return not self._last
end

function ConjugateGradient:learn(before, after)
  local square = minimizer.dot(before.gradient, before.gradient)
  local share = minimizer.dot(after.gradient, after.gradient - before.gradient)
    / square
  self._last = { direction = self._direction, share = math.max(share, 0),
                 slope = minimizer.dot(before.gradient, self._direction),
                 step = after.step }
end

-- The first step is one by which the loss would fall as it did last.
function ConjugateGradient:direction(state)
  local g, last = state.gradient, self._last
  local direction = -g
  if not last or last.share ~= last.share then
    self._direction, self._last = direction, false
    return direction, math.min(1, 1 / minimizer.largest(g))
  end
  direction = direction + last.share * last.direction
  local slope = minimizer.dot(g, direction)
  if slope >= 0 then
    direction = -g
    slope = -minimizer.dot(g, g)
  end
  self._direction = direction
  local first = last.step * last.slope / slope
  return direction, first > 0 and first < math.huge and first or 1
end

return ConjugateGradient
