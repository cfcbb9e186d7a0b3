--- What holds while a layer is called, for the layers that it calls: whether
-- they train, and how deep inside each other they are. Each coroutine has its
-- own, so that a task that rests inside a call changes nothing for others.
local context = {}

local running = coroutine.running
local states = setmetatable({}, { __mode = "k" })  -- by coroutine
local active = 0  -- how many calls have entered and not left

-- A call is closed by what was before it, which is also how it is left.
local Guard = {}

function Guard.__close(before)
  active = active - 1
  states[before.thread] = before.outer or nil
end

--- Whether the innermost call that says so trains; nil: none says.
---@return boolean?
function context.training()
  if active == 0 then
    return nil
  end
  local state = states[running()]
  return state and state.training
end

--- Enters a call, which what this returns leaves when it is closed.
---@param training? boolean  nil: as around it
---@return table guard
---@return integer depth     1: the outermost
---@return boolean? training
function context.enter(training)
  local thread = running()
  local outer = states[thread]
  if training == nil and outer then
    training = outer.training
  end
  local depth = outer and outer.depth + 1 or 1
  local state = setmetatable({ thread = thread, outer = outer, depth = depth,
                               training = training }, Guard)
  states[thread] = state
  active = active + 1
  return state, depth, training
end

return context
