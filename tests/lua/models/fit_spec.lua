--- compile, fit, evaluate, predict and single batches.
package.path = "tests/lua/?.lua;tests/golden/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local near, refuses = support.near, support.refuses
local golden = require "keras_fit"
local L = nd.layers

assert(_VERSION == "Lua 5.4")

-- The value of an expression that may name the module and the case's data.
local function value_of(text, ...)
  return assert(load("local nd, L, data, x, y = ... return " .. text))(nd, L,
    ...)
end

local function line_model()
  local model = nd.Sequential {
    L.Dense { units = 1, kernel_initializer = "ones" } }
  model:compile { optimizer = nd.optimizers.SGD(0.1), loss = "mse",
                  metrics = { "mae" } }
  return model
end

-- y = 2 x for x = 1..8.
local x = nd.reshape(nd.cast(nd.range(1, 8), "float32"), { 8, 1 })
local y = 2 * x

describe("fit", function()
  for _, case in ipairs(golden.cases) do
    it("has Keras's history: " .. case.name, function()
      local data = case.data == "images" and golden.images or golden.x
      local target = case.data == "images" and golden.labels
        or golden[case.data]
      local model = nd.Sequential(value_of("{" .. case.layers .. "}"))
      local input = nd.constant(data)
      model:build { false, table.unpack(input.shape, 2) }
      model:set_weights(case.weights)
      model:compile(value_of("{" .. case.compile .. "}"))
      local options = value_of("{" .. case.fit .. "}", golden, data, target)
      options.batch_size = options.batch_size or 8
      options.epochs, options.shuffle, options.verbose = 3, false, 0
      local history = model:fit(data, target, options).history
      for name, want in pairs(case.history) do
        near(want, history[name], 1e-5)
      end
      for name in pairs(history) do
        assert.truthy(case.history[name], name)
      end
      near(case.after, model:get_weights(), 2e-5)
    end)
  end

  it("gives the history of its epochs", function()
    local history = line_model():fit(x, y, { epochs = 2, verbose = 0 })
    assert.same({ 1, 2 }, history.epoch)
    near({ 25.5 }, { history.history.loss[1] }, 1e-4)
    near({ 4.5 }, { history.history.mae[1] }, 1e-4)
    assert.equal(2, #history.history.loss)
  end)

  it("shuffles by nd.random, the same for the same seed", function()
    local function run(seed)
      nd.random.set_seed(seed)
      return line_model():fit(x, y, { batch_size = 2, verbose = 0 })
        .history.loss[1]
    end
    assert.equal(run(1), run(1))
    assert.not_equal(run(1), run(2))
  end)

  it("takes tables, functions, and steps", function()
    local model = line_model()
    model:fit({ { 1 }, { 2.5 } }, { { 2 }, { 5 } }, { verbose = 0 })
    local calls = 0
    local function next_batch()
      calls = calls + 1
      return x, y
    end
    model:fit(next_batch, { steps_per_epoch = 3, epochs = 2, verbose = 0 })
    assert.equal(6, calls)
    local left = 2
    local seen = 0
    model:fit(function()
      left = left - 1
      if left >= 0 then return x, y end
    end, { verbose = 0, callbacks = { nd.callbacks.LambdaCallback {
      on_train_batch_end = function(batch) seen = batch end } } })
    assert.equal(2, seen)
  end)

  it("has several outputs and losses, by position and by name", function()
    local input = nd.Input { 1 }
    local a = L.Dense(1, { name = "a", kernel_initializer = "ones" })(input)
    local b = L.Dense(1, { name = "b", kernel_initializer = "ones" })(input)
    local model = nd.Model(input, { a, b })
    model:compile { optimizer = nd.optimizers.SGD(0), loss = { "mse", "mae" },
                    loss_weights = { 1, 2 },
                    metrics = { { "mae" }, { "mse" } } }
    local history = model:fit(x, { y, y }, { verbose = 0 }).history
    near({ 25.5 + 2 * 4.5, 25.5, 4.5, 4.5, 25.5 }, { history.loss[1],
      history.a_loss[1], history.b_loss[1], history.a_mae[1],
      history.b_mse[1] }, 1e-4)
    local named = nd.Model(input, { p = a, q = b })
    named:compile { optimizer = "sgd", loss = { p = "mse", q = "mae" },
                    metrics = { p = "mae" } }
    local logs = named:evaluate(x, { p = y, q = y }, { verbose = 0,
                                                      return_dict = true })
    assert.truthy(logs.p_loss and logs.q_loss and logs.p_mae)
  end)

  it("takes y and weights by the names of outputs", function()
    local input = nd.Input({ 1 }, { name = "x" })
    local b = L.Dense(1, { name = "b", kernel_initializer = "ones" })(input)
    local a = L.Dense(1, { name = "a", kernel_initializer = "ones" })(input)
    local model = nd.Model({ input }, { b, a })
    model:compile { optimizer = nd.optimizers.SGD(0),
                    loss = { a = "mse", b = "mae" }, metrics = { a = "mae" } }
    local quiet = { verbose = 0, return_dict = true }
    local logs = model:evaluate(x, { a = y, b = x }, quiet)
    near({ 25.5, 0, 4.5 }, { logs.a_loss, logs.b_loss, logs.a_mae }, 1e-4)
    quiet.sample_weight = { a = nd.zeros { 8 } }
    logs = model:evaluate({ x = x }, { a = y, b = y }, quiet)
    near({ 0, 4.5 }, { logs.a_loss, logs.b_loss }, 1e-4)
    quiet.sample_weight = nd.zeros { 8 }
    logs = model:evaluate({ x }, { a = y, b = y }, quiet)
    near({ 0, 0 }, { logs.a_loss, logs.b_loss }, 1e-4)
    local function refused(parts)
      local again = nd.Model(input, { b, a }, { name = "two" })
      again:compile { loss = { a = "mse", b = "mae" } }
      return select(2, pcall(again.evaluate, again, x, parts))
    end
    assert.match("two: y: no such output: 'c': there are b, a",
      refused { a = y, c = y }, 1, true)
    assert.match("two: y has no part for output 'b'", refused { a = y }, 1,
      true)
  end)

  it("has all losses after one that failed", function()
    local ones, input = nd.ones { 2, 1 }, nd.Input { 1 }
    local model = nd.Model(input, {
      a = L.Dense(1, { kernel_initializer = "zeros" })(input),
      b = L.Dense(1, { kernel_initializer = "zeros" })(input) })
    model:compile { loss = "mse" }
    assert.is_false(pcall(model.evaluate, model, ones, { a = ones }))
    assert.equal(2, (model:evaluate(ones, { a = ones, b = ones },
      { verbose = 0 })))
  end)

  it("tells inputs and y by name from options", function()
    local a = nd.Input({ 1 }, { name = "a" })
    local b = nd.Input({ 1 }, { name = "b" })
    local model = nd.Model({ a, b }, L.Subtract() { a, b })
    near(y:totable(), model:predict { a = y * 2, b = y }, 0)
    refuses("predict: unknown option 'step': it takes x, batch_size, verbose, "
      .. "steps, callbacks; did you mean 'steps'?", function()
      model:predict { step = 2 }
    end)
  end)

  it("has the name of its only output", function()
    local input = nd.Input { 1 }
    local model = nd.Model(input, L.Dense(1, { name = "price" })(input))
    model:compile { loss = { price = "mse" }, metrics = { price = { "mae" } } }
    local logs = model:evaluate(x, { price = y }, { verbose = 0,
                                                    return_dict = true })
    assert.truthy(logs.loss and logs.mae)
  end)

  it("weighs no classes of those that are held back", function()
    local model = nd.Sequential { nd.Input { 1 }, L.Dense(2) }
    model:compile {
      optimizer = nd.optimizers.SGD(0),
      loss = nd.losses.SparseCategoricalCrossentropy { from_logits = true } }
    local labels = nd.constant { 1, 1, 1, 1, 2, 2, 2, 2 }
    local loss = model:evaluate(x[{ { 5, 8 } }], labels[{ { 5, 8 } }],
      { verbose = 0 })
    local history = model:fit(x, labels, {
      verbose = 0, validation_split = 0.5,
      class_weight = { 1, 3, [math.maxinteger] = 2 } }).history
    near({ loss }, history.val_loss, 1e-5)
  end)

  it("may do its steps in its own way", function()
    local Own = nd.Model:extend "Own"
    function Own:init() self.dense = L.Dense(1, { kernel_initializer = "ones" })
    end
    function Own:call(v) return self.dense(v) end
    function Own:train_step(data)
      self(data[1])
      return { loss = 3, rows = #data[1] }
    end
    local model = Own()
    local history = model:fit(x, y, { verbose = 0, batch_size = 4 }).history
    assert.same({ loss = { 3 }, rows = { 4 } }, history)
  end)

  it("begins each epoch with the metrics that a model holds", function()
    local Own = nd.Model:extend "Own"
    function Own:init()
      self.seen = { nd.metrics.Sum { name = "seen" } }
      self.dense = L.Dense(1)
    end
    function Own:call(v) return self.dense(v) end
    function Own:train_step(data)
      self.seen[1]:update_state(nd.ones { #data[1] })
      return self:get_metrics_result()
    end
    local model = Own()
    local history = model:fit(x, { verbose = 0, epochs = 2 }).history
    assert.same({ seen = { 8, 8 } }, history)
    assert.equal(model.seen[1], model.metrics[1])
    model:reset_metrics()
    assert.equal(0, model.seen[1]:result():item())
  end)

  it("lists metrics once, and names what evaluate gives", function()
    local Own = nd.Model:extend "Own"
    function Own:init(metric)
      self.dense, self.metric = L.Dense(1), metric
    end
    function Own:call(inputs) return self.dense(inputs) end
    local metric = nd.metrics.MeanAbsoluteError()
    local model = Own(metric)
    model:compile { loss = "mse", metrics = { metric, "mse" } }
    assert.same({ metric }, model.metrics)
    model:fit(nd.ones { 4, 2 }, nd.ones { 4, 1 }, { verbose = 0 })
    assert.equal(2, #model.metrics)
    assert.same({ "loss", "mean_absolute_error", "mse" }, model.metrics_names)
    assert.equal(3, select("#", model:evaluate(nd.ones { 4, 2 },
      nd.ones { 4, 1 }, { verbose = 0 })))
  end)

  it("tells metrics that a model holds, and logs that a step adds", function()
    local Own = nd.Model:extend "Own"
    function Own:init()
      self.dense, self.size = L.Dense(1), nd.metrics.Mean { name = "size" }
    end
    function Own:call(v)
      self.size:update_state(#v)
      return self.dense(v)
    end
    function Own:compute_metrics(...)
      local logs = nd.Model.compute_metrics(self, ...)
      logs.more = 7
      return logs
    end
    local model = Own()
    model:compile { loss = "mse", metrics = { "mae" } }
    local logs = model:evaluate(x, y, { verbose = 0, return_dict = true })
    assert.same({ 8, 7 }, { logs.size, logs.more })
    assert.truthy(logs.loss and logs.mae)
    assert.equal(2, #model.metrics)
  end)

  it("refuses a step that returns nothing", function()
    local Own = nd.Model:extend "Own"
    function Own.train_step() end
    local model = Own { name = "own" }
    refuses("a step must return a table of numbers by name, got nil",
      function() model:fit(nd.ones { 1, 1 }, { verbose = 0 }) end)
  end)

  it("needs no y where steps need none", function()
    local Own = nd.Model:extend "Own"
    function Own.train_step(_, data)
      assert.equal(1, #data)
      return { loss = #data[1] }
    end
    assert.same({ 8 }, Own():fit(x, { verbose = 0 }).history.loss)
  end)

  it("adds what layers cost", function()
    local Costly = L.Layer:extend "Costly"
    function Costly:call(v)
      self:add_loss(nd.constant(100.))
      return v
    end
    local model = nd.Sequential { L.Dense(1, { kernel_initializer = "ones" }),
                                  Costly() }
    model:compile { optimizer = nd.optimizers.SGD(0), loss = "mse" }
    near({ 125.5 }, model:fit(x, y, { verbose = 0 }).history.loss, 1e-4)
  end)

  it("tells an epoch in a line where there is no terminal", function()
    local text = support.output [[
      local nd = require "nadir"
      local model = nd.Sequential { nd.layers.Dense(1) }
      model:compile { loss = "mse", metrics = { "mae" } }
      local x = nd.ones { 40, 2 }
      model:fit(x, nd.zeros { 40, 1 }, { epochs = 2, validation_split = .5 })
    ]]
    local line = "Epoch %d/2 - 1/1 - 0s %d+%a+/step - loss: [%d.e-]+ "
      .. "- mae: [%d.e-]+ - val_loss: [%d.e-]+ - val_mae: [%d.e-]+\n"
    line = line:gsub(" %- ", " %%- ")
    assert.matches("^" .. line .. line .. "$", text)
  end)

  it("says that it was called with a dot", function()
    local m = line_model()
    refuses("fit: self must be a model, got Tensor; use a colon, "
      .. "model:fit(x, y)", function() m.fit(x, y) end)
    refuses("fit: self must be a model, got table; use a colon, "
      .. "model:fit(x, y)", function() m.fit { x = x, y = y } end)
    for name, arguments in pairs {
      compile = "optimizer, loss", evaluate = "x, y", predict = "x",
      train_on_batch = "x, y", test_on_batch = "x, y", predict_on_batch = "x",
      summary = "", save = "path", save_weights = "path",
      load_weights = "path",
    } do
      refuses(("%s: self must be a model, got string; use a colon, "
        .. "model:%s(%s)"):format(name, name, arguments),
        function() m[name] "a" end)
    end
  end)

  it("says that there is no y where a loss needs it", function()
    local m = line_model()
    local missing = "y is missing: the loss compares it with what the model "
      .. "gives"
    refuses("fit: " .. missing, function() m:fit(x) end)
    refuses("evaluate: " .. missing, function() m:evaluate(x) end)
    refuses("train_on_batch: " .. missing, function() m:train_on_batch(x) end)
    refuses("fit: validation_data: " .. missing, function()
      m:fit(x, y, { validation_data = { x } })
    end)
    local none = line_model()
    none:compile "sgd"
    none:evaluate(x, { verbose = 0 })
  end)

  it("says what a function has to return for a batch", function()
    local m = line_model()
    local function refuses_batch(message, ...)
      local batch = table.pack(...)
      refuses("fit: " .. message, function()
        m:fit(function() return table.unpack(batch, 1, batch.n) end,
          { steps_per_epoch = 1, verbose = 0 })
      end)
    end
    local braces = "y is missing: the function returned one table; return x, y "
      .. "without braces"
    refuses_batch(braces, { x })
    refuses_batch(braces, { x, y })
    refuses_batch("y is missing: the function returned x only; return x, y", x)
    refuses_batch("the function returned a string for x, no tensor", "a", y)
    refuses_batch("the function returned a function for y, no tensor", x, print)
    refuses_batch("the function gave no batches")
  end)

  it("knows losses and metrics by their names when it is compiled", function()
    local function refuses_names(message, ...)
      refuses("compile: " .. message, function(...)
        line_model():compile("sgd", ...)
      end, ...)
    end
    refuses_names("no such loss: 'sparse_crossentropy'; did you mean "
      .. "'sparse_categorical_crossentropy'?", "sparse_crossentropy")
    refuses_names("no such loss: 'mean_squared_eror'; did you mean "
      .. "'mean_squared_error'?",
      { "mse", "mean_squared_eror" })
    refuses_names("no such metric: 'acuracy'; did you mean 'accuracy'?", "mse",
      { metrics = { "acc", "acuracy" } })
    refuses_names("no such metric: 'f1'", "mse",
      { weighted_metrics = { a = "f1" } })
    line_model():compile("sgd", { a = "mse", b = nd.losses.Huber() },
      { metrics = { "ce", { "crossentropy", "AUC" } } })
  end)

  it("refuses a mistake", function()
    refuses("m: it has no optimizer; use model:compile", function()
      local model = line_model()
      model.name, model.optimizer = "m", false
      model:fit(x, y, { verbose = 0 })
    end)
    refuses("fit: m is not compiled yet; use model:compile", function()
      nd.Sequential { layers = { L.Dense(1) }, name = "m" }:fit(x, y)
    end)
    refuses("fit: x has 8 examples, y has 3", function()
      line_model():fit(x, nd.ones { 3, 1 })
    end)
    refuses("fit: x needs an axis of examples: it is []", function()
      line_model():fit(3, nd.ones { 3, 1 })
    end)
    refuses("fit: class_weight and sample_weight are given both", function()
      line_model():fit(x, y, { class_weight = { 1 },
                               sample_weight = nd.ones { 8 } })
    end)
    refuses("fit: validation_split leaves no examples of 8: it is 0.99",
      function() line_model():fit(x, y, { validation_split = 0.99 }) end)
    refuses("fit: callback 1 is none: it is a number",
      function() line_model():fit(x, y, { callbacks = { 3 } }) end)
    refuses("compile: no such optimizer: 'adm'; did you mean 'Adam'?",
      function() nd.Sequential { L.Dense(1) }:compile("adm") end)
  end)
end)

describe("evaluate and predict", function()
  it("give the loss and metrics, and all results", function()
    local model = line_model()
    local loss, mae = model:evaluate(x, y, { verbose = 0, batch_size = 3 })
    near({ 25.5, 4.5 }, { loss, mae }, 1e-4)
    near({ loss = 25.5, mae = 4.5 }, model:evaluate(x, y, {
      verbose = 0, return_dict = true }), 1e-4)
    assert.same(x:totable(), model:predict(x, { batch_size = 3 }):totable())
    assert.same({ { 3 } }, model:predict_on_batch({ { 3. } }):totable())
  end)

  it("are of single batches, too", function()
    local model = line_model()
    near({ 25.5, 4.5 }, { model:test_on_batch(x, y) }, 1e-4)
    near({ 25.5, 4.5 }, { model:train_on_batch(x, y) }, 1e-4)
    assert.is_true((model:test_on_batch(x, y)) ~= 25.5)
    refuses("test_on_batch: x has 8 examples, y has 1",
      function() model:test_on_batch(x, nd.ones { 1, 1 }) end)
    refuses("train_on_batch: x has 8 examples, y has 1",
      function() model:train_on_batch(x, nd.ones { 1, 1 }) end)
  end)
end)

describe("Ctrl-C", function()
  -- What a script prints that presses so many times during its fit.
  local function pressed(times)
    return support.output(([[
      local nd = require "nadir"
      local model = nd.Sequential { nd.layers.Dense(1) }
      model:compile { loss = "mse" }
      local x = nd.ones { 40, 2 }
      local count = 0
      local history = model:fit(x, nd.zeros { 40, 1 }, {
        epochs = 1000, verbose = 0, batch_size = 10,
        callbacks = { nd.callbacks.LambdaCallback {
          on_train_batch_end = function()
            count = count + 1
            if count == 6 then
              local pid = io.open("/proc/self/stat"):read "n"
              for _ = 1, %d do io.popen("kill -INT " .. pid):close() end
              for _ = 1, 1e6 do end
            end
          end } } })
      print(#history.epoch, count)
    ]]):format(times))
  end

  it("ends fit after the batch, and the history is there", function()
    assert.equal("2\t6\n", pressed(1))
  end)

  it("ends all at once when it is pressed again", function()
    assert.matches("interrupted!", pressed(2))
  end)
end)

describe("what a script's own functions return", function()
  local function net(method, value)
    local Net = nd.Model:extend("Net")
    function Net:init() self.dense = L.Dense(1) end
    function Net:call(a) return self.dense(a) end
    Net[method] = function() return value end
    local model = Net()
    model.name = "net"
    model:compile("sgd", "mse")
    return model
  end

  it("is what steps return: numbers by name", function()
    for _, step in ipairs { "train_step", "test_step" } do
      local method = step == "train_step" and "fit" or "evaluate"
      refuses("a step must return a table of numbers by name, got nil",
        function() net(step)[method](net(step), x, y, { verbose = 0 }) end)
      refuses("a step must return numbers by name, one goes by 1",
        function()
          local model = net(step, { 1 })
          model[method](model, x, y, { verbose = 0 })
        end)
    end
  end)

  it("is a tensor where it is a loss", function()
    refuses("net: compute_loss must return a tensor, got 3",
      function() net("compute_loss", 3):evaluate(x, y, { verbose = 0 }) end)
    local model = line_model()
    model:compile { optimizer = "sgd", loss = function() return 3 end }
    refuses("loss: the function must return a tensor, got 3",
      function() model:fit(x, y, { verbose = 0 }) end)
  end)

  it("is refused otherwise, as are other data", function()
    local model = line_model()
    refuses("predict: the function gave no batches",
      function() model:predict(function() end) end)
    refuses("train_on_batch: x must be a batch, got a function",
      function() model:train_on_batch(print, y) end)
    refuses("fit: class_weight must be a table of numbers by labels, got 3",
      function() model:fit(x, y, { verbose = 0, class_weight = 3 }) end)
    for kind, data in pairs { ["3"] = 3, table = {}, boolean = true } do
      refuses("fit: validation_data must be { x, y } or a function, got "
        .. kind, function() model:fit(x, y, { validation_data = data }) end)
    end
  end)
end)
