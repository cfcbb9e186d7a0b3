--- What derivatives of functions have in common: arguments, which may be tables
-- of tensors, as the tensors that a tape watches, and results in their shape. A
-- table with a metatable, such as a layer, is passed on as it is.
local nd = require "nadir"
local fail = require "nadir.fail"
local structure = require "nadir.structure"

local is_plain = structure.is_plain

local arguments = {}

local DEEPEST = 32  -- that tables may be nested, as everywhere

local function is_tensor(value)
  return nd.is_tensor(value) or nd.is_variable(value)
end

function arguments.is_float(x)
  return x.dtype:find "^float" ~= nil
end

--- The tensors and Variables in a value, in the order of the core.
---@return table list
function arguments.leaves(value, list, depth)
  list, depth = list or {}, depth or 0
  if is_tensor(value) then
    list[#list + 1] = value
  elseif is_plain(value) and depth <= DEEPEST then
    for _, key in ipairs(structure.keys(value)) do
      arguments.leaves(value[key], list, depth + 1)
    end
  end
  return list
end

--- A value with `change(leaf)` for each tensor, Variable and float number, as
-- `name` needs it.
function arguments.map(name, value, change, depth)
  depth = depth or 0
  if is_tensor(value) or math.type(value) == "float" then
    return change(value)
  elseif not is_plain(value) then
    return value
  elseif depth > DEEPEST then
    fail("%s: a table is nested deeper than %d", name, DEEPEST)
  end
  local copy = {}
  for key, element in pairs(value) do -- any order: each its own
    copy[key] = arguments.map(name, element, change, depth + 1)
  end
  return copy
end

--- A value with found[leaf] for each leaf, and false where there is none.
function arguments.like(value, found)
  if is_plain(value) then
    local copy = {}
    for key, element in pairs(value) do -- any order: each its own
      copy[key] = arguments.like(element, found)
    end
    return copy
  end
  return value ~= nil and found[value] or false
end

--- A copy of a value in which each float tensor is one of its own, so that what
-- is captured or given twice counts apart; these come in `list`.
function arguments.copy(name, value, list)
  return arguments.map(name, value, function(x)
    if type(x) == "number" then
      x = nd.constant(x)
    elseif not arguments.is_float(x) then
      return x
    end
    x = nd.identity(x)
    list[#list + 1] = x
    return x
  end)
end

--- The arguments that a list stands for; anything else is one argument.
---@return table packed
function arguments.of(primals)
  if is_plain(primals) and primals[1] ~= nil then
    return table.pack(table.unpack(primals))
  end
  return table.pack(primals)
end

--- Results for packed arguments in the shape of what they came from.
function arguments.results(primals, copies, found)
  if is_plain(primals) and copies[1] ~= nil and primals[1] ~= nil then
    local list = {}
    for i = 1, copies.n do
      list[i] = arguments.like(copies[i], found)
    end
    return list
  end
  return arguments.like(copies[1], found)
end

--- Copies of packed arguments, and the list of what is watched of them.
function arguments.watch(name, packed)
  local list, copies = {}, { n = packed.n }
  for i = 1, packed.n do
    copies[i] = arguments.copy(name, packed[i], list)
  end
  if #list == 0 then
    fail("%s: no argument holds floats; write 2. for 2, or use nd.cast", name)
  end
  return copies, list
end

--- Raises unless `f` can be called.
function arguments.check_function(name, f)
  local metatable = getmetatable(f)
  if type(f) ~= "function"
    and not (type(metatable) == "table" and metatable.__call) then
    fail("%s: f must be a function, got %s", name,
      require "nadir.describe".value(f))
  end
end

-- Where a function is written, as messages say it.
local function place_of(f)
  local info = type(f) == "function" and debug.getinfo(f, "S")
  return info and info.linedefined > 0
    and (" from the function at %s:%d"):format(info.short_src,
      info.linedefined) or ""
end

--- What f gives for packed arguments, packed, with numbers as tensors.
function arguments.call(name, f, packed)
  local values = table.pack(f(table.unpack(packed, 1, packed.n)))
  if values.n == 0 or values[1] == nil then
    fail("%s: f returned nothing to differentiate; did you forget to return a "
      .. "value%s?", name, place_of(f))
  end
  for i = 1, values.n do
    if type(values[i]) == "number" then
      values[i] = nd.constant(values[i] + 0.)
    end
  end
  return values
end

--- One value as it is, several as a list.
function arguments.joined(values)
  if values.n == 1 then
    return values[1]
  end
  return table.move(values, 1, values.n, 1, {})
end

--- Makes what scripts call: `call(...)` with its signature for help.
function arguments.callable(name, params, call)
  return require "nadir.signature".new(name, params):callable(call)
end

return arguments
