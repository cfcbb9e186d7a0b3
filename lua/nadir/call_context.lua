--- What holds while a layer is called, for the layers that it calls: whether
-- they train, and how deep inside each other they are. Each coroutine has its
-- own, so that a task that rests inside a call changes nothing for others.
local context = {}

local states = setmetatable({}, { __mode = "k" })  -- by coroutine
local active = 0  -- how many calls have entered and not left

local Guard = {}

function Guard.__close(guard)
  active = active - 1
  guard.state.depth = guard.state.depth - 1
  guard.state.training = guard.training
end

--- Whether the innermost call that says so trains; nil: none says.
---@return boolean?
function context.training()
  if active == 0 then
    return nil
  end
  local state = states[coroutine.running()]
  return state and state.training
end

--- Enters a call, which what this returns leaves when it is closed.
---@param training? boolean  nil: as around it
---@return table guard
---@return integer depth     1: the outermost
function context.enter(training)
  local thread = coroutine.running()
  local state = states[thread]
  if not state then
    state = { depth = 0 }
    states[thread] = state
  end
  local guard = setmetatable({ state = state, training = state.training },
    Guard)
  active = active + 1
  state.depth = state.depth + 1
  if training ~= nil then
    state.training = training
  end
  return guard, state.depth
end

return context
