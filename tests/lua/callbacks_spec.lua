--- What is called while a model is trained.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local near, refuses = support.near, support.refuses
local C, L = nd.callbacks, nd.layers

assert(_VERSION == "Lua 5.4")

-- A model whose loss in epoch i is losses[i], and whose only weight is i then.
local function scripted(losses)
  local Scripted = nd.Model:extend "Scripted"
  function Scripted:init()
    self.w = nd.Variable(0.)
    self.optimizer = nd.optimizers.SGD(1.)
    self.count = 0
  end
  function Scripted:train_step()
    self.count = self.count + 1
    self.w:assign(self.count)
    return { loss = losses[self.count] }
  end
  local model = Scripted()
  rawset(model, "built", true)
  return model
end

local function fit(losses, ...)
  local model = scripted(losses)
  return model:fit(nd.ones { 1, 1 }, { epochs = #losses, verbose = 0,
                                       callbacks = { ... } }), model
end

describe("callbacks", function()
  it("are called in order, with epochs and batches from 1", function()
    local calls = {}
    local hooks = {}
    for _, hook in ipairs { "on_train_begin", "on_epoch_begin",
        "on_train_batch_begin", "on_train_batch_end", "on_epoch_end",
        "on_train_end", "on_test_begin", "on_test_end" } do
      hooks[hook] = function(first)
        calls[#calls + 1] = hook .. (type(first) == "number" and first or "")
      end
    end
    local model = nd.Sequential { L.Dense(1) }
    model:compile("sgd", "mse")
    model:fit(nd.ones { 3, 1 }, nd.ones { 3, 1 }, { batch_size = 2,
      verbose = 0, validation_data = { nd.ones { 1, 1 }, nd.ones { 1, 1 } },
      callbacks = { C.LambdaCallback(hooks) } })
    assert.same({ "on_train_begin", "on_epoch_begin1",
      "on_train_batch_begin1", "on_train_batch_end1",
      "on_train_batch_begin2", "on_train_batch_end2", "on_test_begin",
      "on_test_end", "on_epoch_end1", "on_train_end" }, calls)
  end)

  it("may be of one's own, know the model, and stop it", function()
    local Stop = C.Callback:extend("Stop", { { "after", "size" } })
    function Stop:on_epoch_end(epoch)
      self.model.stop_training = epoch == self.after
    end
    assert.same({ 1, 2 }, fit({ 3, 2, 1, 0 }, Stop(2)).epoch)
  end)
end)

describe("EarlyStopping", function()
  it("stops when the number gets no better for so long", function()
    local stop = C.EarlyStopping { monitor = "loss", patience = 2 }
    assert.same({ 1, 2, 3, 4 }, fit({ 3, 2, 2, 2.5, 1, 0 }, stop).epoch)
    assert.equal(4, stop.stopped_epoch)
    assert.equal(2, stop.best_epoch)
  end)

  it("restores the best weights", function()
    local _, model = fit({ 3, 1, 2, 2, 2 }, C.EarlyStopping {
      monitor = "loss", patience = 2, restore_best_weights = true })
    assert.equal(2, model.w:item())
  end)

  it("counts what is more than min_delta, from an epoch on", function()
    assert.same({ 1, 2 }, fit({ 3, 2.9, 2.8 }, C.EarlyStopping {
      monitor = "loss", min_delta = 0.5 }).epoch)
    assert.same({ 1, 2, 3, 4 }, fit({ 3, 4, 3, 4, 5 }, C.EarlyStopping {
      monitor = "loss", start_from_epoch = 2 }).epoch)
  end)

  it("knows which way metrics are better, or is told", function()
    for name, epochs in pairs { accuracy = 3, mae = 3, loss = 4 } do
      local model = nd.Sequential { L.Dense(1) }
      model:compile { optimizer = nd.optimizers.SGD(0), loss = "mse",
                      metrics = { "accuracy", "mae" } }
      -- What is right or wrong, and by how much, is better in every epoch.
      local epoch = 0
      local stop = C.EarlyStopping { monitor = name, patience = 1 }
      local changes = C.LambdaCallback { on_epoch_end = function(_, logs)
        epoch = epoch + 1
        logs.accuracy = ({ 0.1, 0.2, 0.2, 0.3 })[epoch]
        logs.mae = ({ 3, 2, 2, 1 })[epoch]
        logs.loss = ({ 4, 3, 2, 1 })[epoch]
      end }
      local history = model:fit(nd.ones { 2, 1 }, nd.ones { 2, 1 }, {
        epochs = 4, verbose = 0, callbacks = { changes, stop } })
      assert.equal(epochs, #history.epoch, name)
    end
    local monitor = { monitor = "loss", mode = "max" }
    assert.same({ 1, 2, 3 }, fit({ 1, 2, 1, 2 }, C.EarlyStopping(monitor))
      .epoch)
    refuses("EarlyStopping: it is not known which way 'rows' is better; give "
      .. "mode, min or max", function()
        local model = scripted { 1 }
        function model.train_step() return { rows = 1 } end
        model:fit(nd.ones { 1, 1 }, { verbose = 0, callbacks = {
          C.EarlyStopping { monitor = "rows" } } })
      end)
    refuses("EarlyStopping: no such mode: 'up': there are auto, max, min",
      function() C.EarlyStopping { mode = "up" } end)
  end)

  it("warns where there is no such number", function()
    local text = support.output [[
      local nd = require "nadir"
      local model = nd.Sequential { nd.layers.Dense(1) }
      model:compile("sgd", "mse")
      model:fit(nd.ones { 1, 1 }, nd.ones { 1, 1 }, { verbose = 0,
        callbacks = { nd.callbacks.EarlyStopping {} } })]]
    assert.matches("EarlyStopping: logs have no 'val_loss': there are loss\n$",
      text)
  end)
end)

describe("ReduceLROnPlateau", function()
  it("makes the rate less, but not less than the least", function()
    local history = fit({ 3, 3, 3, 3, 3, 2, 2 }, C.ReduceLROnPlateau {
      monitor = "loss", factor = 0.5, patience = 2, min_lr = 0.3 }).history
    near({ 1, 1, 1, 0.5, 0.5, 0.3, 0.3 }, history.learning_rate, 1e-6)
  end)

  it("rests after a change", function()
    local history = fit({ 3, 3, 3, 3, 3, 3 }, C.ReduceLROnPlateau {
      monitor = "loss", factor = 0.5, patience = 1, cooldown = 2 }).history
    near({ 1, 1, 0.5, 0.5, 0.25, 0.25 }, history.learning_rate, 1e-6)
  end)

  it("refuses a factor that makes nothing less", function()
    refuses("ReduceLROnPlateau: factor must be below 1",
      function() C.ReduceLROnPlateau { factor = 1 } end)
  end)
end)

describe("LearningRateScheduler", function()
  it("sets the rate for each epoch", function()
    local history = fit({ 1, 1, 1 }, C.LearningRateScheduler(
      function(epoch, rate) return rate / epoch end)).history
    near({ 1, 1 / 2, 1 / 6 }, history.learning_rate, 1e-6)
    refuses("LearningRateScheduler: schedule must give a number, got nil",
      function() fit({ 1 }, C.LearningRateScheduler(function() end)) end)
  end)
end)

describe("TerminateOnNaN", function()
  it("stops at once", function()
    local text = support.output [[
      local nd = require "nadir"
      local model = nd.Sequential { nd.layers.Dense(1) }
      model:compile("sgd", "mse")
      local h = model:fit(nd.fill({ 4, 1 }, 1e30), nd.ones { 4, 1 }, {
        verbose = 0, epochs = 3, batch_size = 2,
        callbacks = { nd.callbacks.TerminateOnNaN() } })
      print(#h.epoch)]]
    assert.equal("batch 1: the loss is inf, stopping\n1\n", text)
  end)
end)

describe("CSVLogger", function()
  it("writes a line for each epoch, and goes on", function()
    support.with_file("", function(path)
      fit({ 3, 2.5 }, C.CSVLogger(path))
      fit({ 1 }, C.CSVLogger(path, { append = true, separator = ";" }))
      local file <close> = io.open(path)
      assert.equal("epoch,loss\n1,3\n2,2.5\n1;1\n", file:read "a")
    end)
    refuses("CSVLogger: /no/where: No such file or directory",
      function() fit({ 1 }, C.CSVLogger "/no/where") end)
  end)

  it("goes on behind the last whole line", function()
    for text, want in pairs { -- any order: each its own
      ["epoch,loss\n1,3\n2,0."] = "epoch,loss\n1,3\n1,5\n",
      ["epoch,lo"] = "epoch,loss\n1,5\n",
      [""] = "epoch,loss\n1,5\n",
    } do
      support.with_file(text, function(path)
        fit({ 5 }, C.CSVLogger(path, { append = true }))
        local file <close> = io.open(path)
        assert.equal(want, file:read "a")
      end)
    end
  end)

  it("says what cannot be written", function()
    refuses("CSVLogger: cannot write all to /dev/full: No space left on device",
      function() fit({ 1 }, C.CSVLogger "/dev/full") end)
    for _, path in ipairs { "", "a\0b" } do
      refuses("CSVLogger: filename names no file",
        function() C.CSVLogger(path) end)
    end
  end)
end)

describe("a monitor", function()
  it("takes any number for better than nan", function()
    local early = C.EarlyStopping { monitor = "loss",
                                    restore_best_weights = true }
    local history, model = fit({ 0 / 0, 3, 2, 4, 5 }, early)
    assert.same({ 1, 2, 3, 4 }, history.epoch)
    assert.equal(3, model.w:item())
  end)
end)

describe("ModelCheckpoint", function()
  -- A model that can be saved, trained for some epochs with a checkpoint.
  local function train_with(callback)
    local model = nd.Sequential { L.Dense(1) }
    model:compile("sgd", "mse")
    model:fit(nd.ones { 4, 1 }, nd.ones { 4, 1 }, { epochs = 3, verbose = 0,
      batch_size = 2, callbacks = { callback } })
    return model
  end

  it("saves each epoch under a name of its own", function()
    support.with_file("", function(path)
      train_with(C.ModelCheckpoint(path .. "-{epoch:02d}"))
      for epoch = 1, 3 do
        local name = ("%s-%02d"):format(path, epoch)
        assert.equal(1, #nd.models.load_model(name).layers)
        os.remove(name)
      end
    end)
  end)

  it("saves weights alone, after batches, and only the best", function()
    support.with_file("", function(path)
      local model = train_with(C.ModelCheckpoint { filepath = path,
        save_weights_only = true, save_freq = 2 })
      model:load_weights(path)
      local first = C.ModelCheckpoint { filepath = path, monitor = "loss",
        save_best_only = true, initial_value_threshold = -1 }
      local file <close> = io.open(path)
      local before = file:read "a"
      train_with(first)
      local again <close> = io.open(path)
      assert.equal(before, again:read "a")
    end)
  end)

  it("refuses a name with numbers that there are not", function()
    refuses("ModelCheckpoint: filepath names 'val_loss', which logs have not",
      function() train_with(C.ModelCheckpoint "{val_loss}") end)
    refuses("ModelCheckpoint: save_freq must be 'epoch' or a whole number, 1 "
      .. "or more, got 0", function()
        C.ModelCheckpoint { filepath = "x", save_freq = 0 }
      end)
  end)
end)

describe("SwapEMAWeights", function()
  local one = nd.ones { 1, 1 }

  -- A model that gives x w, whose loss that is: each step takes 1 from w, which
  -- begins with 8. Its mean is the mean of it and the last mean: 7, 6.5, 5.75.
  local function falling(optimizer)
    local model = nd.Sequential { nd.Input { 1 }, L.Dense(1, {
      use_bias = false, kernel_initializer = nd.initializers.Constant(8) }) }
    model:compile { loss = function(_, y_pred) return y_pred end,
      optimizer = optimizer
        or nd.optimizers.SGD(1., { use_ema = true, ema_momentum = 0.5 }) }
    return model
  end

  local function fall(model, ...)
    return model:fit(one, one, { validation_data = { one, one }, epochs = 3,
                                 verbose = 0, callbacks = { ... } }).history
  end

  it("evaluates with the means, and goes on from what was there", function()
    local plain = fall(falling(), C.Callback())
    near({ 7, 6, 5 }, plain.val_loss)
    for _, on_epoch in ipairs { false, true } do
      local model = falling()
      local history = fall(model, C.SwapEMAWeights(on_epoch))
      near({ 7, 6.5, 5.75 }, history.val_loss)
      near(plain.loss, history.loss)
      near({ { 5.75 } }, model.weights[1])
    end
  end)

  it("swaps for evaluations and predictions without a training", function()
    local model, swap = falling(), C.SwapEMAWeights()
    local options = { callbacks = { swap }, verbose = 0 }
    near(8, model:evaluate(one, one, options))
    for _ = 1, 3 do model:train_on_batch(one, one) end
    near(5.75, model:evaluate(one, one, options))
    near({ { 5.75 } }, model:predict(one, options))
    near({ { 5 } }, model.weights[1])
  end)

  it("has means in what is saved between epochs, and at the end", function()
    support.with_file("", function(path)
      local model = falling()
      fall(model, C.SwapEMAWeights(true), C.ModelCheckpoint {
        filepath = path, monitor = "loss", mode = "max", save_best_only = true,
        save_weights_only = true }, C.EarlyStopping { monitor = "loss",
          mode = "max", patience = 1 })
      near({ { 6.5 } }, model.weights[1])
      model:load_weights(path)
      near({ { 7 } }, model.weights[1])
    end)
  end)

  it("knows optimizers inside others", function()
    local O = nd.optimizers
    local function inside()
      return O.SGD(1., { use_ema = true, ema_momentum = 0.5 })
    end
    for _, optimizer in ipairs { O.LossScaleOptimizer(inside()),
        O.MultiOptimizer(inside) } do
      near({ 7, 6.5, 5.75 }, fall(falling(optimizer), C.SwapEMAWeights())
        .val_loss)
    end
  end)

  it("refuses optimizers that keep no means", function()
    local Own = require "nadir.class" "Own"
    function Own.apply_gradients() end
    function Own.scale_loss(_, loss) return loss end
    for _, optimizer in ipairs { "sgd", nd.optimizers.LossScaleOptimizer "sgd",
        Own() } do
      local model = falling(optimizer)
      refuses(("SwapEMAWeights: no optimizer of %s has use_ema = true"):format(
        model.name), fall, model, C.SwapEMAWeights())
    end
  end)
end)

describe("ModelCheckpoint", function()
  it("makes the folders of its files, and may stand alone", function()
    local root = os.tmpname()
    os.remove(root)
    fit({ 1 }, C.ModelCheckpoint(root .. "/a/{epoch}.safetensors"))
    local model = nd.Sequential { nd.Input { 1 }, L.Dense(1) }
    model:compile("sgd", "mse")
    model:fit(nd.ones { 1, 1 }, nd.ones { 1, 1 }, { verbose = 0,
      callbacks = C.ModelCheckpoint(root .. "/b/c/{epoch}.safetensors") })
    nd.models.load_model(root .. "/b/c/1.safetensors")
    assert(os.remove(root .. "/a/1.safetensors"))
    assert(os.execute("rm -r " .. root))
  end)
end)

describe("BackupAndRestore", function()
  it("goes on from the last epoch with the same bits", function()
    local root = os.tmpname()
    os.remove(root)
    local directory = root .. "/that is made"
    local x = nd.random.normal { 12, 2 }
    -- Trains for six epochs, the first time up to an error in one of them.
    local function train(fails_in, ...)
      nd.random.set_seed(fails_in and 1 or 2)
      local model = nd.Sequential {
        nd.Input { 2 }, L.Dropout(0.5),
        L.Dense(1, { kernel_initializer = "ones" }),
      }
      model:compile("adam", "mse")
      local ok, history = pcall(model.fit, model, x, nd.ones { 12, 1 }, {
        epochs = 6, batch_size = 4, verbose = 0, callbacks = { ...,
          C.LambdaCallback { on_epoch_begin = function(epoch)
            if epoch == fails_in then error "broken off" end
          end } } })
      return model.weights[1]:read_value():tobytes(), ok and history.epoch
    end
    local want = train(7, C.Callback())
    assert.is_false(select(2, train(4, C.BackupAndRestore(directory))))
    local got, epochs = train(nil, C.BackupAndRestore(directory))
    assert.equal(want, got)
    assert.same({ 4, 5, 6 }, epochs)
    assert.is_nil(io.open(directory .. "/training.safetensors"))
    os.execute("rm -r '" .. root .. "'")
  end)

  it("goes on before an epoch that was broken off", function()
    local directory = os.tmpname()
    os.remove(directory)
    local x, y = nd.random.normal { 12, 2 }, nd.ones { 12, 1 }
    -- The weights after three epochs, or up to a batch of the second.
    local function train(stops, ...)
      nd.random.set_seed(1)
      local model = nd.Sequential { nd.Input { 2 }, L.Dense(1) }
      model:compile("adam", "mse")
      local history = model:fit(x, y, { epochs = 3, batch_size = 4,
        verbose = 0, callbacks = { ..., C.LambdaCallback {
          on_train_batch_end = function()
            model.stop_training = stops and model.optimizer.iterations == 4
          end } } })
      return model.weights[1]:read_value():tobytes(), history.epoch
    end
    local want = train(false, C.Callback())
    train(true, C.BackupAndRestore(directory))
    local got, epochs = train(false, C.BackupAndRestore(directory))
    assert.same({ 2, 3 }, epochs)
    assert.equal(want, got)
    os.execute("rm -r " .. directory)
  end)

  it("leaves nothing behind for a fit without it", function()
    local directory = os.tmpname()
    os.remove(directory)
    local x, y = nd.ones { 4, 2 }, nd.ones { 4, 1 }
    local model = nd.Sequential { nd.Input { 2 }, L.Dense(1) }
    model:compile("adam", "mse")
    local function fit_for(epochs, ...)
      return model:fit(x, y, { epochs = epochs, verbose = 0,
                               callbacks = { ... } })
    end
    fit_for(2, C.BackupAndRestore { backup_dir = directory,
                                    delete_checkpoint = false })
    refuses("broken off", fit_for, 4, C.BackupAndRestore(directory),
      C.LambdaCallback { on_epoch_begin = function() error "broken off" end })
    assert.same({ 1, 2 }, fit_for(2).epoch)
    os.execute("rm -r " .. directory)
  end)

  it("refuses a model that is not built", function()
    refuses("BackupAndRestore: m is not built yet; call it, or use model:build",
      function()
        local model = nd.Sequential { layers = { L.Dense(1) }, name = "m" }
        model:compile("adam", "mse")
        model:fit(nd.ones { 1, 1 }, nd.ones { 1, 1 }, {
          callbacks = { C.BackupAndRestore "." } })
      end)
  end)
end)
