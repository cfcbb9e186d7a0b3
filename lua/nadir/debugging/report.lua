--- What assertions have in common: how they are called, and what they say when
-- they do not hold.
local nd = require "nadir"
local arguments = require "nadir.autodiff.arguments"
local fail = require "nadir.fail"
local number_text = require "nadir.number"
local signature = require "nadir.signature"

local report = {}

-- So many elements are shown.
local SHOWN = 3

--- Makes what scripts call: check(values, fail), where fail(format, ...)
-- raises. Every assertion takes a `message` last, which the error begins with.
---@return table
function report.callable(name, params, check)
  params[#params + 1] = { "message", "text", false,
    doc = "what the error begins with" }
  local takes = signature.new(name, params)
  return arguments.callable(name, params, function(...)
    local values = takes:read(...)
    local told = values.message and values.message .. ": " or ""
    return check(values, function(format, ...)
      fail("%s: %s%s", name, told, format:format(...))
    end)
  end)
end

-- ------------------------------------------------------------------ values --

--- A value as a tensor that no tape hears of. What is none gets the dtype of
-- `like`, if that is one.
function report.tensor(value, like)
  if not (nd.is_tensor(value) or nd.is_variable(value)) then
    local typed = nd.is_tensor(like) or nd.is_variable(like)
    return nd.constant(value, typed and like.dtype or nil)
  end
  return nd.stop_gradient(value)
end

function report.typed(x)
  return ("%s %s"):format(x.dtype, x.shape)
end

--- The position of element `i` of a shape, both from 1, as text.
function report.position(shape, i)
  local list = {}
  i = i - 1
  for axis = #shape, 1, -1 do
    list[axis] = i % shape[axis] + 1
    i = i // shape[axis]
  end
  return "[" .. table.concat(list, " ") .. "]"
end

-- The value of a scalar, to the digits that its dtype has.
local function value_text(x)
  local value = x:item()
  if x.dtype == "float32" then
    value = tonumber(("%.7g"):format(value)) or value
  end
  return type(value) == "number" and number_text(value) or tostring(value)
end

-- The numbers of the elements that are false, SHOWN at most, and how many there
-- are.
local function find_false(holds)
  local found, count = {}, 0
  for i, value in ipairs(nd.reshape(holds, { -1 }):totable()) do
    count = count + (value and 0 or 1)
    if not value and #found < SHOWN then
      found[#found + 1] = i
    end
  end
  return found, count
end

--- What there is to say of the elements that do not hold: where the first are,
-- and the values there of each of the tensors in `list`.
function report.elements(holds, list)
  local found, count = find_false(holds)
  local texts = {}
  for k, i in ipairs(found) do
    local values = {}
    for n, x in ipairs(list) do
      local flat = nd.reshape(nd.broadcast_to(x, holds.shape), { -1 })
      values[n] = value_text(flat[i])
    end
    texts[k] = ("%s %s"):format(report.position(holds.shape, i),
      table.concat(values, " and "))
  end
  return ("%d of %d elements, at %s%s"):format(count, holds.size,
    table.concat(texts, ", "), count > #found and ", .." or "")
end

return report
