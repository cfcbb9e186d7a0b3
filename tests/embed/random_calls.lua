-- Calls everything in the module with arguments made at random, half of them of
-- the kinds that the table of ops asks for. Returns the messages that break the
-- grammar `file:line: name: text`.
local nd = require "nadir"

local seed, calls = ...
math.randomseed(seed)

local function one_of(list)
  return list[math.random(#list)]
end

-- Values ----------------------------------------------------------------------

local dtypes = { "float32", "float64", "int32", "int64", "uint8", "bool" }
local shapes = { {}, {}, { 1 }, { 3 }, { 2, 3 }, { 3, 2 }, { 0 }, { 2, 0, 3 },
  { 2, 1, 2 }, { 1, 1, 1, 2, 1, 2, 1, 1 }, { 700 } }
local numbers = { 0, 1, 2, 3, -1, -2, 8, 9, 100, 1 << 31, -1 << 31, 1 << 53,
  1 << 62, math.maxinteger, math.mininteger, 0., 1., 2., .5, -.5, -0., 1e308,
  1e-320, 1 / 0, -1 / 0, 0 / 0, 2.^31, 2.^63 }
local words = { "", "float32", "int64", "bool", "nothing", "1", "zero", "none",
  "shape", ("x"):rep(1000), "\0", "%s%n%d" }
local options = { "axis", "keepdims", "shape", "dtype", "x", "a", "values",
  "indices", "depth", "name", "minval", "persistent", "learning_rate", "size",
  "perm", "output_gradients", "unconnected_gradients", "begin", "nothing" }

local objects = {}
local value

local function new_tensor()
  local ok, x = pcall(function()
    local x = nd.random.uniform(one_of(shapes), -2., 5.)
    if math.random(2) == 1 then x = nd.cast(x, one_of(dtypes)) end
    local turn = math.random(6)
    if turn == 1 then return x:transpose() end
    if turn == 2 then return x[{ { -1, 1, -1 } }] end
    if turn == 3 then return nd.broadcast_to(x, { 2, 2, 3 }) end
    if turn == 4 then return nd.Variable(x) end
    return x
  end)
  return ok and x or nd.constant(1.)
end

local function new_list(depth)
  local t = {}
  for i = 1, math.random(0, 4) do t[i] = value(depth + 1) end
  return t
end

local function new_options(depth)
  local t = {}
  for _ = 1, math.random(2) do t[one_of(options)] = value(depth + 1) end
  return t
end

local function new_cycle()
  local t = { 1., 2. }
  t[math.random(3)] = t
  return t
end

local makers = {
  function() return nil end,
  function() return math.random(2) == 1 end,
  function() return one_of(numbers) end,
  function() return math.random(-3, 3) end,
  function() return one_of(words) end,
  new_tensor, new_tensor, new_tensor,
  function() return one_of(shapes) end,
  new_list, new_list, new_options,
  new_cycle,
  function() return one_of(objects) end,
  function() return io.stdout end,
  function() return coroutine.create(print) end,
  function() return function() return new_tensor() end end,
}

function value(depth)
  if depth > 3 then return math.random(3) end
  return one_of(makers)(depth)
end

-- What the table of ops asks for, by the names that nd.ops() gives kinds.
local fitting = {
  tensor = new_tensor,
  tensors = function() return { new_tensor(), new_tensor() } end,
  flag = function() return math.random(2) == 1 end,
  integer = function() return math.random(-2, 4) end,
  number = function() return one_of(numbers) end,
  dtype = function() return one_of(dtypes) end,
  axis = function() return math.random(-3, 3) end,
  axes = function() return { math.random(-3, 3), math.random(3) } end,
  shape = function() return one_of(shapes) end,
  ranges = function() return { { math.random(-3, 3), math.random(-3, 3) } } end,
  integers = function()
    return one_of { math.random(-1, 4), { math.random(-1, 3), math.random(3) } }
  end,
  word = function() return one_of(words) end,
  text = function() return one_of { "ij,jk->ik", "...i", "ii", "ij", "->" } end,
  pairs = function()
    return one_of { 1, { 1, { 0, math.random(-1, 3) } }, { { 1, 2 } } }
  end,
  ["axis pairs"] = function()
    return one_of { math.random(-1, 2), { 1, -1 }, { { 1, 2 }, { 2, 1 } } }
  end,
  ["number or word"] = function()
    return math.random(2) == 1 and one_of(numbers) or one_of(words)
  end,
  padding = function()
    return one_of { "VALID", "SAME", 1, { 1, { 0, math.random(-1, 3) } } }
  end,
}

-- Calls -----------------------------------------------------------------------

local targets = {}

local function add_table(t, params)
  for name, f in pairs(t) do
    if type(f) == "function" then
      targets[#targets + 1] = { f = f, params = params[name] or {} }
    end
  end
end

local params = {}
for _, op in ipairs(nd.ops()) do params[op.name] = op.params end
for _, t in ipairs { nd, nd.random, nd.nn, nd.linalg, nd.optimizers } do
  add_table(t, params)
end

local function renew()
  objects = { nd.GradientTape { persistent = true }, nd.optimizers.Adam(),
    nd.random.RandomState(1), nd.Variable { 1., 2. }, new_tensor() }
end

local methods = { { "watch", "gradient", "gradient", "stop_recording", "pause",
    "reset", "release", "watched_variables", "nothing" },
  { "apply_gradients", "learning_rate", "iterations", "name" },
  { "rand", "randn", "uniform", "normal", "randint", "choice", "permutation",
    "shuffle", "seed", "get_state", "set_state" },
  { "assign", "assign_add", "assign_sub", "read_value", "name", "trainable",
    "scatter_add", "scatter_nd_max", "batch_scatter_update", "sparse_read" },
  { "item", "totable", "shape", "dtype", "rank", "size" } }

local operators = {
  function(a, b) return a + b end, function(a, b) return a // b end,
  function(a, b) return a ^ b end, function(a) return -a end,
  function(a) return #a end, function(a, b) return a[b] end,
  function(a, b) a[b] = b end, function(a) return tostring(a) end,
  function(a, b) return a % b end, function(a, b) return a .. b end,
}

local function random_arguments(target)
  local list, n = {}, math.random(0, math.max(3, #target.params))
  if math.random(3) > 1 and #target.params > 0 then
    n = #target.params - math.random(5) // 5
    for i, p in ipairs(target.params) do
      list[i] = math.random(20) == 1 and value(0) or fitting[p.kind]()
    end
  else
    for i = 1, n do list[i] = value(0) end
  end
  return list, n
end

local function call_once()
  local turn = math.random(10)
  if turn == 1 then
    local f, a, b = one_of(operators), value(0), value(0)
    if type(a) == "userdata" and io.type(a) == nil then return f, a, b end
  elseif turn <= 3 then
    local k = math.random(#objects)
    local object, name = objects[k], one_of(methods[k])
    local list, n = random_arguments { params = {} }
    return function()
      local f = object[name]
      return type(f) == "function" and f(object, table.unpack(list, 1, n)) or f
    end
  end
  local target = one_of(targets)
  local list, n = random_arguments(target)
  return target.f, table.unpack(list, 1, n)
end

-- Lua's own words for what never reaches us.
local foreign = { "attempt to ", "bad argument #", "stack overflow" }

local function keeps_grammar(message)
  if message == "not enough memory" then return true end
  if type(message) ~= "string" then return false end
  local text = message:match "^[^:]*:%d+: (.*)$"
  for _, words_ in ipairs(foreign) do
    if text and text:find(words_, 1, true) == 1 then return true end
  end
  return text ~= nil and text:find "^[%w_#.]+: ." ~= nil
end

local broken = {}
warn "@off"
for k = 1, calls do
  if k % 100 == 1 then renew() end
  local ok, result = pcall(call_once())
  if ok and nd.is_tensor(result) then
    objects[5] = result
  elseif not ok and not keeps_grammar(result) then
    broken[#broken + 1] = tostring(result)
  end
end
return table.concat(broken, "\n")
