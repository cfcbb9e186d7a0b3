--- nd.optimizers.LBFGS: minimizes a smooth loss to convergence, by what its
-- last gradients say of its curvature (Nocedal and Wright, algorithm 7.4).
--
--   local result = nd.optimizers.LBFGS():minimize(loss, { w, b })
local minimizer = require "nadir.optimizers.minimizer"

local LBFGS = minimizer.class("LBFGS", {
  doc = "goes down a smooth loss to a minimum, by the last gradients",
  { "history", "size", 10, doc = "how many gradients it remembers" },
}, 0.9)

function LBFGS:restart()
  self._pairs = {}
end

function LBFGS:is_fresh()
  return #self._pairs == 0
end

-- Remembers the change of x, s, and that of the gradient, y, if the loss curves
-- upwards there.
function LBFGS:learn(before, after)
  local s, y = after.x - before.x, after.gradient - before.gradient
  local sy, yy = minimizer.dot(s, y), minimizer.dot(y, y)
  if sy > 0 and yy > 0 and yy < math.huge then
    local list = self._pairs
    list[#list + 1] = { s = s, y = y, sy = sy, yy = yy }
    if #list > self.history then
      table.remove(list, 1)
    end
  end
end

-- Minus the inverse of the curvature times the gradient, and the first step.
function LBFGS:direction(state)
  local list, q, shares = self._pairs, state.gradient, {}
  if #list == 0 then
    local size = minimizer.largest(q)
    return -q, math.min(1, 1 / size)
  end
  for i = #list, 1, -1 do
    shares[i] = minimizer.dot(list[i].s, q) / list[i].sy
    q = q - shares[i] * list[i].y
  end
  local last = list[#list]
  q = q * (last.sy / last.yy)
  for i, p in ipairs(list) do
    q = q + (shares[i] - minimizer.dot(p.y, q) / p.sy) * p.s
  end
  return -q, 1
end

return LBFGS
