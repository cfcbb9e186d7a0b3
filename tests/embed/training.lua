-- What trains, saves and restores, for test_oom_training.c, which has it fail
-- at any moment. Gives a list of { name, act, check }. `act` is what fails;
-- `check(failed)` raises unless all is as before it or as after it, and the
-- same act then gives what it gives without a failure; all is as before again.
local folder = ...
local nd = require "nadir"
local L, C = nd.layers, nd.callbacks
local cases = {}

local x, y = nd.linspace(-1, 1, 24):reshape { 6, 4 }, nd.ones { 6, 1 }
local steps_x = nd.linspace(-1, 1, 36):reshape { 6, 3, 2 }

-- ----------------------------------------------------------------- helpers --

local function in_bytes(values)
  local list = {}
  for i, value in ipairs(values) do list[i] = value:tobytes() end
  return table.concat(list, "|")
end

local function path(name)
  return folder .. "/" .. name
end

local function text_of(name)
  local file <close> = assert(io.open(path(name), "rb"))
  return file:read "a"
end

local function list_files()
  local list = {}
  local pipe <close> = io.popen(("ls -A %s"):format(folder))
  for name in pipe:lines() do list[#list + 1] = name end
  return list
end

local function remove_all()
  os.execute(("rm -rf %s/*"):format(folder))
end

-- Two weights and a bias that is none: what is set is set in several places.
local function new_small(optimizer)
  nd.random.set_seed(1)
  local model = nd.Sequential { nd.Input { 4 }, L.Dense(3, "tanh"),
                                L.Dropout(0.25), L.Dense(1) }
  model:compile(optimizer or "adam", "mse", { metrics = { "mae" } })
  return model
end

local function fit_on(model, options)
  nd.random.set_seed(2)
  local given = { batch_size = 4, epochs = 1, verbose = 0 }
  for key, value in pairs(options or {}) do given[key] = value end
  return model:fit(x, y, given)
end

-- A model after so many epochs.
local function trained_for(epochs, options)
  local model = new_small()
  for _ = 1, epochs do fit_on(model, options) end
  return model
end

local OLD = in_bytes(trained_for(1):get_weights())
local NEW = in_bytes(trained_for(2):get_weights())

-- 1 or 2, whose weights are what epochs gave; anything else is an error.
local function age_of(values)
  local text = in_bytes(values)
  return text == OLD and 1 or text == NEW and 2
    or error("weights of nobody", 2)
end

local function add_act(name, act, check)
  cases[#cases + 1] = { name, act, function(failed)
    check(failed)
    assert(age_of(trained_for(1):get_weights()) == 1)
  end }
end

-- ---------------------------------------------------------------- training --
-- From nothing: layers are built, losses and metrics are made.

for name, make in pairs {
  dense = function()
    local model = nd.Sequential { L.Dense(3, "relu"), L.BatchNormalization(),
                                  L.Dropout(0.25), L.Dense(1) }
    model:compile("adam", "mse", { metrics = { "mae" } })
    return model, x
  end,
  recurrent = function()
    local model = nd.Sequential { L.LSTM(3, { return_sequences = true }),
                                  L.GRU(2), L.LayerNormalization(),
                                  L.Dense(1) }
    model:compile("rmsprop", "mse")
    return model, steps_x
  end,
  attention = function()
    local input = nd.Input { 3, 2 }
    local seen = L.MultiHeadAttention(2, 2)(input, input)
    local sum = L.GlobalAveragePooling1D()(L.Add()({ seen, input }))
    local model = nd.Model(input, L.Dense(1)(sum))
    model:compile("sgd", "mse")
    return model, steps_x
  end,
  convolution = function()
    local model = nd.Sequential { L.Reshape { 3, 2, 1 },
                                  L.Conv2D(2, 2, { padding = "same" }),
                                  L.MaxPooling2D { 2, 1 }, L.Flatten(),
                                  L.Dense(1, { kernel_regularizer = "l2" }) }
    model:compile("adamw", "mse")
    return model, steps_x
  end,
} do
  local function from_nothing()
    nd.random.set_seed(3)
    local model, input = make()
    local history = model:fit(input, y, { batch_size = 4, epochs = 2,
                                          verbose = 0,
                                          validation_split = 0.2 })
    return in_bytes(model:get_weights()) .. history.history.val_loss[2]
  end
  local want = from_nothing()
  add_act("fit " .. name, from_nothing, function()
    assert(from_nothing() == want, "another training")
  end)
end

-- What a build has left is built again.
do
  local model
  local function begin()
    model = nd.Sequential { L.Dense(3), L.BatchNormalization(),
                            L.Bidirectional(L.LSTM(2)), L.Dense(1) }
    model:compile("adam", "mse")
  end
  local function from_nothing()
    model:fit(steps_x, y, { verbose = 0 })
  end
  begin()
  from_nothing()
  local want = model:count_params()
  begin()
  add_act("the first fit", from_nothing, function()
    from_nothing()
    assert(model:count_params() == want, "weights of two builds")
    assert(#model:get_weights() == #model.weights)
    begin()
  end)
end

-- A model that fit has left goes on.
do
  local model
  local function begin() model = trained_for(1) end
  begin()
  add_act("fit again", function() fit_on(model) end, function(failed)
    if failed then
      fit_on(model)
      assert(not in_bytes(model:get_weights()):find "nan")
    else
      assert(age_of(model:get_weights()) == 2)
    end
    begin()
  end)
end

-- All weights make a step, or none.
do
  local model, optimizer
  local function begin()
    model = trained_for(1)
    optimizer = model.optimizer
  end
  local function take_one()
    nd.random.set_seed(4)
    model:train_on_batch(x, y)
  end
  begin()
  take_one()
  local want, iterations = in_bytes(model:get_weights()), optimizer.iterations
  begin()
  add_act("train_on_batch", take_one, function()
    if optimizer.iterations ~= iterations then
      assert(age_of(model:get_weights()) == 1)
      take_one()
    end
    assert(in_bytes(model:get_weights()) == want, "another step")
    begin()
  end)
end

-- Running means of weights become the weights, all or none.
do
  local model
  local function begin()
    model = new_small(nd.optimizers.Adam { use_ema = true, ema_momentum = 0.5 })
    model:train_on_batch(x, y)
    model:train_on_batch(x, y)
  end
  local function finish()
    model.optimizer:finalize_variable_values(model.trainable_variables)
  end
  begin()
  local before = in_bytes(model:get_weights())
  finish()
  local after = in_bytes(model:get_weights())
  begin()
  add_act("finalize_variable_values", finish, function()
    local now = in_bytes(model:get_weights())
    assert(now == before or now == after, "some are means")
    begin()
  end)
end

do
  local model = trained_for(2)
  local want, sum = in_bytes { model:predict(x) }, model:evaluate(x, y,
    { verbose = 0 })
  add_act("evaluate, predict", function()
    local first = model:evaluate(x, y, { verbose = 0 })
    return first, model:predict(x, { batch_size = 2, verbose = 0 })
  end, function()
    assert(model:evaluate(x, y, { verbose = 0 }) == sum, "another loss")
    assert(in_bytes { model:predict(x) } == want)
  end)
end

-- ----------------------------------------------------------------- setting --

do
  local model = trained_for(1)
  local old, new = model:get_weights(), trained_for(2):get_weights()
  add_act("set_weights", function() model:set_weights(new) end, function()
    age_of(model:get_weights())
    model:set_weights(new)
    assert(age_of(model:get_weights()) == 2)
    model:set_weights(old)
  end)
end

do
  local model = trained_for(1)
  local old = model:get_weights()
  trained_for(2):save_weights(path "weights")
  add_act("load_weights", function() model:load_weights(path "weights") end,
    function()
      age_of(model:get_weights())
      model:load_weights(path "weights")
      assert(age_of(model:get_weights()) == 2)
      model:set_weights(old)
    end)
end

do
  trained_for(2):save(path "model")
  add_act("load_model", function() nd.models.load_model(path "model") end,
    function()
      local model = nd.models.load_model(path "model")
      assert(age_of(model:get_weights()) == 2)
      assert(model.optimizer.iterations == 4)
    end)
end

local function checkpoint_of(model)
  return nd.train.Checkpoint { model = model, optimizer = model.optimizer }
end

do
  local model = trained_for(1)
  local old = model:get_weights()
  checkpoint_of(trained_for(2)):write(path "all")
  add_act("Checkpoint:read", function()
    checkpoint_of(model):read(path "all")
  end, function()
    age_of(model:get_weights())
    checkpoint_of(model):read(path "all")
    assert(age_of(model:get_weights()) == 2)
    assert(model.optimizer.iterations == 4)
    model:set_weights(old)
  end)
end

-- ----------------------------------------------------------------- writing --

for name, write in pairs {
  save = function(model) model:save(path "written") end,
  save_weights = function(model) model:save_weights(path "written") end,
  ["Checkpoint:write"] = function(model)
    checkpoint_of(model):write(path "written")
  end,
} do
  local old, new = trained_for(1), trained_for(2)
  local texts = {}
  for i, model in ipairs { old, new } do
    nd.random.set_seed(5)
    write(model)
    texts[i] = text_of "written"
  end
  write(old)
  add_act(name, function()
    nd.random.set_seed(5)
    write(new)
  end, function(failed)
    local text = text_of "written"
    assert(text == texts[1] or text == texts[2], "a file of nobody")
    assert(failed or text == texts[2], "nothing is written")
    nd.random.set_seed(5)
    write(old)
  end)
end

-- There are as many files as shall stay, and the list has them.
do
  local model = trained_for(1)
  local directory = path "managed"
  local manager
  local function begin()
    os.execute("rm -rf " .. directory)
    manager = nd.train.CheckpointManager(checkpoint_of(model), directory, 2)
    for _ = 1, 2 do manager:save() end
  end
  local function count_files()
    local n = 0
    local pipe <close> = io.popen("ls -A " .. directory)
    for _ in pipe:lines() do n = n + 1 end
    return n
  end
  begin()
  add_act("CheckpointManager:save", function() manager:save() end, function()
    local last = nd.train.latest_checkpoint(directory)
    checkpoint_of(model):read(last)
    manager:save()
    assert(#manager.checkpoints == 2)
    assert(count_files() == 3, "files are left over")
    begin()
  end)
end

-- --------------------------------------------------------------- callbacks --

local function writes_csv()
  return C.CSVLogger(path "log.csv")
end

add_act("CSVLogger", function()
  trained_for(1, { callbacks = { writes_csv() } })
end, function(failed)
  local text = failed and "" or text_of "log.csv"
  trained_for(1, { callbacks = { writes_csv() } })
  assert(failed or text_of "log.csv" == text)
  collectgarbage()
  assert(text_of "log.csv":match "^epoch,loss,mae\n1,[%d.]+,[%d.]+\n$",
    "another file")
end)

do
  local logger = C.CSVLogger(path "more.csv", { append = true })
  add_act("CSVLogger that goes on", function()
    trained_for(1, { epochs = 2, callbacks = { logger } })
  end, function(failed)
    trained_for(1, { epochs = 2, callbacks = { logger } })
    collectgarbage()
    local n = 0
    for line in io.lines(path "more.csv") do
      n = n + 1
      assert(n == 1 and line == "epoch,loss,mae"
        or n > 1 and line:match "^[12],[%d.]+,[%d.]+$", line)
    end
    assert(failed or n == 5)
    os.remove(path "more.csv")
  end)
end

-- Records of files are whole.
local function check_records(name)
  local text, at = text_of(name), 1
  while at <= #text do
    assert(at + 15 <= #text, "half a record")
    at = at + 16 + ("<I8"):unpack(text, at)
  end
  assert(at == #text + 1, "half a record")
end

local function check_events(directory, most)
  collectgarbage() -- files that were left open
  local n = 0
  local pipe <close> = io.popen(("cd %s && find . -path './%s/*' -type f")
    :format(folder, directory))
  for name in pipe:lines() do
    check_records(name)
    n = n + 1
  end
  assert(n <= most, "files are left over")
  os.execute(("rm -rf %s/%s"):format(folder, directory))
end

add_act("TensorBoard", function()
  trained_for(1, { callbacks = { C.TensorBoard { log_dir = path "board",
                                             update_freq = 1 } } })
end, function()
  trained_for(1, { callbacks = { C.TensorBoard(path "board") } })
  check_events("board", 2)
end)

add_act("summary", function()
  local writer <close> = nd.summary.create_file_writer(path "events")
  for step = 1, 12 do writer:scalar("loss", step / 2, step) end
end, function() check_events("events", 1) end)

-- It goes on from an epoch, or from the beginning, to the same end.
do
  local function train_backed_up(...)
    local model = new_small()
    fit_on(model, { epochs = 2, callbacks = { ... } })
    return model
  end
  local want = in_bytes(train_backed_up():get_weights())
  add_act("BackupAndRestore", function()
    train_backed_up(C.BackupAndRestore(path "backup"))
  end, function()
    local model = train_backed_up(C.BackupAndRestore(path "backup"))
    assert(in_bytes(model:get_weights()) == want, "another training")
  end)

  local model = train_backed_up()
  local writer = C.BackupAndRestore { backup_dir = path "kept",
                                      delete_checkpoint = false }
  fit_on(model, { callbacks = { writer } })
  local kept = text_of "kept/training.safetensors"
  add_act("a backup that was read", function()
    fit_on(model, { epochs = 2, callbacks = { writer } })
  end, function()
    local epochs = #fit_on(model).epoch
    assert(epochs == 1, "fit begins elsewhere")
    local file <close> = io.open(path "kept/training.safetensors", "wb")
    file:write(kept)
  end)
end

add_act("ModelCheckpoint", function()
  trained_for(2, { callbacks = { C.ModelCheckpoint(path "best") } })
end, function()
  trained_for(2, { callbacks = { C.ModelCheckpoint(path "best") } })
  assert(age_of(nd.models.load_model(path "best"):get_weights()) == 2)
end)

do
  local early = C.EarlyStopping { monitor = "loss", mode = "max",
                                  restore_best_weights = true }
  add_act("EarlyStopping", function()
    trained_for(1, { epochs = 3, callbacks = { early } })
  end, function()
    local epochs = 3
    local model = trained_for(1, { epochs = epochs, callbacks = { early } })
    assert(age_of(model:get_weights()) == 1)
  end)
end

-- What minimizes leaves its Variables at a point that it has come to. Scalars,
-- too, are put back without memory, however many they are.
for _, name in ipairs { "LBFGS", "LevenbergMarquardt" } do
  local variables = {}
  for i = 1, 40 do
    variables[i] = nd.Variable(0.5, { dtype = "float64" })
  end
  local function loss()
    local terms = { 10 * (variables[2] - nd.square(variables[1])) }
    for i, v in ipairs(variables) do terms[i + 1] = i - v end
    local r = nd.stack(terms)
    return name == "LBFGS" and nd.reduce_sum(r * r) or r
  end
  local function where()
    local values = {}
    for i, v in ipairs(variables) do values[i] = v:read_value() end
    return in_bytes(values)
  end
  local function minimize(most)
    for _, v in ipairs(variables) do v:assign(0.5) end
    nd.optimizers[name]({ max_iterations = most }):minimize(loss, variables)
  end
  local points = { [where()] = true }
  for most = 1, 3 do
    minimize(most)
    points[where()] = true
  end
  add_act("minimize by " .. name, function() minimize(3) end, function()
    assert(points[where()], "a point on trial is left")
  end)
end

-- ------------------------------------------------------------------- texts --

do
  local model = trained_for(1)
  local function summarize()
    local lines = {}
    model:summary { print_fn = function(line) lines[#lines + 1] = line end }
    return table.concat(lines, "\n") .. tostring(model)
  end
  local want = summarize()
  add_act("model:summary", summarize, function()
    assert(summarize() == want)
  end)
end

return cases, function()
  for _, name in ipairs(list_files()) do
    assert(not name:find "^%.", "a temporary file is left: " .. name)
  end
  remove_all()
end
