--- nd.callbacks.LearningRateScheduler, TerminateOnNaN, CSVLogger: small helpers
-- of training.
local Callback = require "nadir.callbacks.callback".Callback
local file = require "nadir.file"
local file_names = require "nadir.file_names"
local number_text = require "nadir.number"
local structure = require "nadir.structure"

local print = print
local open = io and io.open

-- ---------------------------------------------------- LearningRateScheduler --

local LearningRateScheduler = Callback:extend("LearningRateScheduler", {
  doc = "sets the learning rate before each epoch",
  { "schedule", "callable", doc = "gives it for an epoch and the rate so far" },
  { "verbose", "integer", 0 },
})

function LearningRateScheduler:on_epoch_begin(epoch)
  local optimizer = self.model.optimizer
  local rate = self.schedule(epoch, optimizer.learning_rate)
  if type(rate) ~= "number" then
    self:fail("schedule must give a number, got %s",
      type(rate))
  end
  optimizer.learning_rate = rate
  if self.verbose > 0 then
    print(("epoch %d: learning rate %g"):format(epoch, rate))
  end
end

function LearningRateScheduler:on_epoch_end(_, logs)
  logs.learning_rate = self.model.optimizer.learning_rate
end

-- ----------------------------------------------------------- TerminateOnNaN --

local TerminateOnNaN = Callback:extend("TerminateOnNaN", {
  doc = "stops when the loss is nan or infinite",
})

function TerminateOnNaN:on_train_batch_end(batch, logs)
  local loss = logs.loss
  if loss and (loss ~= loss or math.abs(loss) == math.huge) then
    print(("batch %d: the loss is %s, stopping"):format(batch, loss))
    self.model.stop_training = true
  end
end

-- ---------------------------------------------------------------- CSVLogger --

local CSVLogger = Callback:extend("CSVLogger", {
  doc = "writes the numbers of each epoch to a file, a line for each",
  { "filename", "text" },
  { "separator", "text", "," },
  { "append", "flag", false, doc = "whether what is there stays" },
})

function CSVLogger:init()
  file_names.check_file("CSVLogger", "filename", self.filename)
end

-- Writes a line, all of it or nothing.
local function write_line(self, list)
  file.append("CSVLogger", self.filename, self.file,
    table.concat(list, self.separator) .. "\n")
end

-- Whether there are lines in the file. Half a one at its end, as a process that
-- is killed leaves, goes.
local function has_lines(path)
  local handle <close> = open(path, "rb")
  local size = handle and handle:seek "end" or 0
  if size == 0 then
    return false
  end
  handle:seek("end", -1)
  if handle:read(1) == "\n" then
    return true
  end
  handle:seek "set"
  local lines = handle:read "a":match "^.*\n" or ""
  file.write("CSVLogger", path, { lines })
  return lines ~= ""
end

function CSVLogger:on_train_begin()
  self.keys = false
  self.header = not (self.append and has_lines(self.filename))
  local handle, problem = open(self.filename, self.append and "a" or "w")
  if not handle then
    self:fail("%s", problem)
  end
  self.file = handle
end

function CSVLogger:on_epoch_end(epoch, logs)
  if not self.keys then
    self.keys = structure.keys(logs)
    if self.header then
      write_line(self, { "epoch", table.unpack(self.keys) })
    end
  end
  local row = { epoch }
  for i, name in ipairs(self.keys) do
    local value = logs[name]
    row[i + 1] = type(value) == "number" and number_text(value)
      or value ~= nil and tostring(value) or ""
  end
  write_line(self, row)
end

function CSVLogger:on_train_end()
  self.file:close()
end

return {
  LearningRateScheduler = LearningRateScheduler,
  TerminateOnNaN = TerminateOnNaN, CSVLogger = CSVLogger,
}
