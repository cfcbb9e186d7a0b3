--- nd.autodiff.value_and_grad: a function that gives what f gives, and then the
-- gradient of its sum by each of its arguments, in their structure.
--
--   local loss, dw, db = nd.value_and_grad(f)(w, b)
--
-- What holds no floats has nil, what f captures counts as a constant. Several
-- values are all differentiated and come as a list; with `has_aux` only the
-- first is, and the others come last.
local nd = require "nadir"
local arguments = require "nadir.autodiff.arguments"
local fail = require "nadir.fail"
local names = require "nadir.names"

local known = { "argnums", "has_aux", "unconnected_gradients" }

-- The options of a call; a number or a list of them is `argnums`.
local function read_options(name, options)
  if type(options) == "number" or type(options) == "table" and #options > 0 then
    options = { argnums = options }
  elseif options ~= nil and type(options) ~= "table" then
    fail("%s: options must be a table, or the position of an argument", name)
  end
  options = options or {}
  names.check_options(name, options, known)
  local positions = options.argnums
  return {
    positions = type(positions) == "number" and { positions } or positions,
    has_aux = options.has_aux,
    unconnected = options.unconnected_gradients or "zero",
  }
end

-- Copies of the arguments that are differentiated, and the list of what is
-- watched of them.
local function watch(name, packed, positions)
  if not positions then
    return arguments.watch(name, packed)
  end
  local list, copies = {}, table.move(packed, 1, packed.n, 1, { n = packed.n })
  for _, position in ipairs(positions) do
    local before = #list
    copies[position] = arguments.copy(name, packed[position], list)
    if #list == before then
      fail("%s: argument %s holds no floats; write 2. for 2, or use nd.cast",
        name, tostring(position))
    end
  end
  return copies, list
end

local function target_of(values, options)
  return options.has_aux and values[1] or arguments.joined(values)
end

-- The results for the positions, or for all: nil for what has none.
local function gradients_of(copies, positions, found)
  local results = { n = positions and #positions or copies.n }
  for i = 1, results.n do
    local copy = copies[positions and positions[i] or i]
    results[i] = #arguments.leaves(copy) > 0 and arguments.like(copy, found)
      or nil
  end
  return results
end

-- What f gives, packed, and the packed gradients.
local function differentiate(name, f, options, packed)
  local copies, list = watch(name, packed, options.positions)
  local tape = nd.GradientTape { watch_accessed_variables = false }
  local values
  do
    local _ <close> = tape
    tape:watch(list)
    values = arguments.call(name, f, copies)
  end
  local gradients = tape:gradient(target_of(values, options), list, nil,
    options.unconnected)
  local found = {}
  for i, x in ipairs(list) do
    found[x] = gradients[i]
  end
  return values, gradients_of(copies, options.positions, found)
end

local function append(list, from, first)
  for i = first, from.n do
    list[list.n + i - first + 1] = from[i]
  end
  list.n = list.n + from.n - first + 1
end

-- A maker of functions; `with_value` says whether these give the value too.
local function make(name, with_value)
  local function call(f, options)
    arguments.check_function(name, f)
    options = read_options(name, options)
    return function(...)
      local values, gradients = differentiate(name, f, options,
        table.pack(...))
      local results = { n = 0 }
      if with_value then
        results = { target_of(values, options), n = 1 }
      end
      append(results, gradients, 1)
      if options.has_aux then
        append(results, values, 2)
      end
      return table.unpack(results, 1, results.n)
    end
  end
  return arguments.callable(name, {
    doc = with_value and "f as a function that gives its value, then gradients"
      or "the gradient of f, as a function of its arguments",
    { "f", "callable", doc = "what is differentiated, summed up" },
    { "options", "nested", false,
      doc = "argnums: by which arguments; has_aux: only the first value is "
        .. "differentiated; unconnected_gradients: 'zero', 'none' or 'error'" },
  }, call)
end

local value_and_grad = make("value_and_grad", true)
getmetatable(value_and_grad).grad = make("grad", false)
return value_and_grad
