--- What `minimize` of optimizers does: one step down a loss, that is a function
-- without arguments, or a tensor that a tape recorded.
local nd = require "nadir"
local describe = require "nadir.describe"
local fail = require "nadir.fail"

-- The value of f, and the tape that recorded it.
local function record(f)
  local tape = nd.GradientTape()
  local _ <close> = tape
  return f(), tape
end

---@param optimizer userdata
---@param loss function|userdata  gives a tensor, or is one that `tape` recorded
---@param variables? any   Variables, or tables of them; all that were read
---@param tape? userdata
---@return userdata loss  as it was before the step
return function(optimizer, loss, variables, tape)
  if type(loss) == "function" and tape == nil then
    loss, tape = record(loss)
  elseif not nd.is_tensor(loss) or describe.type(tape) ~= "GradientTape" then
    fail("minimize: loss must be a function, or a tensor with its tape")
  end
  variables = variables or tape:watched_variables()
  if nd.is_variable(variables) then
    variables = { variables }
  end
  optimizer:apply_gradients(tape:gradient(loss, variables,
    optimizer:scale_loss(nd.ones_like(loss))), variables)
  return loss
end
