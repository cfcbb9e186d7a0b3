--- Searches along a direction for a step after which the loss is enough lower
-- and its slope enough flatter: Wolfe's conditions, the strong ones. Where
-- losses differ by rounding alone slopes decide (Hager and Zhang, 2005).
-- Sources: Nocedal and Wright, Numerical Optimization, algorithms 3.5 and 3.6.
local line_search = {}

local GROWTH = 4     -- of steps until one is too long
local SHRINK = 0.25  -- of steps to where there is no number

local function is_finite(point)
  return point.loss - point.loss == 0 and point.slope - point.slope == 0
end

-- Where a cubic with those losses and slopes at two points has its least value,
-- but not near the ends.
local function interpolate(a, b)
  local width = b.step - a.step
  local d = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.step - b.step)
  local square = d * d - a.slope * b.slope
  local share = 0.5
  if square >= 0 then
    local root = math.sqrt(square) * (width > 0 and 1 or -1)
    share = 1 - (b.slope + root - d) / (b.slope - a.slope + 2 * root)
  end
  if share ~= share then
    share = 0.5
  end
  return a.step + width * math.min(math.max(share, 0.1), 0.9)
end

-- Whether the loss at `p` is low enough, as that at the start makes it.
local function is_low(s, p)
  if p.loss <= s.start.loss + s.c1 * p.step * s.start.slope then
    return true
  end
  return p.loss <= s.start.loss + s.rounding
    and p.slope <= (2 * s.c1 - 1) * s.start.slope
end

local function is_flat(s, p)
  return math.abs(p.slope) <= -s.c2 * s.start.slope
end

-- The point after a step; nil when there have been enough.
local function try(s, step)
  if s.left == 0 then
    return nil
  end
  s.left = s.left - 1
  return s.at(step)
end

-- Between `low`, which is low enough, and `high` there is a step that will do.
local function zoom(s, low, high)
  while true do
    local middle = interpolate(low, high)
    local gain = math.abs((high.step - low.step) * low.slope)
    if middle == low.step or middle == high.step
      or low ~= s.start and gain <= s.rounding / 4 then
      return low
    end
    local p = try(s, middle)
    if not p then
      return low
    elseif not is_finite(p) then
      high = { step = low.step + SHRINK * (middle - low.step),
               loss = low.loss, slope = -low.slope }
    elseif not is_low(s, p) or p.loss > low.loss + s.rounding then
      high = p
    elseif is_flat(s, p) then
      return p
    else
      if p.slope * (high.step - low.step) >= 0 then
        high = low
      end
      low = p
    end
  end
end

-- The first point, shrunk to where there are numbers.
local function begin(s, step)
  local p = try(s, step)
  while p and not is_finite(p) do
    step = SHRINK * step
    s.longest = step / SHRINK
    p = try(s, step)
  end
  return p
end

--- Finds a step. `s` has `at(step)`, which gives { step, loss, slope } and what
-- else is known there; `start`, that of step 0; `c1`, `c2`; `rounding`, by how
-- much equal losses may differ; and how many trials are `left`.
---@param s table
---@param step number  the first to try
---@return table? point  nil: there is none lower
function line_search.run(s, step)
  local before, p = s.start, begin(s, step)
  while p do
    if not is_finite(p) then
      s.longest = p.step
      p = try(s, before.step + SHRINK * (p.step - before.step))
    elseif not is_low(s, p)
      or before ~= s.start and p.loss > before.loss + s.rounding then
      local found = zoom(s, before, p)
      return found ~= s.start and found or nil
    elseif is_flat(s, p) then
      return p
    elseif p.slope >= 0 then
      return zoom(s, p, before)
    else
      before = p
      local next_ = GROWTH * p.step
      if s.longest and next_ >= s.longest then
        next_ = (p.step + s.longest) / 2
      end
      p = try(s, next_)
    end
  end
  return before ~= s.start and before or nil
end

return line_search
