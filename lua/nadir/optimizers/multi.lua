--- nd.optimizers.MultiOptimizer: several optimizers, each for Variables of its
-- own, that a map or a function of a Variable says. As in Keras 3.
--
--   nd.optimizers.MultiOptimizer(function(variable)
--     return variable.name:find "^encoder/" and adam or sgd
--   end)
local class = require "nadir.class"
local config = require "nadir.config"
local fail = require "nadir.fail"
local kinds = require "nadir.kinds"
local leaves = require "nadir.autodiff.arguments".leaves
local nd = require "nadir"
local wrapper = require "nadir.optimizers.wrapper"

local Multi = class("MultiOptimizer", {
  doc = "several optimizers, each for Variables of its own",
  { "optimizer_map", "callable",
    doc = "an OptimizerMap, or a function that gives a Variable's optimizer" },
}, wrapper.Class)

Multi.name = "MultiOptimizer"
Multi.kept = { iterations = "integer" }

function Multi:init()
  self.iterations = 0
  self._chosen = setmetatable({}, { __mode = "k" })
end

--- The map comes back with its optimizers.
function Multi.from_config(Class, given)
  class.check_config(Class, given)
  return Class(config.make_optimizer(given.optimizer_map))
end

local function ask(self, variable)
  local found = self.optimizer_map(variable)
  local optimizer = kinds.optimizer.read(found)
  if not optimizer then
    fail("MultiOptimizer: '%s' gets a %s, which is no optimizer",
      variable.name, type(found))
  elseif wrapper.is(optimizer) then
    fail("MultiOptimizer: '%s' gets a %s, which cannot be inside",
      variable.name, optimizer.name)
  end
  return optimizer
end

-- The optimizer of a Variable, which is asked for once.
local function choose(self, variable)
  if not nd.is_variable(variable) then
    fail("apply_gradients: a variable must be a Variable, got %s",
      require "nadir.describe".value(variable))
  end
  local chosen = self._chosen
  chosen[variable] = chosen[variable] or ask(self, variable)
  return chosen[variable]
end

-- Items, of which `variable_of` gives the Variable, by their optimizers, in the
-- order in which these come.
local function divide(self, items, variable_of)
  local parts, by_optimizer = {}, {}
  for _, item in ipairs(items) do
    local optimizer = choose(self, variable_of(item))
    local list = by_optimizer[optimizer]
    if not list then
      list = {}
      by_optimizer[optimizer] = list
      parts[#parts + 1] = { optimizer, list }
    end
    list[#list + 1] = item
  end
  return parts
end

local function second(pair)
  return type(pair) == "table" and pair[2] or nil
end

local function itself(variable)
  return variable
end

local function has_gradient(list)
  for _, pair in ipairs(list) do
    if pair[1] then
      return true
    end
  end
  return false
end

--- A step of each optimizer that has gradients.
function Multi:apply_gradients(gradients, variables)
  local all = wrapper.zip(gradients, variables)
  if type(all) ~= "table" or #all == 0 then
    fail("apply_gradients: no variables")
  end
  local parts = divide(self, all, second)
  for _, part in ipairs(parts) do
    if has_gradient(part[2]) or not has_gradient(all) then
      part[1]:apply_gradients(part[2])
    end
  end
  self.iterations = self.iterations + 1
end

--- The loss, which no optimizer inside scales.
function Multi:scale_loss(loss)
  return loss
end

function Multi:optimizers_of(variables)
  return divide(self, leaves(variables), itself)
end

--- Each optimizer inside has its own.
function Multi:exclude_from_weight_decay()
  fail("%s: exclude_from_weight_decay is of the optimizers inside", self.name)
end

class.property(Multi, "learning_rate", function(self)
  fail("%s: learning_rate is of the optimizers inside", self.name)
end)

class.metatable(Multi).__newindex = function(self, key, value)
  if key == "learning_rate" then
    fail("%s: learning_rate is of the optimizers inside", self.name)
  end
  rawset(self, key, value)
end

return Multi
