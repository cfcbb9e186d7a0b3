--- nd.callbacks.Callback, LambdaCallback, History: what a model calls while it
-- is trained.
--
--   local Printer = nd.callbacks.Callback:extend "Printer"
--
--   function Printer:on_epoch_end(epoch, logs)
--     print(epoch, logs.loss)
--   end
--
-- Epochs and batches count from 1. `logs` has numbers by name. The model is in
-- the field `model`; `model.stop_training = true` ends the training after the
-- batch.
local class = require "nadir.class"

local Callback = class "Callback"

Callback.model, Callback.params = false, false

--- Called before all else.
function Callback:set_model(model)
  self.model = model
end

--- Called with `epochs`, `steps` and `verbose`.
function Callback:set_params(params)
  self.params = params
end

-- All that is called while a model is trained; here nothing is done.
local hooks = {}
for _, what in ipairs { "train", "test", "predict" } do
  for _, when in ipairs { "begin", "end" } do
    hooks[#hooks + 1] = ("on_%s_%s"):format(what, when)
    hooks[#hooks + 1] = ("on_%s_batch_%s"):format(what, when)
  end
end
hooks[#hooks + 1] = "on_epoch_begin"
hooks[#hooks + 1] = "on_epoch_end"

for _, hook in ipairs(hooks) do
  Callback[hook] = function() end
end

-- ---------------------------------------------------------------- history --

local History = Callback:extend "History"

function History:init()
  self.history, self.epoch = {}, {}
end

function History:on_epoch_end(epoch, logs)
  self.epoch[#self.epoch + 1] = epoch
  for name, value in pairs(logs) do -- any order: each its own list
    self.history[name] = self.history[name] or {}
    table.insert(self.history[name], value)
  end
end

-- -------------------------------------------------------------- functions --

local params = {}
for i, hook in ipairs(hooks) do
  params[i] = { hook, "callable", false }
end
table.sort(params, function(a, b) return a[1] < b[1] end)

local LambdaCallback = Callback:extend("LambdaCallback", params)

-- A hook that is not given stays that of the class.
function LambdaCallback:init()
  for _, hook in ipairs(hooks) do
    local f = rawget(self, hook)
    self[hook] = f and function(_, ...) return f(...) end or nil
  end
end

-- ------------------------------------------------------------------- lists --

local List = {}
List.__index = List

local function has(callback, hook)
  return callback[hook] ~= Callback[hook]
end

--- Callbacks that are called together, and those alone that have a hook.
---@param callbacks table
---@param model table
---@param list_params table
---@return table list  `list.on_epoch_end(...)` calls all
local function new_list(callbacks, model, list_params)
  local list = { callbacks = callbacks }
  for _, hook in ipairs(hooks) do
    local those = {}
    for _, callback in ipairs(callbacks) do
      those[#those + 1] = has(callback, hook) and callback or nil
    end
    list[hook] = #those > 0 and function(...)
      for _, callback in ipairs(those) do
        callback[hook](callback, ...)
      end
    end
  end
  for _, callback in ipairs(callbacks) do
    callback:set_model(model)
    callback:set_params(list_params)
  end
  return setmetatable(list, List)
end

--- Calls what there is for a hook.
---@private
function List:call(hook, ...)
  local f = self[hook]
  if f then
    f(...)
  end
end

return { Callback = Callback, LambdaCallback = LambdaCallback,
         History = History, new_list = new_list }
