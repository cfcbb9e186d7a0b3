--- What is shown of training: in a terminal a bar that goes on while an epoch
-- does, anywhere else a line for each epoch.
local Bar = require "nadir.bar"
local class = require "nadir.class"
local columns = require "nadir.columns"
local Log = require "nadir.models.log"

local print = print

local Display = class("Display", {
  { "model", "nested" },
  { "verbose", "verbosity", "auto" },
  { "epochs", "integer", false },
})

function Display:init()
  local verbose = self.verbose == "auto" and 1 or self.verbose
  self.shown = verbose > 0
  self.interactive = verbose == 1 and columns() ~= nil
  self.bar = false
end

--- An epoch, or an evaluation, begins.
---@param epoch? integer
---@param steps? integer  if it is known
function Display:begin(epoch, steps)
  if not self.shown then
    return
  end
  local title = epoch and ("Epoch %d/%d"):format(epoch, self.epochs)
  if title and self.interactive then
    print(title)
    title = nil
  end
  self.bar = Bar { target = steps, interactive = self.interactive,
                   description = title and title .. " -" or false }
end

local function set(self, logs)
  local numbers = Log.numbers(logs)
  for _, name in ipairs(Log.names(self.model, numbers)) do
    if type(numbers[name]) == "number" then
      self.bar:set { [name] = numbers[name] }
    end
  end
end

--- A step is done.
function Display:step(step, logs)
  local bar = self.bar
  if bar then
    if bar:is_due() then
      set(self, logs)
    end
    bar:advance(step)
  end
end

--- All steps are done, and what was looked at behind them.
---@param numbers table
function Display:finish(numbers)
  if self.bar then
    set(self, numbers)
    self.bar:finish()
    self.bar = false
  end
end

--- No more is shown; what has begun ends its line.
function Display:leave()
  if self.bar and self.interactive then
    self.bar:finish()
  end
  self.bar = false
end

return Display
