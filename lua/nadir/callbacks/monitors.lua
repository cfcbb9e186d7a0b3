--- nd.callbacks.EarlyStopping, ReduceLROnPlateau, ModelCheckpoint: what watches
-- one number of the logs for getting better.
local Callback = require "nadir.callbacks.callback".Callback
local describe = require "nadir.describe"
local file = require "nadir.file"
local kinds = require "nadir.kinds"
local structure = require "nadir.structure"
local warning = require "nadir.warning"
local words = require "nadir.words"

local print = print

kinds.way = words("mode", { "auto", "min", "max" })

local monitor = { "monitor", "text", "val_loss",
                  doc = "the name of the number in logs" }
local mode = { "mode", "way", "auto",
               doc = "which way is better; auto: as the metric says" }
local verbose = { "verbose", "integer", 0, doc = "1: says what it does" }

-- A callback that watches `monitor`.
local Monitor = Callback:extend("Monitor", { monitor, mode, verbose })

-- Which way the number is better: 1 up, -1 down. Losses are, and metrics know.
local function sign_of(self)
  local name = self.monitor:gsub("^val_", "")
  local way = self.mode
  if way == "auto" then
    way = name:find "loss$" and "min" or self.model:direction_of(name)
  end
  if not way then
    self:fail("it is not known which way '%s' is better; give mode, min or max",
      self.monitor)
  end
  return way == "max" and 1 or -1
end

function Monitor:on_train_begin()
  self.sign, self.best = false, false
end

-- The watched number, or nil with a warning that there is none.
function Monitor:look(logs)
  local value = logs[self.monitor]
  if value == nil then
    warning(getmetatable(self).__name, ("logs have no '%s': there are %s")
      :format(self.monitor, table.concat(structure.keys(logs), ", ")))
  end
  return value
end

-- Whether a value is better than another by more than `delta`; any number is
-- better than nan.
function Monitor:is_better(value, other, delta)
  self.sign = self.sign or sign_of(self)
  return not other or other ~= other and value == value
    or self.sign * (value - other) > delta
end

function Monitor:say(...)
  if self.verbose > 0 then
    print(string.format(...))
  end
end

-- ------------------------------------------------------------ EarlyStopping --

local EarlyStopping = Monitor:extend("EarlyStopping", {
  doc = "stops when a number gets no better",
  monitor,
  { "min_delta", "number", 0, doc = "what is less is no better" },
  { "patience", "integer", 0, doc = "how many epochs it may get no better" },
  verbose, mode,
  { "baseline", "number", false, doc = "what it has to be better than" },
  { "restore_best_weights", "flag", false },
  { "start_from_epoch", "integer", 0, doc = "how many epochs do not count" },
})

function EarlyStopping:on_train_begin()
  Monitor.on_train_begin(self)
  self.wait, self.stopped_epoch, self.best_epoch = 0, 0, 0
  self.best_weights = false
end

function EarlyStopping:on_epoch_end(epoch, logs)
  local value = epoch > self.start_from_epoch and self:look(logs) or nil
  if value == nil then
    return
  end
  if self.restore_best_weights and not self.best_weights then
    self.best_weights, self.best_epoch = self.model:get_weights(), epoch
  end
  self.wait = self.wait + 1
  if self:is_better(value, self.best, math.abs(self.min_delta)) then
    self.best, self.best_epoch = value, epoch
    if self.restore_best_weights then
      self.best_weights = self.model:get_weights()
    end
    if not self.baseline
      or self:is_better(value, self.baseline, math.abs(self.min_delta)) then
      self.wait = 0
    end
  elseif self.wait >= self.patience and epoch > 1 then
    self.stopped_epoch = epoch
    self.model.stop_training = true
  end
end

function EarlyStopping:on_train_end()
  if self.stopped_epoch > 0 then
    self:say("epoch %d: early stopping", self.stopped_epoch)
  end
  if self.restore_best_weights and self.best_weights then
    self:say("restoring the weights of epoch %d, the best", self.best_epoch)
    self.model:set_weights(self.best_weights)
  end
end

-- -------------------------------------------------------- ReduceLROnPlateau --

local ReduceLROnPlateau = Monitor:extend("ReduceLROnPlateau", {
  doc = "makes the learning rate less when a number gets no better",
  monitor,
  { "factor", "number", 0.1, doc = "what the rate is multiplied by" },
  { "patience", "integer", 10, doc = "how many epochs it may get no better" },
  verbose, mode,
  { "min_delta", "number", 1e-4, doc = "what is less is no better" },
  { "cooldown", "integer", 0, doc = "epochs after a change that do not count" },
  { "min_lr", "number", 0, doc = "the least rate" },
})

function ReduceLROnPlateau:init()
  if self.factor >= 1 then
    self:fail("factor must be below 1")
  end
end

function ReduceLROnPlateau:on_train_begin()
  Monitor.on_train_begin(self)
  self.wait, self.resting = 0, 0
end

function ReduceLROnPlateau:on_epoch_end(epoch, logs)
  local optimizer = self.model.optimizer
  logs.learning_rate = optimizer.learning_rate
  local value = self:look(logs)
  if value == nil then
    return
  end
  if self.resting > 0 then
    self.resting, self.wait = self.resting - 1, 0
  end
  if self:is_better(value, self.best, self.min_delta) then
    self.best, self.wait = value, 0
  elseif self.resting <= 0 then
    self.wait = self.wait + 1
    local rate = optimizer.learning_rate
    if self.wait >= self.patience and rate > self.min_lr then
      optimizer.learning_rate = math.max(rate * self.factor, self.min_lr)
      self.resting, self.wait = self.cooldown, 0
      self:say("epoch %d: learning rate %g", epoch, optimizer.learning_rate)
    end
  end
end

-- ---------------------------------------------------------- ModelCheckpoint --

local ModelCheckpoint = Monitor:extend("ModelCheckpoint", {
  doc = "saves the model, or its weights, as it is trained",
  { "filepath", "text",
    doc = "may hold {epoch:02d} and names of logs, as in {val_loss:.2f}" },
  monitor,
  verbose,
  { "save_best_only", "flag", false },
  { "save_weights_only", "flag", false },
  mode,
  { "save_freq", "frequency", "epoch",
    doc = "'epoch', or after how many batches" },
  { "initial_value_threshold", "number", false,
    doc = "what the first that is saved is better than" },
})

-- The path with numbers in place of their names.
local function fill_in(self, epoch, logs)
  return (self.filepath:gsub("{([%w_]+):?([^}]*)}", function(name, format)
    local value = name == "epoch" and epoch or logs[name]
    if value == nil then
      self:fail("filepath names '%s', which logs have not", name)
    end
    if format == "" then
      return tostring(value)
    end
    local ok, text = pcall(string.format, "%" .. format, value)
    return ok and text
      or self:fail("filepath cannot show %s as {%s:%s}",
        describe.value(value), name, format)
  end))
end

local function save(self, epoch, logs)
  local path = fill_in(self, epoch, logs)
  file.make_folders("ModelCheckpoint", path)
  if self.save_weights_only then
    self.model:save_weights(path)
  else
    self.model:save(path)
  end
  self:say("epoch %d: saved %s", epoch, path)
end

local function save_if_better(self, epoch, logs)
  if not self.save_best_only then
    return save(self, epoch, logs)
  end
  local value = self:look(logs)
  if value ~= nil and self:is_better(value, self.best, 0) then
    self.best = value
    save(self, epoch, logs)
  end
end

function ModelCheckpoint:on_train_begin()
  Monitor.on_train_begin(self)
  self.best = self.initial_value_threshold
  self.batches, self.epoch = 0, 1
end

function ModelCheckpoint:on_epoch_begin(epoch)
  self.epoch = epoch
end

function ModelCheckpoint:on_train_batch_end(_, logs)
  self.batches = self.batches + 1
  if self.save_freq ~= "epoch" and self.batches % self.save_freq == 0 then
    save_if_better(self, self.epoch, logs)
  end
end

function ModelCheckpoint:on_epoch_end(epoch, logs)
  if self.save_freq == "epoch" then
    save_if_better(self, epoch, logs)
  end
end

return {
  EarlyStopping = EarlyStopping, ReduceLROnPlateau = ReduceLROnPlateau,
  ModelCheckpoint = ModelCheckpoint,
}
