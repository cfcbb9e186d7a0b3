--- What holds while a layer is called, for the layers that it calls: whether
-- they train, and how deep inside each other they are. Each coroutine has its
-- own, so that a task that rests inside a call changes nothing for others.
local finally = require "nadir.finally"

local context = {}

local running = coroutine.running
local states = setmetatable({}, { __mode = "k" })  -- by coroutine

--- Whether the innermost call that says so trains; nil: none says.
---@return boolean?
function context.training()
  local state = states[running()]
  return state and state.training
end

local THREAD <const> = 3  -- of what is set back

--- A call, which is entered next, and left when it is closed.
---@param training? boolean  nil: as around it
---@return table call  `training`, and `depth`, which is 1 for the outermost
function context.call(training)
  local thread = running()
  local outer = states[thread]
  local call = finally(rawset, states, thread, outer)
  if training == nil and outer then
    training = outer.training
  end
  call.training, call.depth = training, outer and outer.depth + 1 or 1
  return call
end

---@param call table  to be closed
function context.enter(call)
  states[call[THREAD]] = call
end

return context
