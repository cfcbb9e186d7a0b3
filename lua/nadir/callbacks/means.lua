--- nd.callbacks.SwapEMAWeights: evaluates a model with the running means of its
-- weights, which its optimizer keeps.
local Callback = require "nadir.callbacks.callback".Callback
local describe = require "nadir.describe"
local fail = require "nadir.fail"
local wrapper = require "nadir.optimizers.wrapper"

local SwapEMAWeights = Callback:extend("SwapEMAWeights", {
  doc = "evaluates with running means of weights, of an optimizer with use_ema",
  { "swap_on_epoch", "flag", false,
    doc = "whether the model has them between epochs, for ModelCheckpoint" },
})

-- The optimizers that keep running means, each with its Variables; one of the
-- script's own class keeps none.
local function averaging(model)
  local optimizer, variables = model.optimizer, model.trainable_variables
  local parts, list = { { optimizer, variables } }, {}
  if wrapper.is(optimizer) then
    parts = optimizer:optimizers_of(variables)
  end
  for _, part in ipairs(parts) do
    local keeps = describe.type(part[1]) == "Optimizer" and part[1].use_ema
    list[#list + 1] = keeps and part or nil
  end
  if #list == 0 then
    fail("SwapEMAWeights: no optimizer of %s has use_ema = true", model.name)
  end
  return list
end

-- Gives the model the means, and keeps what it had. Before the first step there
-- are no means.
local function put_means(self)
  if self.held then
    return
  end
  self.held = {}
  for _, part in ipairs(averaging(self.model)) do
    for _, variable in ipairs(part[2]) do
      local mean = part[1]:get_slot(variable, "average")
      if mean then
        self.held[variable] = variable:read_value()
        variable:assign(mean)
      end
    end
  end
end

local function put_back(self)
  for variable, value in pairs(self.held or {}) do -- any order: each its own
    variable:assign(value)
  end
  self.held = false
end

SwapEMAWeights.held = false

-- Where a training was broken off, or ended, the model stays as it is.
function SwapEMAWeights:on_train_begin()
  self.held = false
end

SwapEMAWeights.on_train_end = SwapEMAWeights.on_train_begin

function SwapEMAWeights:on_epoch_begin()
  put_back(self)
end

function SwapEMAWeights:on_epoch_end()
  if self.swap_on_epoch then
    put_means(self)
  end
end

SwapEMAWeights.on_test_begin = put_means
SwapEMAWeights.on_test_end = put_back
SwapEMAWeights.on_predict_begin = put_means
SwapEMAWeights.on_predict_end = put_back

return { SwapEMAWeights = SwapEMAWeights }
