--- Trainings that are broken off and go on in another process. Prints a line
-- for each: its name, how it is kept, and a number that stands for the bits of
-- the weights in the end.
--
--   build/nadir tests/lua/models/resume.lua whole|first|rest DIRECTORY
--
-- `whole` trains six epochs, `first` three, and `rest` the other three from
-- what `first` left in the directory.
local nd = require "nadir"
local L, optimizers = nd.layers, nd.optimizers
local what, directory = ...
local EPOCHS <const> = 6

-- ------------------------------------------------------------------- cases --

local function dense()
  return nd.Sequential { nd.Input { 3, 2 }, L.Flatten(), L.Dropout(0.2),
                         L.Dense(3, { activation = "tanh" }), L.Dense(1) }
end

local schedule = optimizers.schedules.ExponentialDecay(0.05, 2, 0.7)

local everything = { learning_rate = schedule, use_ema = true,
                     weight_decay = 0.1, gradient_accumulation_steps = 2,
                     clipnorm = 0.5 }

-- Optimizers that take steps by gradients: those that need more than settings.
local made_by = {
  LossScaleOptimizer = function()
    return optimizers.LossScaleOptimizer(optimizers.Adam(schedule),
      { dynamic_growth_steps = 4 })
  end,
  MultiOptimizer = function()
    return optimizers.MultiOptimizer(optimizers.OptimizerMap("adam", {
      [".*bias"] = optimizers.SGD(schedule) }))
  end,
}

-- What the namespace has beside them: no schedule takes a step, and neither
-- does a map; and these search for themselves, in calls of `minimize` that keep
-- nothing for the next.
local no_steps = { schedules = true, OptimizerMap = true, LBFGS = true,
                   ConjugateGradient = true, LevenbergMarquardt = true }

local cases = {}

local function add_case(name, make_model, make_optimizer)
  cases[#cases + 1] = { name = name, make_model = make_model,
                        make_optimizer = make_optimizer }
end

for name, Class in pairs(optimizers) do -- any order: sorted below
  if made_by[name] then
    add_case(name, dense, made_by[name])
  elseif not no_steps[name] then
    add_case(name, dense, function() return Class() end)
    add_case(name .. " with everything", dense, function()
      return Class(everything)
    end)
  end
end
for name, Schedule in pairs(optimizers.schedules) do -- any order: sorted below
  local arguments = ({
    CosineDecayRestarts = { 0.1, 4 }, PiecewiseConstantDecay = {
      { 2, 5 }, { 0.1, 0.05, 0.01 } } })[name] or { 0.1, 7, 0.5 }
  if name ~= "LearningRateSchedule" then
    add_case(name, dense, function()
      return optimizers.SGD(Schedule(table.unpack(arguments)))
    end)
  end
end

-- Layers that keep something for the next call.
local keeping = {
  noise = function() return { L.Dropout(0.5, { seed = 1 }),
    L.GaussianNoise(0.1, { seed = 2 }), L.Flatten() } end,
  normalizations = function() return { L.BatchNormalization(),
    L.SpectralNormalization(L.Dense(2)), L.Flatten() } end,
  ["stateful layers"] = function() return {
    L.Bidirectional(L.LSTM(2, { stateful = true, return_sequences = true,
                                recurrent_dropout = 0.2, seed = 4 })),
    L.RNN({ L.GRUCell(2, { dropout = 0.3, seed = 5 }), L.LSTMCell(3) },
      { stateful = true }) } end,
  attention = function()
    local x = nd.Input { 3, 2 }
    local y = L.MultiHeadAttention(2, 2, { dropout = 0.5, seed = 3 })(x, x)
    return { nd.Model(x, y), L.Flatten() }
  end,
}

for name, make_layers in pairs(keeping) do -- any order: sorted below
  add_case(name, function()
    local model = nd.Sequential { nd.Input { 3, 2 } }
    for _, layer in ipairs(make_layers()) do model:add(layer) end
    model:add(L.Dense(1))
    return model
  end, optimizers.Adam)
end

table.sort(cases, function(a, b) return a.name < b.name end)

-- -------------------------------------------------------------------- ways --

nd.random.set_seed(9)
local x, y = nd.random.normal { 12, 3, 2 }, nd.random.normal { 12, 1 }

local function fit_epochs(model, first, last, callbacks, shuffle)
  model:fit(x, y, { epochs = last, initial_epoch = first, batch_size = 4,
                    verbose = 0, shuffle = shuffle, callbacks = callbacks })
end

local function new_model(case, seed)
  nd.random.set_seed(seed)
  local model = case.make_model()
  model:compile(case.make_optimizer(), "mse")
  return model
end

-- Each trains a model from what there is, up to an epoch, and gives it.
local ways = {}

-- A file of a model has no random states: whoever goes on sets a seed.
function ways.model(case, path, first, last)
  local model = first == 0 and new_model(case, 1) or nd.models.load_model(path)
  for epoch = first, last - 1 do
    nd.random.set_seed(epoch)
    fit_epochs(model, epoch, epoch + 1, {}, true)
  end
  model:save(path)
  return model
end

-- It is written before the training ends, which leaves running means.
function ways.checkpoint(case, path, first, last)
  local model = new_model(case, first + 1)
  local checkpoint = nd.train.Checkpoint { model = model,
                                           optimizer = model.optimizer }
  if first > 0 then
    checkpoint:restore(path)
  end
  local keep = nd.callbacks.LambdaCallback { on_epoch_end = function(epoch)
    if epoch == last then checkpoint:write(path) end
  end }
  fit_epochs(model, first, last, { keep }, true)
  return model
end

function ways.backup(case, path, first, last)
  if first == 0 then
    assert(os.execute(("mkdir '%s'"):format(path)))
  end
  local model = new_model(case, first + 1)
  fit_epochs(model, 0, last, { nd.callbacks.BackupAndRestore {
    backup_dir = path, delete_checkpoint = false } }, true)
  return model
end

-- --------------------------------------------------------------------- run --

-- FNV-1a.
local function digest(model)
  local sum = 0xcbf29ce484222325
  for _, w in ipairs(model.weights) do
    for _, byte in ipairs { w:read_value():tobytes():byte(1, -1) } do
      sum = (sum ~ byte) * 0x100000001b3
    end
  end
  return sum
end

local first = what == "rest" and EPOCHS // 2 or 0
local last = what == "first" and EPOCHS // 2 or EPOCHS
for i, case in ipairs(cases) do
  for name, train in pairs(ways) do -- any order: whoever reads sorts
    local path = ("%s/%d.%s"):format(directory, i, name)
    print(("%s, %s: %016x"):format(case.name, name,
      digest(train(case, path, first, last))))
  end
end
