--- Minimizers: what goes down a loss until it is at a minimum, and what they
-- have in common. A class of them gives directions: `direction(state)`.
local nd = require "nadir"
local class = require "nadir.class"
local describe = require "nadir.describe"
local fail = require "nadir.fail"
local finally = require "nadir.finally"
local line_search = require "nadir.optimizers.line_search"
local number_text = require "nadir.number"
local objective = require "nadir.optimizers.objective"
local put_back = require "nadir.variables".put_back

local minimizer = {}

local function option(name, initial, doc)
  return { name, "number", initial, doc = doc }
end

--- All parameters of a class: its own, then those that all have. What counts as
-- a gradient of 0 is theirs to say.
---@param own table
---@param gradient number
---@param doc string
---@return table
function minimizer.params(own, gradient, doc)
  local common = {
    { "max_iterations", "size", 1000, doc = "directions to go, at most" },
    option("gradient_tolerance", gradient, doc),
    option("step_tolerance", 0, "how little a step may change, in proportion "
      .. "to what is changed"),
    option("loss_tolerance", false, "how little the loss may fall, in "
      .. "proportion; nil: by four units of rounding"),
  }
  return table.move(common, 1, #common, #own + 1, own)
end

function minimizer.check(self)
  for _, name in ipairs { "gradient_tolerance", "step_tolerance",
                          "loss_tolerance" } do
    local value = self[name]
    if value and (value < 0 or value ~= value) then
      fail("%s: %s must be a number, 0 or more, got %s", self.name, name,
        number_text(value))
    end
  end
end

function minimizer.dot(x, y)
  return nd.reduce_sum(x * y):item()
end

function minimizer.largest(x)
  return x.size > 0 and nd.reduce_max(nd.abs(x)):item() or 0
end

--- Whether a step has changed so little that there is no need for more.
function minimizer.why_small(self, state, before)
  local loss_tolerance = self.loss_tolerance or 4 * state.objective.epsilon
  local size = math.max(math.abs(state.loss), math.abs(before.loss))
  local change = minimizer.largest(state.x - before.x)
  if before.loss - state.loss <= loss_tolerance * size then
    return "the loss falls no more, within loss_tolerance"
  elseif change <= self.step_tolerance * minimizer.largest(state.x) then
    return "steps are 0 within step_tolerance"
  end
end

--- Whether a point is at a minimum, and why.
function minimizer.why_done(self, state, before)
  if minimizer.largest(state.gradient)
    <= self.gradient_tolerance * math.max(1, math.abs(state.loss)) then
    return "the gradient is 0 within gradient_tolerance"
  end
  local message = before and minimizer.why_small(self, state, before)
  return message, message ~= nil
end

--- The table that `minimize` gives.
function minimizer.result(state, iterations, converged, message)
  return {
    loss = state.loss,
    iterations = iterations,
    evaluations = state.objective.evaluations,
    converged = converged,
    message = message,
    gradient_norm = nd.norm(state.gradient):item(),
  }
end

--- Where the loss is first looked at; raises if it is no number there.
---@param look fun(problem: table, x: userdata): table  the state at x
---@return table state
function minimizer.start(who, f, variables, look)
  if type(f) ~= "function" then
    fail("%s: f must be a function, got %s", who, describe.value(f))
  end
  local problem = objective.new(who, f, variables)
  local state = look(problem, problem:read())
  if state.loss - state.loss ~= 0 then
    fail("%s: the loss is %s where it begins", who, number_text(state.loss))
  end
  return state
end

-- What there is at x.
local function look_at(problem, x)
  local loss, gradient = problem:evaluate(x)
  return { objective = problem, x = x, loss = loss, gradient = gradient }
end

local KEPT <const> = 3  -- of what is put back

--- To be closed where a minimizer is left, however it is left: the Variables
-- are then what they are at the last state that was accepted, first `state`.
function minimizer.keep(state)
  local problem = state.objective
  return finally(put_back, problem.variables, problem:keep(state.x))
end

---@param guard table  what `keep` gave
function minimizer.accept(guard, state)
  guard[KEPT] = state.objective:keep(state.x)
end

-- The state after the best step along a direction, or nil.
local function search(self, state, direction, slope, first)
  local function at(step)
    local point = look_at(state.objective, state.x + step * direction)
    point.step = step
    point.slope = minimizer.dot(point.gradient, direction)
    return point
  end
  return line_search.run({
    at = at,
    start = { step = 0, loss = state.loss, slope = slope, x = state.x,
              gradient = state.gradient },
    c1 = self.c1, c2 = self.c2,
    rounding = state.objective.epsilon * math.abs(state.loss),
    left = self.max_line_search,
  }, first)
end

-- One iteration: the next state, or nil if no direction leads down.
local function step(self, state)
  local direction, first = self:direction(state)
  local slope = minimizer.dot(state.gradient, direction)
  local found = slope < 0 and search(self, state, direction, slope, first)
  if not found and not self:is_fresh() then
    self:restart()
    return step(self, state)
  end
  return found or nil
end

local PATIENCE = 3 -- steps that change little, in a row, until there are enough

-- What `why_done` says, of a state that knows how often in a row that was only
-- that the step was small.
local function is_done(self, state, before)
  local message, is_small = minimizer.why_done(self, state, before)
  state.small = is_small and (before.small or 0) + 1 or 0
  return state.small % PATIENCE == 0 and message or nil
end

--- Goes down until one of the tolerances says that this is a minimum.
---@param f function     without arguments, gives a scalar tensor
---@param variables any  Variables, or tables of them, of one float dtype
---@return table result
function minimizer.minimize(self, f, variables)
  local state = minimizer.start(self.name, f, variables, look_at)
  local message = minimizer.why_done(self, state)
  local guard <close> = minimizer.keep(state)
  self:restart()
  for i = 1, self.max_iterations do
    if message then
      return minimizer.result(state, i - 1, true, message)
    end
    local next_ = step(self, state)
    if not next_ then
      return minimizer.result(state, i - 1, false,
        "no lower loss is found: it may be as low as rounding lets it be")
    end
    message = is_done(self, next_, state)
    self:learn(state, next_)
    state = next_
    minimizer.accept(guard, state)
  end
  return minimizer.result(state, self.max_iterations, message ~= nil,
    message or "max_iterations are done")
end

--- Makes a class of those that search along lines.
function minimizer.class(name, params, c2)
  local all = minimizer.params(params, 1e-5, "the largest element of a "
    .. "gradient that counts as 0, times the loss where that is above 1")
  table.move({
    option("c1", 1e-4, "of line search: how much of the slope losses fall by"),
    option("c2", c2, "of line search: how much of the slope may be left"),
    { "max_line_search", "size", 40, doc = "trials along a line, at most" },
  }, 1, 3, #all + 1, all)
  local Class = class(name, all)
  Class.name, Class.minimize = name, minimizer.minimize
  function Class:init()
    minimizer.check(self)
    if not (0 < self.c1 and self.c1 < self.c2 and self.c2 < 1) then
      fail("%s: 0 < c1 < c2 < 1 must hold, got c1 = %s, c2 = %s", name,
        number_text(self.c1), number_text(self.c2))
    end
  end
  return Class
end

return minimizer
