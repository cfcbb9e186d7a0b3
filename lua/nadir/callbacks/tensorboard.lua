--- nd.callbacks.TensorBoard: writes the numbers of a training to files that
-- TensorBoard draws, with the tags and in the folders that Keras gives them.
local nd = require "nadir"
local Callback = require "nadir.callbacks.callback".Callback
local class = require "nadir.class"
local event_file = require "nadir.event_file"
local fail = require "nadir.fail"
local file_names = require "nadir.file_names"
local structure = require "nadir.structure"

local TensorBoard = Callback:extend("TensorBoard", {
  doc = "writes the numbers of a training to files that TensorBoard draws",
  { "log_dir", "text", "logs",
    doc = "gets the folders train and validation; what is missing is made" },
  { "write_steps_per_second", "flag", false,
    doc = "whether it tells how many batches a second are done" },
  { "update_freq", "update_frequency", "epoch",
    doc = "after how many batches it writes, too" },
})

-- ------------------------------------------------------------------ writing --

-- The file of a folder, made when there is something to write.
local function file_of(self, run)
  local files = self.files
  files[run] = files[run]
    or event_file.open("TensorBoard", self.log_dir .. "/" .. run)
  return files[run]
end

-- Calls file:what(...) for all, in an order.
local function each_file(files, what)
  for _, run in ipairs(structure.keys(files)) do
    files[run][what](files[run], "TensorBoard")
  end
end

local function close(self)
  local files = self.files
  self.files = {}
  each_file(files, "close")
end

-- Adds a number, or each of a list as "tag/1" and so on.
local function add(file, tag, value, step)
  if type(value) == "table" then
    for i, one in ipairs(value) do
      add(file, ("%s/%d"):format(tag, i), one, step)
    end
  elseif type(value) == "number" then
    file:add("TensorBoard", tag, value, step)
  else
    fail("TensorBoard: %s must be a number, got %s", tag, type(value))
  end
end

-- Adds numbers by name in the order of names; `tag` has %s for the name.
local function write(self, run, tag, numbers, step)
  for _, name in ipairs(structure.keys(numbers)) do
    add(file_of(self, run), tag:format(name), numbers[name], step)
  end
end

-- ------------------------------------------------------------------ batches --

function TensorBoard:init()
  file_names.check_folder("TensorBoard", "log_dir", self.log_dir)
  self.files, self.training = {}, false
end

-- A training that was broken off has left its files open.
function TensorBoard:set_model(model)
  self.model, self.training = model, false
  close(self)
end

function TensorBoard:on_train_begin()
  self.training, self.batches = true, 0
end

function TensorBoard:on_train_batch_begin()
  self.batches = self.batches + 1
  self.batch_begun = nd.clock()
end

function TensorBoard:on_train_batch_end(_, logs)
  local passed = nd.clock() - self.batch_begun
  local every = self.update_freq
  if every == "epoch" or self.batches % every ~= 0 then
    return
  end
  write(self, "train", "batch_%s", logs, self.batches)
  if self.write_steps_per_second then
    write(self, "train", "batch_%s", { steps_per_second = 1 / passed },
      self.batches)
  end
end

-- ------------------------------------------------------------------- epochs --

-- A field of an optimizer, which may be one of the script's own; nil if it has
-- none of that name.
local function field(optimizer, name)
  local found, value = pcall(function() return optimizer[name] end)
  return found and value or nil
end

-- The learning rate by name, or those of several optimizers.
local function rates_of(model)
  local optimizer, rates = model.optimizer, {}
  if not class.is(optimizer, nd.optimizers.MultiOptimizer) then
    rates.learning_rate = optimizer and field(optimizer, "learning_rate") or nil
    return rates
  end
  for i, part in ipairs(optimizer:optimizers_of(model.trainable_variables)) do
    local name = "learning_rate_" .. part[1].name
    name = rates[name] and ("%s_%d"):format(name, i) or name
    rates[name] = part[1].learning_rate
  end
  return rates
end

function TensorBoard:on_epoch_begin()
  self.epoch_begun, self.batches_before = nd.clock(), self.batches
end

function TensorBoard:on_epoch_end(epoch, logs)
  local train, held = rates_of(self.model), {}
  for name, value in pairs(logs) do -- any order: each its own
    local of_held = name:match "^val_(.*)"
    local numbers = of_held and held or train
    numbers[of_held or name] = value
  end
  if self.write_steps_per_second then
    train.steps_per_second = (self.batches - self.batches_before)
      / (nd.clock() - self.epoch_begun)
  end
  write(self, "train", "epoch_%s", train, epoch)
  write(self, "validation", "epoch_%s", held, epoch)
  each_file(self.files, "flush")
end

function TensorBoard:on_train_end()
  self.training = false
  close(self)
end

-- -------------------------------------------------------------- evaluations --

-- One without a training has a file of its own.
function TensorBoard:on_test_end(logs)
  local optimizer = self.model.optimizer
  local iterations = optimizer and field(optimizer, "iterations")
  if iterations then
    write(self, "validation", "evaluation_%s_vs_iterations", logs, iterations)
  end
  if not self.training then
    close(self)
  end
end

return { TensorBoard = TensorBoard }
