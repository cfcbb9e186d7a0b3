--- How models are trained, evaluated and asked: the methods of nd.Model that
-- loop over batches. What a batch does are methods that a class may override:
-- `train_step`, `test_step`, `predict_step`, `compute_loss`.
local nd = require "nadir"
local callback = require "nadir.callbacks.callback"
local check_self = require "nadir.models.receiver"
local class = require "nadir.class"
local describe = require "nadir.describe"
local Display = require "nadir.models.display"
local fail = require "nadir.fail"
local finally = require "nadir.finally"
local Log = require "nadir.models.log"
local new_compiled = require "nadir.models.compiled"
local Data = require "nadir.models.data"
local patience = require "nadir.patience"
local signature = require "nadir.signature"
local structure = require "nadir.structure"

local training = {}

-- ----------------------------------------------------------------- compile --

-- What these may be for several outputs.
local EACH <const> = ", or a list or a table by name of one for each output"

local compile = signature.new("compile", {
  { "optimizer", "optimizer", "rmsprop", doc = "an object, or a name" },
  { "loss", "nested", false, wanted = "a loss, a function or a name" .. EACH },
  { "loss_weights", "nested", false, doc = "factors of the losses",
    wanted = "a number" .. EACH },
  { "metrics", "nested", false, doc = "without the weights of examples",
    wanted = "metrics, functions or names" .. EACH },
  { "weighted_metrics", "nested", false, doc = "with them",
    wanted = "metrics, functions or names" .. EACH },
  { "run_eagerly", "flag", false, doc = "makes no difference here" },
  { "steps_per_execution", "size", 1, doc = "makes no difference here" },
  { "jit_compile", "nested", "auto", doc = "makes no difference here",
    wanted = "anything" },
  { "auto_scale_loss", "flag", true, doc = "makes no difference here" },
})

--- Says how the model is trained: by which optimizer, loss and metrics, each an
--- object, a class, or a name.
function training:compile(...)
  check_self(self, "compile", "optimizer, loss")
  local v, given = compile:read(...)
  self.optimizer = v.optimizer
  rawset(self, "_compile", given)
  rawset(self, "_compiled", new_compiled(self, {
    loss = v.loss, loss_weights = v.loss_weights, metrics = v.metrics,
    weighted_metrics = v.weighted_metrics,
  }))
end

local function compiled_of(self, who)
  local compiled = rawget(self, "_compiled")
  if not compiled then
    fail("%s: %s is not compiled yet; use model:compile", who, self.name)
  end
  return compiled
end

-- A class whose steps are its own need not be compiled. Tells whether batches
-- have to have a y, because a loss compares it.
local function check_compiled(self, who)
  if self.train_step ~= training.train_step then
    return false
  end
  return compiled_of(self, who).loss ~= nil
    and self.test_step == training.test_step
    and self.compute_loss == training.compute_loss
end

--- Which way a number of the logs is better: "min" or "max"; nil if no metric
--- says.
---@param name string
---@return string?
---@private
function training:direction_of(name)
  local compiled = rawget(self, "_compiled")
  return compiled and compiled:direction_of(name)
end

-- ------------------------------------------------------------------- steps --

local WEIGHTS <const> = 3

--- The loss of a batch, that of the compiled losses and what layers add.
---@return userdata loss
function training:compute_loss(_, y, y_pred, sample_weight)
  local loss = compiled_of(self, "compute_loss"):compute_loss(y, y_pred,
    sample_weight)
  if not loss then
    fail("%s: there is no loss: %s", self.name, y == nil
      and "there is no y, and no layer adds any"
      or "neither compiled, nor added by a layer")
  end
  return loss
end

--- Adds a batch to the means and metrics, whose numbers it returns.
---@return table logs
function training:compute_metrics(x, y, y_pred, sample_weight, loss)
  compiled_of(self, "compute_metrics"):update(loss, y, y_pred, sample_weight,
    Data.size(x))
  return Log.of(self)
end

--- The means and metrics as they are, by name.
---@return table logs
function training:get_metrics_result()
  return Log.numbers(Log.of(self))
end

--- Learns from one batch. A class may override it.
---@param data table  x, y, sample weights
---@return table logs  numbers or scalars by name
function training:train_step(data)
  local x, y, weights = data[1], data[2], data[WEIGHTS]
  local optimizer = self.optimizer or fail("%s: it has no optimizer; use "
    .. "model:compile", self.name)
  local y_pred, loss
  local tape = nd.GradientTape()
  do
    local _ <close> = tape
    y_pred = self(x, true)
    loss = self:compute_loss(x, y, y_pred, weights)
  end
  local variables = self.trainable_variables
  local scaled = optimizer:scale_loss(nd.ones_like(loss))
  optimizer:apply_gradients(tape:gradient(loss, variables, scaled), variables)
  return self:compute_metrics(x, y, y_pred, weights, loss)
end

--- Looks at one batch. A class may override it.
function training:test_step(data)
  local x, y, weights = data[1], data[2], data[WEIGHTS]
  local y_pred = self(x, false)
  local loss = y ~= nil and self:compute_loss(x, y, y_pred, weights) or nil
  return self:compute_metrics(x, y, y_pred, weights, loss)
end

--- What the model gives for one batch. A class may override it.
function training:predict_step(data)
  return self(data[1], false)
end

--- The means and metrics begin again, as `fit` and `evaluate` have them do.
function training:reset_metrics()
  for _, metric in ipairs(self:held_metrics()) do
    metric:reset_state()
  end
  local compiled = rawget(self, "_compiled")
  if compiled then
    compiled:reset()
  end
end

-- ------------------------------------------------------------------ epochs --

-- Calls step(data) for each batch, with what is called around it: `what` is
-- "train", "test" or "predict". Gives the last logs.
local function run_batches(self, data, list, what, step, bar)
  local before = list[("on_%s_batch_begin"):format(what)]
  local after = list[("on_%s_batch_end"):format(what)]
  local logs
  for i, batch in data:batches() do
    if before then
      before(i, {})
    end
    logs = Log.check(step(self, batch))
    if after then
      after(i, Log.numbers(logs))
    end
    if bar then
      bar:step(i, logs)
    end
    if self.stop_training or patience.asked() then
      self.stop_training = true
      break
    end
  end
  return logs
end

-- Evaluates; gives numbers by name, in an order.
local function run_test(self, data, list, bar)
  self:reset_metrics()
  list:call("on_test_begin", {})
  local logs = run_batches(self, data, list, "test", self.test_step, bar)
  local numbers = Log.numbers(logs or {})
  list:call("on_test_end", numbers)
  return numbers
end

-- ---------------------------------------------------------------------- fit --

-- Parameters of several methods.
local X <const> = { "x", "nested", wanted =
  "tensors, or a function that gives the next batch" }
local Y <const> = { "y", "nested", false, doc = "labels", wanted = "tensors" }
local BATCH_SIZE <const> = { "batch_size", "size", 32,
                             doc = "how many examples a step has" }
local VERBOSE <const> = { "verbose", "verbosity", "auto",
                          doc = "0: shows nothing; 2: a line for each epoch" }
local CALLBACKS <const> = { "callbacks", "callbacks", {},
                            doc = "called around batches and epochs" }
local STEPS <const> = { "steps", "size", false,
                        doc = "how many batches; nil: all" }
local SAMPLE_WEIGHT <const> = { "sample_weight", "nested", false,
                                doc = "weights of examples",
                                wanted = "tensors" }
local CLASS_WEIGHT <const> = { "class_weight", "nested", false,
                               doc = "weights of classes, from 1 on",
                               wanted = "a list or a table of numbers" }

local fit = signature.new("fit", {
  X, Y, BATCH_SIZE,
  { "epochs", "integer", 1, doc = "the last of them" },
  VERBOSE, CALLBACKS,
  { "validation_split", "number", 0,
    doc = "the share at the end of x that is not trained on" },
  { "validation_data", "nested", false, doc = "what epochs are evaluated on",
    wanted = "{ x, y } or { x, y, sample_weight }, or a function" },
  { "shuffle", "flag", true, doc = "whether each epoch has another order" },
  CLASS_WEIGHT, SAMPLE_WEIGHT,
  { "initial_epoch", "integer", 0, doc = "how many epochs there were before" },
  { "steps_per_epoch", "size", false, doc = "how many batches; nil: all" },
  { "validation_steps", "size", false, doc = "how many batches; nil: all" },
  { "validation_batch_size", "size", false, doc = "nil: batch_size" },
  { "validation_freq", "size", 1, doc = "evaluates after so many epochs" },
})

-- The data to train on and that to evaluate on, if there is such.
local function read_data(v, needs_y)
  local data = Data.new("fit", {
    x = v.x, y = v.y, sample_weight = v.sample_weight or nil,
    class_weight = v.class_weight or nil, batch_size = v.batch_size,
    shuffle = v.shuffle, steps = v.steps_per_epoch, needs_y = needs_y,
  })
  local held
  if v.validation_data then
    local list = v.validation_data
    if type(list) == "function" then
      list = { list }
    elseif type(list) ~= "table" or list[1] == nil then
      fail("fit: validation_data must be { x, y } or a function, got %s",
        describe.value(list))
    end
    held = Data.new("fit: validation_data", {
      x = list[1], y = list[2], sample_weight = list[3],
      batch_size = v.validation_batch_size or v.batch_size,
      steps = v.validation_steps, needs_y = needs_y,
    })
  elseif v.validation_split > 0 then
    data, held = data:split(v.validation_split)
    data.steps = math.min(data.steps, v.steps_per_epoch or math.huge)
    held.batch_size = v.validation_batch_size or v.batch_size
    held.steps = math.min(math.ceil(held.n / held.batch_size),
      v.validation_steps or math.huge)
  end
  return data, held
end

-- The model gets the running means that its optimizer may keep of weights.
local function finish_weights(self)
  local optimizer, variables = self.optimizer, self.trainable_variables
  local Class = class.of(optimizer) -- of the script, perhaps
  local keeps = optimizer
    and (not Class or class.method(Class, "finalize_variable_values"))
  if keeps and #variables > 0 then
    optimizer:finalize_variable_values(variables)
  end
end

local function run_epoch(self, epoch, data, held, list, bar)
  rawset(self, "_steady", {})
  self:reset_metrics()
  list:call("on_epoch_begin", epoch, {})
  bar:begin(epoch, data.steps)
  local logs = run_batches(self, data, list, "train", self.train_step, bar)
  local numbers = Log.numbers(logs or {})
  if held and not self.stop_training then
    for name, value in pairs(run_test(self, held, list)) do -- any order: own
      numbers["val_" .. name] = value
    end
  end
  list:call("on_epoch_end", epoch, numbers)
  bar:finish(numbers)
end

--- Trains the model for a number of epochs.
---@return table history  `history.history.loss[1]` is that of the first epoch
function training:fit(...)
  check_self(self, "fit", "x, y")
  local v = fit:read(...)
  local needs_y = check_compiled(self, "fit")
  local data, held = read_data(v, needs_y)
  local history = callback.History()
  local callbacks = table.move(v.callbacks, 1, #v.callbacks, 1, {})
  callbacks[#callbacks + 1] = history
  local params = { epochs = v.epochs, steps = data.steps, verbose = v.verbose }
  local list = callback.new_list(callbacks, self, params)
  local bar = Display(self, v.verbose, v.epochs)
  self.stop_training = false
  local _ <close> = finally(rawset, self, "initial_epoch", false)
  local _ <close> = finally(rawset, self, "_steady", nil)
  local _ <close> = finally(bar.leave, bar)
  local _ <close> = finally(patience.finish)
  patience.begin()
  list:call("on_train_begin", {})
  local first = self.initial_epoch or v.initial_epoch
  for epoch = first + 1, v.epochs do
    local due = epoch % v.validation_freq == 0
    run_epoch(self, epoch, data, due and held or nil, list, bar)
    if self.stop_training then
      break
    end
  end
  if v.epochs > 0 then
    finish_weights(self)
  end
  list:call("on_train_end", {})
  return history
end

-- ------------------------------------------------------ evaluate, predict --

local RETURN_DICT <const> = { "return_dict", "flag", false,
                              doc = "whether it gives a table by name" }

local evaluate = signature.new("evaluate", {
  X, Y, BATCH_SIZE, VERBOSE, SAMPLE_WEIGHT, STEPS, CALLBACKS, RETURN_DICT,
})

-- Numbers by name as values in the order that the model gives them.
local function spread(self, numbers)
  local values = {}
  for i, name in ipairs(Log.names(self, numbers)) do
    values[i] = numbers[name]
  end
  return table.unpack(values)
end

--- The mean loss and the metrics.
---@return number ...  the loss, then each metric; or a table of them by name
function training:evaluate(...)
  check_self(self, "evaluate", "x, y")
  local v = evaluate:read(...)
  local needs_y = check_compiled(self, "evaluate")
  local data = Data.new("evaluate", {
    x = v.x, y = v.y, sample_weight = v.sample_weight or nil,
    batch_size = v.batch_size, steps = v.steps, needs_y = needs_y,
  })
  local list = callback.new_list(v.callbacks, self, { steps = data.steps })
  local bar = Display(self, v.verbose)
  bar:begin(nil, data.steps)
  local numbers = run_test(self, data, list, bar)
  bar:finish(numbers)
  if v.return_dict then
    return numbers
  end
  return spread(self, numbers)
end

local predict = signature.new("predict", {
  X, BATCH_SIZE, VERBOSE, STEPS, CALLBACKS,
})

-- Batches of results as one.
local function join(results)
  local lists, leaf = {}, 0
  for i, result in ipairs(results) do
    for k, x in ipairs(structure.flatten(result)) do
      lists[k] = lists[k] or {}
      lists[k][i] = x
    end
  end
  return structure.map(results[1], function()
    leaf = leaf + 1
    return nd.concat(lists[leaf], 1)
  end)
end

--- What the model gives for all of x, batch by batch.
---@return any
function training:predict(...)
  check_self(self, "predict", "x")
  local v = predict:read(...)
  local data = Data.new("predict", { x = v.x, batch_size = v.batch_size,
                                     steps = v.steps })
  local list = callback.new_list(v.callbacks, self, { steps = data.steps })
  local results = {}
  list:call("on_predict_begin", {})
  run_batches(self, data, list, "predict", function(_, batch)
    results[#results + 1] = self:predict_step(batch)
    return {}
  end)
  list:call("on_predict_end", {})
  if #results == 0 and not data.parts then
    fail("predict: the function gave no batches")
  elseif #results == 0 then
    return self:predict_step(data.parts)
  end
  return #results == 1 and results[1] or join(results)
end

-- ----------------------------------------------------------- single batches --

local function on_batch(who)
  return signature.new(who, {
    { "x", "nested", wanted = "tensors" }, Y, SAMPLE_WEIGHT, CLASS_WEIGHT,
    RETURN_DICT,
  })
end

local train_on_batch = on_batch "train_on_batch"
local test_on_batch = on_batch "test_on_batch"

local function run_on_batch(self, takes, step, ...)
  check_self(self, takes.name, "x, y")
  local v = takes:read(...)
  local needs_y = check_compiled(self, takes.name)
  if type(v.x) == "function" then
    fail("%s: x must be a batch, got a function", takes.name)
  end
  local data = Data.new(takes.name, {
    x = v.x, y = v.y, sample_weight = v.sample_weight or nil,
    class_weight = v.class_weight or nil, needs_y = needs_y,
  })
  self:reset_metrics()
  local numbers = Log.numbers(Log.check(self[step](self, data.parts)))
  if v.return_dict then
    return numbers
  end
  return spread(self, numbers)
end

--- Learns from one batch.
---@return number ...  the loss, then each metric; or a table of them by name
function training:train_on_batch(...)
  return run_on_batch(self, train_on_batch, "train_step", ...)
end

--- Evaluates one batch.
function training:test_on_batch(...)
  return run_on_batch(self, test_on_batch, "test_step", ...)
end

--- What the model gives for one batch.
function training:predict_on_batch(x)
  check_self(self, "predict_on_batch", "x")
  return self:predict_step { structure.to_tensors(x, "predict_on_batch") }
end

-- What `fit` looks at between batches.
training.stop_training, training.initial_epoch = false, false
training.optimizer = false

return training
