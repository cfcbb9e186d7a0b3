-- Every entry point gives, with a quota that is full of garbage, what it gives
-- without. test_quota_sweep.c passes `fill`, which fills it and stops Lua's own
-- collections, and `free`, which takes the quota away.
local fill, free = ...
local nd = require "nadir"
local cases = {}

-- What a call gives, as text.
local function describe(value)
  if type(value) ~= "table" then
    return tostring(value)
  end
  local keys, parts = {}, {}
  for key in pairs(value) do
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  for _, key in ipairs(keys) do
    parts[#parts + 1] = tostring(key) .. "=" .. describe(value[key])
  end
  return "{" .. table.concat(parts, " ") .. "}"
end

local function case(name, prepare, call)
  cases[#cases + 1] = { name, prepare, call }
end

local function none() end

-- ------------------------------------------------------------------- ops --
-- Arguments by the kinds of an op's parameters; what does not fit gives an
-- error, which must be the same.
local VALUES = {
  tensor = function() return nd.ones { 12, 12 } end,
  tensors = function() return { nd.ones { 12, 12 }, nd.ones { 12, 12 } } end,
  flag = function() return true end,
  integer = function() return 3 end,
  number = function() return .5 end,
  dtype = function() return "float64" end,
  axis = function() return 1 end,
  axes = function() return { 1 } end,
  shape = function() return { 12, 12 } end,
  ranges = function() return { { 1, 5 }, {} } end,
  integers = function() return 3 end,
  pairs = function() return 1 end,
  ["axis pairs"] = function() return 1 end,
  text = function() return "ij,jk->ik" end,
}

-- So many results for each element of a tensor.
local EACH = { gamma = { 2 }, poisson = { 2 } }

local function needed_arguments(op, literal)
  local list = {}
  for i, p in ipairs(op.params) do
    if p.initial == nil or p.kind == "tensor" then
      list[i] = p.kind == "shape" and EACH[op.name] or VALUES[p.kind]()
      if literal and p.kind == "tensor" then
        list[i] = list[i]:totable()
      end
    end
  end
  return list
end

for _, op in ipairs(nd.ops()) do
  local f = (op.inside and nd[op.module] or nd)[op.name]
  for _, literal in ipairs { false, true } do
    case(op.name, function()
      nd.random.set_seed(1)
      return needed_arguments(op, literal)
    end, function(list)
      local results = { f(table.unpack(list, 1, #op.params)) }
      return #results > 1 and results or results[1]
    end)
  end
end

-- ------------------------------------------------------- tensors, variables --
local function big() return nd.ones { 12, 12 } end
local function variable() return nd.Variable(nd.ones { 12, 12 }) end

for name, call in pairs {
  totable = function(x) return x:totable() end,
  tostring = tostring,
  shape = function(x) return x.shape end,
  slice = function(x) return x[2] end,
  ranges = function(x) return x[{ { 2, 3 }, {} }] end,
  constant = function(x) return nd.constant(x) end,
  reshaped = function(x) return nd.constant(x, nil, { 144 }) end,
  Variable = function(x) return nd.Variable(x) end,
  initializer = function(x) return nd.Variable(function() return x end) end,
} do
  case(name, big, call)
end

for name, call in pairs {
  read_value = function(v) return v:read_value() end,
  text = tostring,
  assign = function(v) v:assign(nd.zeros { 12, 12 }) return v end,
  assign_add = function(v) v:assign_add(nd.ones { 12, 12 }) return v end,
  assign_sub = function(v) v:assign_sub(nd.ones { 12, 12 }) return v end,
  assign_part = function(v)
    v[{ { 2, 12 } }] = v[{ { 1, 11 } }]
    return v
  end,
  scatter = function(v)
    return v:scatter_nd_add({ { 1 }, { 2 } }, nd.ones { 2, 12 })
  end,
  assign_table = function(v)
    v:assign(nd.zeros { 12, 12 }:totable())
    return v
  end,
} do
  case(name, variable, call)
end

-- ------------------------------------------------------------------- tapes --
local function recording(options)
  local v = variable()
  local tape = nd.GradientTape(options)
  local y = nd.reduce_sum(nd.square(v) * v)
  return { v = v, tape = tape, y = y }
end

case("GradientTape", none, function() return nd.GradientTape() ~= nil end)
case("gradient", recording, function(r) return r.tape:gradient(r.y, r.v) end)
case("gradients", recording,
  function(r) return r.tape:gradient({ r.y }, { w = r.v, r.y }) end)
case("gradient of zeros", recording, function(r)
  return r.tape:gradient(r.y, { r.v, nd.ones { 12 } },
    { unconnected_gradients = "zero" })
end)
case("persistent", function() return recording { persistent = true } end,
  function(r)
    return { r.tape:gradient(r.y, r.v), r.tape:gradient(r.y, r.v) }
  end)
case("watch", function() return { x = big(), tape = nd.GradientTape() } end,
  function(r)
    r.tape:watch { r.x }
    return r.tape:gradient(nd.square(r.x), r.x)
  end)
case("watched_variables", recording,
  function(r) return r.tape:watched_variables() end)
case("stop_recording", recording, function(r)
  local pause <close> = r.tape:stop_recording()
  return pause ~= nil
end)
case("read on a tape", function()
  return { variable(), variable(), nd.GradientTape() }
end, function(r) return r[1] * r[2] end)

-- -------------------------------------------------------------- optimizers --
for _, name in ipairs { "SGD", "Adam" } do
  local new = nd.optimizers[name]
  case(name, none, function() return new { learning_rate = .5 }.name end)
  case(name .. ".apply_gradients", function()
    return { o = new(), v = variable(), g = big() }
  end, function(r)
    r.o:apply_gradients({ r.g }, { r.v })
    return r.v
  end)
end

-- ------------------------------------------------------------------ random --
local function state() return nd.random.RandomState(7) end
case("RandomState", none, function() return state():rand() end)
for name, call in pairs {
  rand = function(r) return r:rand(12, 12) end,
  randn = function(r) return r:randn(12, 12) end,
  uniform = function(r) return r:uniform { size = { 12, 12 } } end,
  normal = function(r) return r:normal { size = { 12, 12 } } end,
  randint = function(r) return r:randint(5, { size = { 12, 12 } }) end,
  choice = function(r) return r:choice(200, { size = 100 }) end,
  ["choice without replacement"] = function(r)
    return r:choice(200, { size = 100, replace = false })
  end,
  ["choice of rows"] = function(r) return r:choice(big(), { size = 100 }) end,
  permutation = function(r) return r:permutation(200) end,
  ["permutation of rows"] = function(r) return r:permutation(big()) end,
  get_state = function(r) return r:get_state().position end,
} do
  case(name, state, function(r) return { call(r), r:rand() } end)
end
case("nd.random.shuffle", function()
  nd.random.set_seed(3)
  return nd.range(1, 100)
end, function(x) return { nd.random.shuffle(x), nd.random.uniform { 2 } } end)

-- --------------------------------------------------------------------- run --
local function attempt(prepare, call, full)
  local made = prepare()
  if full then
    fill()
  end
  local ok, result = pcall(call, made)
  free()
  collectgarbage "restart"
  return tostring(ok) .. " " .. describe(result)
end

for _, c in ipairs(cases) do
  local name, prepare, call = table.unpack(c)
  local want = attempt(prepare, call, false)
  local got = attempt(prepare, call, true)
  if got ~= want then
    error(("%s:\n  with a full quota %s\n  without %s")
      :format(name, got:sub(1, 300), want:sub(1, 300)), 0)
  end
end
return #cases
