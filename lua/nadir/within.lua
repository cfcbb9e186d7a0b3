--- What messages say of errors that happen within the call of a layer: its path
-- from the outermost call, its class, and its input.
--
--   matmul: inner sizes differ: a is [2 5], b is [4 3]; in layer
--   "sequential/dense_1" (Dense), whose input is float32 [2 5] where it was
--   built for [nil 4]
--
-- An error looks for marked functions in the calls that run, so that calls
-- which go well pay nothing for it.
local describe = require "nadir.describe"
local frames = require "nadir.frames"
local nd = require "nadir"
local structure = require "nadir.structure"

local within = {}

local MOST <const> = 3  -- of several inputs that are shown

local marked = {}

--- Marks a function that calls a layer. `read` makes of its first two arguments
--- the layer and the input; they are these, where there is none.
---@param f function
---@param read? fun(a: any, b: any): table, any
function within.mark(f, read)
  marked[f] = read or function(layer, x) return layer, x end
end

-- The layers whose calls run, innermost first, with their inputs.
local function running()
  local calls = {}
  for _, frame in ipairs(frames.running(marked)) do
    local layer, input = frame[1](frame[2], frame[3])
    local last = calls[#calls]
    if last and last.layer == layer then
      last.input = input
    else
      calls[#calls + 1] = { layer = layer, input = input }
    end
  end
  return calls
end

-- ----------------------------------------------------------------- showing --

-- A shape, with nil for what is not known; `open`, if that is how many examples
-- there are.
local function shape_text(shape, open)
  local words = {}
  for axis, size in ipairs(shape) do
    words[axis] = size and not (open and axis == 1) and ("%d"):format(size)
      or "nil"
  end
  return "[" .. table.concat(words, " ") .. "]"
end

-- Whether values stand for those of any number of examples.
local function is_trying()
  return require "nadir.symbolic".is_trying() -- which needs this
end

local function has_shape(x)
  return nd.is_tensor(x) or nd.is_variable(x)
    or type(x) == "table" and rawget(x, "shape") ~= nil
end

local function one_text(x)
  if not has_shape(x) then
    return describe.value(x)
  end
  local open = x.shape[1] == 0 and is_trying()
  return ("%s %s"):format(x.dtype, shape_text(x.shape, open))
end

local function input_text(input)
  local words, leaves = {}, structure.flatten(input)
  for i = 1, math.min(#leaves, MOST) do
    words[i] = one_text(leaves[i])
  end
  words[#words + 1] = #leaves > MOST and "..." or nil
  return structure.is_plain(input)
    and "{ " .. table.concat(words, ", ") .. " }" or words[1]
end

-- What a layer was built for, where its input is another.
local function built_text(layer, input)
  local built = rawget(layer, "_build_shape")
  if not built or type(built[1]) == "table" or not has_shape(input) then
    return ""
  end
  local same = #built == #input.shape
  for axis = 2, #built do
    same = same and (not built[axis] or built[axis] == input.shape[axis])
  end
  return same and "" or " where it was built for " .. shape_text(built)
end

local function path_text(calls)
  local names = {}
  for i, call in ipairs(calls) do
    names[#calls + 1 - i] = call.layer.name
  end
  return table.concat(names, "/")
end

-- The message with where it happened; a layer that is alone, and says itself
-- what is wrong, has said who it is.
frames.on_error(function(message)
  local calls = running()
  local call = calls[1]
  if not call then
    return message
  end
  local layer, class_name = call.layer, getmetatable(call.layer).__name
  if #calls == 1
    and message:sub(1, #class_name + 2) == class_name .. ": " then
    return message
  end
  local text = ('%s%s in %s "%s" (%s)'):format(message,
    message:find "%?$" and "" or ";", layer.is_model and "model" or "layer",
    path_text(calls), class_name)
  if call.input == nil then
    return text
  end
  return ("%s, whose input is %s%s"):format(text, input_text(call.input),
    built_text(layer, call.input))
end)

return within
