--- Files of models and checkpoints whose configurations are nearly right:
-- values in them are of another type, much larger, missing, strange to where
-- they stand. They are loaded, and what is not refused is used. Every error has
-- to be one in words of ours.
--
--   build/asan/nadir tests/fuzz/models.lua SECONDS SEED    (make fuzz)
package.path = "tests/?.lua;tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local checkpoint_file = require "nadir.checkpoint_file"
local each_layer = require "layers.each_layer"
local is_ours = require "ours"
local L, optimizers = nd.layers, nd.optimizers

local models = {}

-- ------------------------------------------------------------------- files --

local schedule = optimizers.schedules.CosineDecayRestarts(0.1, 4)

local wrapped = {
  function()
    return optimizers.LossScaleOptimizer(optimizers.Adam(schedule))
  end,
  function()
    return optimizers.MultiOptimizer(optimizers.OptimizerMap("adam", {
      [".*bias"] = optimizers.SGD(schedule) }))
  end,
}

-- Optimizers of every rule, one after the other.
local function new_optimizer(i)
  local list = {}
  for name, Class in pairs(optimizers) do -- any order: sorted below
    list[#list + 1] = type(Class) == "function" and name or nil
  end
  table.sort(list)
  i = i % (#list + #wrapped) + 1
  if i > #list then
    return wrapped[i - #list]()
  end
  return optimizers[list[i]] { learning_rate = schedule, use_ema = true,
                               clipnorm = 1 }
end

local function sequential()
  local model = nd.Sequential { nd.Input { 3 }, L.Dense(2, {
    activation = "relu", kernel_regularizer = nd.regularizers.L1L2(0.1, 0.1),
    kernel_constraint = nd.constraints.MaxNorm(1),
    bias_initializer = nd.initializers.RandomNormal { seed = 2 },
  }), L.Dropout(0.5, { seed = 1 }), L.Dense(1) }
  return model, nd.ones { 2, 3 }
end

-- A model of the i-th kind, and what it takes.
local function new_model(i)
  local name = each_layer.names[i % (#each_layer.names + 1)]
  if not name then
    return sequential()
  end
  local row = each_layer.ways[name]
  return each_layer.model_around(each_layer.new(name), row),
    each_layer.draw_inputs(row, 2)
end

local y = nd.ones { 2, 1 }

-- Each writes a file of the i-th kind and gives what reads and uses it.
local kinds = {
  function(path, i)
    local model, x = new_model(i)
    model:compile { optimizer = new_optimizer(i), loss = nd.losses.Huber(0.5),
                    metrics = { "mae", nd.metrics.RootMeanSquaredError() } }
    model:train_on_batch(x, y)
    model:save(path)
    return function()
      local again = nd.models.load_model(path)
      return { again.predict, again, x }, { again.train_on_batch, again, x, y },
        { again.get_config, again }, { tostring, again },
        { again.save, again, path }
    end
  end,
  function(path, i)
    local model, x = new_model(i)
    model:compile(new_optimizer(i), "mse")
    model:train_on_batch(x, y)
    local checkpoint = nd.train.Checkpoint {
      model = model, optimizer = model.optimizer, w = nd.Variable { 1., 2 },
      random = nd.random.RandomState(3) }
    checkpoint:write(path)
    return function()
      checkpoint:restore(path)
      return { model.train_on_batch, model, x, y },
        { checkpoint.kept.random.randn, checkpoint.kept.random, 3 },
        { nd.random.normal, { 3 } }, { checkpoint.write, checkpoint, path }
    end
  end,
}

-- --------------------------------------------------------------- mutations --

local function deep(random)
  local value = {}
  for _ = 1, random(150) do value = { value } end
  return value
end

-- Names of classes of all kinds.
local class_names = {}
for _, module in ipairs { L, optimizers, nd.initializers, nd.losses, nd.models,
                          nd.regularizers, nd.metrics } do
  for name in pairs(module) do -- any order: sorted below
    class_names[#class_names + 1] = name
  end
end
table.sort(class_names)

-- Numbers up to `largest`, where they may be sizes.
local function new_value(random, largest)
  local values = {
    0, 1, -1, 2, 3, -2, 0.5, -0.5, 1e308, -1e308, 0 / 0, 1 / 0, -1 / 0,
    math.min(largest, 1 << 31), math.min(largest, 1 << 53), math.mininteger,
    math.min(largest, math.maxinteger), random(largest), true, false, "", "a",
    "\0", "relu", "float32", "int64", ("x"):rep(300), {}, { 1 }, { -1, 0 },
    { 2, 3 }, { false }, { { 1 } }, { "a" }, { a = 1 }, { ["@tensor"] = "a" },
    { class_name = 1 }, { class_name = "Dense", config = 3 },
  }
  local i = random(#values + 3)
  if i > #values + 1 then
    return { class_name = class_names[random(#class_names)], config = {} }
  end
  return i > #values and deep(random) or values[i]
end

-- One of the keys of a table, which are all numbers or all strings; nil if it
-- has none.
local function pick_key(t, random)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end -- any order: sorted
  table.sort(keys)
  return #keys > 0 and keys[random(#keys)] or nil
end

-- Goes down at random to a table that has something.
local function pick(value, random)
  while true do
    local key = pick_key(value, random)
    local inner = key and value[key]
    if type(inner) ~= "table" or next(inner) == nil -- any order: is there one
      or random(6) == 1 then
      return value, key
    end
    value = inner
  end
end

local function copy(value)
  if type(value) ~= "table" then
    return value
  end
  local all = {}
  for key, one in pairs(value) do all[key] = copy(one) end -- any order
  return all
end

local function remove(t, key)
  if math.type(key) == "integer" then
    table.remove(t, key)
  else
    t[key] = nil
  end
end

-- Each changes the entry `key` of t, within `whole`.
local changes = {
  function(t, key, random, largest) t[key] = new_value(random, largest) end,
  function(t, key, random, largest) t[key] = new_value(random, largest) end,
  function(t, key) remove(t, key) end,
  function(t, key, random, largest) -- another name, or one more in a list
    local name = math.type(key) == "integer" and #t + 1
      or ({ "x", key .. "_", "name", "units", "dtype" })[random(5)]
    t[name] = new_value(random, largest)
  end,
  function(t, key, random, _, whole) -- what stands elsewhere
    local from, name = pick(whole, random)
    t[key] = copy(from[name])
  end,
  function(t, key, random) -- a class for a class
    if t.class_name ~= nil then
      t.class_name = class_names[random(#class_names)]
    elseif type(t[key]) == "number" then
      t[key] = t[key] * random(-2, 3)
    end
  end,
}

local function mutate(tensors, values, random, largest)
  for _ = 1, random(3) do
    local t, key = pick(values, random)
    if key then
      changes[random(#changes)](t, key, random, largest, values)
    end
  end
  if random(10) == 1 then
    local name = pick_key(tensors, random)
    if name then
      tensors[name] = ({ nd.zeros { 2 }, nd.zeros({}, { dtype = "int64" }),
                         nd.zeros { 0, 3 } })[random(4)]
    end
  end
end

-- ------------------------------------------------------------------- trying --

-- Raises unless a call succeeds, or is refused.
local function try(f, ...)
  local trace
  local results = table.pack(xpcall(f, function(message)
    trace = debug.traceback(message)
    return message
  end, ...))
  if not results[1] and not is_ours(results[2]) then
    error(("refused by: %s"):format(trace or results[2]), 0)
  end
  return table.unpack(results, 1, results.n)
end

local function try_all(read)
  local results = table.pack(try(read))
  for i = 2, results[1] and results.n or 0 do
    try(table.unpack(results[i]))
  end
end

--- Tries mutations for so many seconds, or so many of them; gives how many.
function models.run(path, seconds, most, seed, largest)
  math.randomseed(seed)
  local start, count = nd.clock(), 0
  while count < most and nd.clock() - start < seconds do
    local write = kinds[math.random(#kinds)]
    local read = write(path, math.random(0, 1000))
    local original, values = checkpoint_file.read(path)
    for _ = 1, 10 do
      count = count + 1
      local tensors, changed = {}, copy(values)
      for name, x in pairs(original) do tensors[name] = x end -- any order
      mutate(tensors, changed, math.random, largest)
      if pcall(checkpoint_file.write, path, tensors, changed) then
        local ok, message = pcall(try_all, read)
        if not ok then
          checkpoint_file.write("fuzz-failure.safetensors", tensors, changed)
          error(("seed %d, file %d, kept as fuzz-failure.safetensors: %s")
            :format(seed, count, message), 0)
        end
      end
    end
  end
  return count
end

-- A new file, in memory where there is a folder for that: files are synced.
local function new_path()
  local path = os.tmpname()
  local other = "/dev/shm" .. path:match "/[^/]*$"
  local file = io.open(other, "w")
  if file then
    file:close()
    os.remove(path)
  end
  return file and other or path
end

if arg and arg[0] and arg[0]:find "fuzz/models.lua$" then
  local seconds = tonumber(arg[1] or 60)
  local seed = math.tointeger(tonumber(arg[2] or os.time()))
  local path = new_path()
  print(("%d models in %d s, seed %d: all refused or sound"):format(
    models.run(path, seconds, math.huge, seed, math.maxinteger), seconds, seed))
  os.remove(path)
end

return models
