--- Recurrent layers step by step.
local nd = require "nadir"
local structure = require "nadir.structure"

local steps = {}

--- Zeros for the states of a cell, by its `state_size`.
---@return table states
function steps.zeros(cell, n, dtype)
  local size = cell.state_size
  return structure.map(type(size) == "table" and size or { size },
    function(one)
      return nd.zeros({ n, one }, dtype)
    end)
end

--- The states that a cell, whoever made it, begins with.
---@return table states
function steps.initial(cell, n, dtype)
  local ok, first = pcall(function() return cell.get_initial_state end)
  if ok and first then
    return first(cell, n, dtype)
  end
  return steps.zeros(cell, n, dtype)
end

--- One step of any cell.
---@return userdata y
---@return table states
function steps.call(cell, x, states)
  local out = cell { x, states }
  return out[1], out[2]
end

-- The states after a step where it counts, else those before.
local function choose(counts, after, before)
  return structure.join(after, before, function(a, b)
    return nd.where(counts, a, b)
  end)
end

--- Goes through steps.
---@param xs table        what step(x, states) gets, one after the other
---@param states table    before the first
---@param mask? userdata  bool [batch time]: a step that does not count leaves
---                       the states, and repeats the output before
---@param zeroed boolean  or gives 0
---@param step fun(x, states): userdata, table
---@return userdata outputs  [batch time ...]
---@return table states
function steps.walk(xs, states, mask, zeroed, step)
  local counts = mask and nd.unstack(nd.expand_dims(mask, -1), 2)
  local outputs, last = {}, 0
  for t, x in ipairs(xs) do
    local y, after = step(x, states)
    if counts then
      y = nd.where(counts[t], y, last)
      after = choose(counts[t], after, states)
      last = zeroed and 0 or y
    end
    outputs[t], states = y, after
  end
  return nd.stack(outputs, 2), states
end

return steps
