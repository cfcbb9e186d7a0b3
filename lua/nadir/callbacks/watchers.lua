--- nd.callbacks.LearningRateScheduler, TerminateOnNaN, CSVLogger: small helpers
-- of training.
local Callback = require "nadir.callbacks.callback".Callback
local fail = require "nadir.fail"
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
    fail("LearningRateScheduler: schedule must give a number, got %s",
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

-- Writes texts as a line, at once.
local function write_line(self, ...)
  local done, problem = self.file:write(...)
  if done then
    done, problem = self.file:write "\n"
  end
  if done then
    done, problem = self.file:flush()
  end
  if not done then
    fail("CSVLogger: %s: %s", self.filename, problem)
  end
end

-- Whether there is something in the file.
local function has_lines(path)
  local file = open(path, "r")
  local any = file and file:read(1) ~= nil
  if file then
    file:close()
  end
  return any
end

function CSVLogger:on_train_begin()
  self.keys = false
  self.header = not (self.append and has_lines(self.filename))
  local file, problem = open(self.filename, self.append and "a" or "w")
  if not file then
    fail("CSVLogger: %s", problem)
  end
  self.file = file
end

function CSVLogger:on_epoch_end(epoch, logs)
  if not self.keys then
    self.keys = structure.keys(logs)
    if self.header then
      write_line(self, "epoch", self.separator,
        table.concat(self.keys, self.separator))
    end
  end
  local row = { epoch }
  for i, name in ipairs(self.keys) do
    local value = logs[name]
    row[i + 1] = type(value) == "number" and number_text(value)
      or value ~= nil and tostring(value) or ""
  end
  write_line(self, table.concat(row, self.separator))
end

function CSVLogger:on_train_end()
  self.file:close()
end

return {
  LearningRateScheduler = LearningRateScheduler,
  TerminateOnNaN = TerminateOnNaN, CSVLogger = CSVLogger,
}
