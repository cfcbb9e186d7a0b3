--- Facts as Lua calls: reads the grammar of tests/facts/README.md and tries a
-- fact by the functions that scripts call.
local nd = require "nadir"

local facts = {}

local SETS = {
  floats = { "float32", "float64" },
  ints = { "int32", "int64", "uint8" },
  numbers = { "float32", "float64", "int32", "int64", "uint8" },
  values = { "float32", "float64", "int32", "int64", "uint8", "bool" },
  any = { "float32", "float64", "int32", "int64", "uint8", "bool", "float16",
          "bfloat16" },
}
for _, dtype in ipairs(SETS.any) do SETS[dtype] = { dtype } end
local ULP = { float32 = 2.0 ^ -23, float64 = 2.0 ^ -52, float16 = 0,
              bfloat16 = 0 }

-- ------------------------------------------------------------------ reading --
-- A reader is { text, at = position of the next character that is no space }.

local function take(r, pattern)
  local first, last, word = r.text:find("^(" .. pattern .. ")%s*", r.at)
  if first then r.at = last + 1 end
  return word
end

local function expect(r, pattern)
  return take(r, pattern) or error("cannot be read: " .. r.text:sub(r.at), 0)
end

-- { value = float or boolean, whole = integer if it is written as one,
--   place = unit of its last digit or 0 }
local function number(r)
  local word = expect(r, "[%w%.%-+]+")
  if word == "true" or word == "false" then
    return { value = word == "true", place = 0 }
  end
  local sign, rest = word:match("^(-?)(.*)$")
  local value = ({ inf = math.huge, nan = 0 / 0 })[rest]
    or tonumber(rest) + 0.0
  local digits, exponent = rest:match("^([%d%.]+)e?([-+]?%d*)$")
  local place = 0
  if digits and #digits:gsub("^[0.]+", ""):gsub("%.", "") >= 7 then
    local decimals = #(digits:match("%.(%d*)$") or "")
    place = 10.0 ^ ((tonumber(exponent) or 0) - decimals)
  end
  return { value = sign == "-" and -value or value, place = place,
           whole = math.tointeger(tonumber(word)) }
end

local function literal(r)
  if not take(r, "%[") then return number(r) end
  local list = {}
  while not take(r, "%]") do list[#list + 1] = literal(r) end
  return { list = list }
end

local function dtype(r)
  local word = r.text:match("^%l+%d*", r.at)
  if word and SETS[word] and #SETS[word] == 1 then
    return take(r, word)
  end
end

-- "3", "0.5", "true", "[1 2:3:1]" or a word, as a Lua value.
local function option(r)
  if take(r, "%[") then
    local list = {}
    while not take(r, "%]") do list[#list + 1] = option(r) end
    return list
  end
  local word = expect(r, "[%w%.%-+:_,>]+")
  if word:find(":", 1, true) then
    local range = {}
    for part in word:gmatch("[^:]+") do range[#range + 1] = tonumber(part) end
    return range
  end
  if word == "true" or word == "false" then return word == "true" end
  local special = { inf = math.huge, ["-inf"] = -math.huge, nan = 0 / 0 }
  return special[word] or tonumber(word) or word
end

local function ends(r)
  return r.at > #r.text or r.text:find("^%->", r.at)
    or r.text:find("^!!", r.at) or r.text:find("^[)}]", r.at)
    or r.text:find("^along%s", r.at) or r.text:find("^through%s", r.at)
end

local function call(r)
  local node = { op = expect(r, "[%l_%d]+"), inputs = {}, options = {} }
  local inputs = node.inputs
  while not ends(r) do
    local name = r.text:match("^([%l_%d]+)=", r.at)
    if name then
      take(r, "[%l_%d]+=")
      local is_list = r.text:find("^%[", r.at)
      local value = option(r)
      local is_range = type(value) == "table" and not is_list
      node.options[name] = is_range and { value } or value
    elseif take(r, "{") then
      inputs = {}
      node.inputs[#node.inputs + 1] = { list = inputs }
    elseif take(r, "%(") then
      inputs[#inputs + 1] = call(r)
      expect(r, "%)")
    else
      inputs[#inputs + 1] = take(r, "none%f[%s]") and {}
        or { dtype = dtype(r), literal = literal(r) }
    end
    if take(r, "}") then inputs = node.inputs end
  end
  return node
end

local function results(r)
  local list = {}
  repeat
    list[#list + 1] = take(r, "none") or { dtype = dtype(r),
                                           literal = literal(r) }
  until not take(r, "|")
  return list
end

--- Reads a fact; raises what cannot be read.
function facts.read(text)
  local r = { text = text, at = 1 }
  local fact = { text = text, ulps = 4, within = 0 }
  local set = take(r, "%l+%d*:")
  fact.dtypes = SETS[set and set:sub(1, -2) or "floats"]
  fact.order = #(take(r, "d+%f[%s]") or "")
  fact.call = call(r)
  take(r, "through dense")
  fact.along = take(r, "along") and literal(r)
  if take(r, "!!") then
    fact.message = r.text:sub(r.at)
    return fact
  end
  expect(r, "%->")
  fact.results = results(r)
  if take(r, "exactly") then fact.ulps = 0 end
  if take(r, "within") then
    local far = number(r).value
    fact[take(r, "ulp") and "ulps" or "within"] = far
  end
  assert(r.at > #text, "cannot be read: " .. text:sub(r.at))
  return fact
end

--- Calls f(fact, "path:line") for each fact of tests/facts and tests/golden.
function facts.each(f)
  local names = io.popen("ls tests/facts/*.txt tests/golden/*.txt")
  for path in names:lines() do
    local text, start, at = nil, 0, 0
    local function finish()
      if text and text ~= "" then
        f(facts.read(text), ("%s:%d"):format(path, start))
      end
    end
    for line in io.lines(path) do
      at = at + 1
      if line:find("^ ") then
        text = text .. line:gsub("^ *", " ")
      elseif not line:find("^#") then
        finish()
        text, start = line, at
      end
    end
    finish()
  end
  names:close()
end

-- ------------------------------------------------------------------- trying --

local function as_lua(tree, to)
  if tree.list then
    local list = {}
    for i, element in ipairs(tree.list) do list[i] = as_lua(element, to) end
    return list
  end
  if to == "bool" then return tree.value == true or tree.value == 1 end
  if not ULP[to] then return tree.whole or math.tointeger(tree.value) end
  return tree.value
end

local function make(node, to)
  to = node.dtype or to
  return nd.constant(as_lua(node.literal, to), to)
end

-- A copy of the call whose literals are tensors, and the float ones of them;
-- false is what is left out.
local function make_inputs(node, to, sources)
  if node.literal then
    local x = make(node, to)
    if (ULP[x.dtype] or 0) > 0 then sources[#sources + 1] = x end
    return x
  end
  if not next(node) then return false end
  local inputs = {}
  for i, input in ipairs(node.inputs or node.list) do
    inputs[i] = make_inputs(input, to, sources)
  end
  if node.list then return inputs end
  return { op = node.op, inputs = inputs, options = node.options }
end

local params, home = {}, {} -- by name of the op
for _, op in ipairs(nd.ops()) do
  params[op.name] = op.params
  home[op.name] = op.inside and nd[op.module] or nd
end

-- {{1, 3}, {2, 4}}, a pair for each axis, as lists of both sides.
local function as_sides(pairs)
  local sides = { {}, {} }
  for i, pair in ipairs(pairs) do
    sides[1][i], sides[2][i] = pair[1], pair[2]
  end
  return sides
end

-- Options as a call takes them.
local function options_of(node)
  local options = {}
  for _, p in ipairs(params[node.op]) do
    local value = node.options[p.name]
    local sides = p.kind == "axis pairs" and type(value) == "table"
    options[p.name] = sides and as_sides(value) or value
  end
  return options
end

-- Inputs come first, or by name where an op has something else before one, or
-- one is left out.
local function arguments(node, inputs)
  local options = options_of(node)
  local is_whole = true
  for i, input in ipairs(inputs) do
    is_whole = is_whole and input and params[node.op][i].kind:find "^tensor"
  end
  if is_whole and params[node.op][1].kind:find "^tensor" then
    inputs[#inputs + 1] = next(options) and options or nil
    return inputs
  end
  local i = 0
  for _, p in ipairs(params[node.op]) do
    if p.kind:find "^tensor" then
      i = i + 1
      options[p.name] = inputs[i] or nil
    end
  end
  return { options }
end

local function apply(node)
  if not node or nd.is_tensor(node) then return node end
  local list = {}
  for i, input in ipairs(node.inputs or node) do list[i] = apply(input) end
  if not node.op then return list end
  return home[node.op][node.op](table.unpack(arguments(node, list)))
end

-- What the outermost call gives, as a list in any case.
local function results_of(node)
  local all = { apply(node) }
  return nd.is_tensor(all[1]) and all or all[1]
end

-- The gradients of the fact's order: y's, those of their sum, and so on.
local function differentiate(fact, to, node, sources)
  local tapes = {}
  for k = 1, fact.order do
    tapes[k] = nd.GradientTape { persistent = true }
    tapes[k]:watch(sources)
  end
  local targets, found = results_of(node), nil
  for k = fact.order, 1, -1 do
    local seeds = k == 1 and fact.along
      and { nd.constant(as_lua(fact.along, to), to) } or nil
    for i = 2, seeds and #targets or 0 do seeds[i] = false end
    found = tapes[k]:gradient(targets, sources, seeds)
    targets = {}
    for _, g in ipairs(found) do
      if g then targets[#targets + 1] = g end
    end
  end
  for _, tape in ipairs(tapes) do tape:release() end
  return found
end

local function is_right(fact, got, want, place, to)
  if math.type(got) ~= "float" then
    return got == want
      or math.type(got) == "integer" and math.abs(got - want) <= fact.within
  end
  if got == want then
    return want ~= 0 or 1 / want > 0 or 1 / got < 0
  end
  if want ~= want or math.abs(want) == math.huge or got ~= got then
    return want ~= want and got ~= got
  end
  if want == 0 then return math.abs(got) <= fact.within end
  local least = to == "float32" and 2.0 ^ -126 or 2.0 ^ -1022
  local ulps = fact.ulps * ULP[to] * math.max(math.abs(want), least)
  return math.abs(got - want) <= math.max(ulps, place, fact.within)
end

local function compare(fact, got, tree, to, path)
  if tree.list then
    if type(got) ~= "table" or #got ~= #tree.list then
      error(("%s: another shape"):format(path), 0)
    end
    for i, element in ipairs(tree.list) do
      compare(fact, got[i], element, to, ("%s[%d]"):format(path, i))
    end
    return
  end
  local want = as_lua(tree, to)
  if to == "float32" and tree.place == 0 then
    want = string.unpack("f", string.pack("f", want))
  end
  if type(got) == "table" or not is_right(fact, got, want, tree.place, to) then
    error(("%s is %s, not %s"):format(path, tostring(got), tostring(want)), 0)
  end
end

local function check(fact, x, result, to, name)
  if result == "none" then
    assert(not x, name .. " is not none")
    return
  end
  assert(x, name .. " is none")
  to = result.dtype or to
  if x.dtype ~= to then
    error(("%s: dtype %s, not %s"):format(name, x.dtype, to), 0)
  end
  compare(fact, x:totable(), result.literal, to, name)
end

local function check_all(fact, found, to, kind)
  assert(#found == #fact.results, ("another number of %ss"):format(kind))
  for i, result in ipairs(fact.results) do
    check(fact, found[i], result, to, kind .. " " .. i)
  end
end

local function try(fact, to)
  local sources = {}
  local node = make_inputs(fact.call, to, sources)
  if fact.message then
    local ok, message = pcall(apply, node)
    assert(not ok, "is not refused")
    message = message:gsub("^[^:]*:%d+: ", "")
    assert(message == fact.message, "refused by: " .. message)
  elseif fact.order == 0 then
    check_all(fact, results_of(node), to, "result")
  else
    check_all(fact, differentiate(fact, to, node, sources), to, "gradient")
  end
end

--- Raises what is wrong with the fact, in any of its dtypes.
function facts.check(fact)
  for _, to in ipairs(fact.dtypes) do
    local ok, message = pcall(try, fact, to)
    if not ok then
      error(("%s\n  %s: %s"):format(fact.text, to, message), 0)
    end
  end
end

return facts
