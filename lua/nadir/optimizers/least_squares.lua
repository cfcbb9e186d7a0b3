--- nd.optimizers.LevenbergMarquardt: fits residuals to 0 in the sense of least
-- squares, by their Jacobian. Steps are those of Gauss and Newton, held back as
-- much as the last ones went wrong (Nielsen, 1999), each variable on the scale
-- of its largest column so far (More, 1978).
--
--   local fit = nd.optimizers.LevenbergMarquardt()
--   fit:minimize(function() return model(x) - y end, { b1, b2 })
local nd = require "nadir"
local class = require "nadir.class"
local fail = require "nadir.fail"
local minimizer = require "nadir.optimizers.minimizer"
local number_text = require "nadir.number"

local LevenbergMarquardt = class("LevenbergMarquardt", minimizer.params({
  doc = "fits residuals to 0, in the sense of least squares",
  { "damping", "number", 1e-3, doc = "how much first steps are held back" },
}, 1e-10, "the largest cosine of residuals and a column that counts as 0"))

LevenbergMarquardt.name = "LevenbergMarquardt"

function LevenbergMarquardt:init()
  minimizer.check(self)
  if self.damping <= 0 or self.damping ~= self.damping then
    fail("%s: damping must be above 0, got %s", self.name,
      number_text(self.damping))
  end
end

-- What there is at x.
local function look(problem, x)
  local r, jacobian = problem:residuals(x)
  local loss = minimizer.dot(r, r)
  return { objective = problem, x = x, loss = loss, r = r, jacobian = jacobian,
           gradient = 2 * nd.linalg.matvec(jacobian, r,
                                           { transpose_a = true }) }
end

-- Norms of columns; 1 for those that are 0.
local function column_norms(jacobian)
  local norms = nd.sqrt(nd.reduce_sum(nd.square(jacobian), 1))
  return nd.where(nd.greater(norms, 0), norms, 1)
end

-- The largest cosine of an angle between residuals and a column.
local function angle(state)
  local size = math.sqrt(state.loss)
  if size == 0 then
    return 0
  end
  return minimizer.largest(state.gradient / column_norms(state.jacobian))
    / (2 * size)
end

-- The step p with the least |J p + r|^2 + damping |D p|^2, and by how much the
-- loss should fall.
local function solve(state, scale, damping)
  local n = state.x.size
  local scaled = state.jacobian / scale
  local held = nd.eye(n, { dtype = state.x.dtype }) * math.sqrt(damping)
  local q, r = nd.linalg.qr(nd.concat({ scaled, held }, 1))
  local m = state.r.size
  local right = -nd.linalg.matvec(q[{ { 1, m }, {} }], state.r,
    { transpose_a = true })
  local p = nd.linalg.triangular_solve(r, nd.reshape(right, { n, 1 }),
    { lower = false })
  p = nd.reshape(p, { n })
  local change = nd.linalg.matvec(scaled, p)
  local predicted = -minimizer.dot(change, 2 * state.r + change)
  return p / scale, predicted
end

-- The next state and by how much less steps are held back; nil if there is none
-- lower.
local function step(state, scale, damping)
  local growth = 2
  for _ = 1, 60 do
    local p, predicted = solve(state, scale, damping)
    local x = state.x + p
    local found = predicted > 0 and look(state.objective, x)
    local gain = found and (state.loss - found.loss) / predicted or -1
    if gain > 0 and minimizer.largest(found.jacobian) < math.huge then
      return found, damping * math.max(1 / 3, 1 - (2 * gain - 1) ^ 3)
    end
    damping = damping * growth
    growth = growth * 2
  end
end

--- Goes down until one of the tolerances says that this is a minimum. The loss
-- is the sum of the squares.
---@param f function     without arguments, gives a tensor of residuals
---@param variables any  Variables, or tables of them, of one float dtype
---@return table result
function LevenbergMarquardt:minimize(f, variables)
  local state = minimizer.start(self.name, f, variables, look)
  local scale, damping = column_norms(state.jacobian), self.damping
  local guard <close> = minimizer.keep(state)
  for i = 1, self.max_iterations do
    if angle(state) <= self.gradient_tolerance then
      return minimizer.result(state, i - 1, true,
        "residuals are orthogonal to all columns within gradient_tolerance")
    end
    local before, after, next_damping = state, step(state, scale, damping)
    if not after then
      return minimizer.result(state, i - 1, true,
        "no lower loss is found: it is as low as rounding lets it be")
    end
    state, damping = after, next_damping
    minimizer.accept(guard, state)
    scale = nd.maximum(scale, column_norms(state.jacobian))
    local message = minimizer.why_small(self, state, before)
    if message then
      return minimizer.result(state, i, true, message)
    end
  end
  return minimizer.result(state, self.max_iterations, false,
    "max_iterations are done")
end

return LevenbergMarquardt
