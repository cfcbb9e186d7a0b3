--- Losses, metrics, activations, regularizers and constraints give what those
-- of Keras 3 give.
package.path = "tests/lua/?.lua;tests/?.lua;" .. package.path
local nd = require "nadir"
local golden = require "golden.keras_losses"
local support = require "support"
local near, plain = support.near, support.plain

assert(_VERSION == "Lua 5.4")

-- How far from the largest of the numbers they may be.
local SHARE <const> = 2e-5

local function largest(x)
  if type(x) ~= "table" then
    return x == x and math.abs(x) or 0
  end
  local most = 0
  for _, value in ipairs(x) do
    most = math.max(most, largest(value))
  end
  return most
end

local function near_share(want, got)
  got = plain(got)
  near(want, got, SHARE * math.max(largest(want), 1e-3))
end

-- One float makes all of a table floats.
local function tensor(x)
  return nd.constant(x)
end

describe("a loss gives what Keras gives, and its gradient:", function()
  for i, case in ipairs(golden.losses) do
    it(("%s, %d"):format(case.class, i), function()
      local loss = nd.losses[case.class](case.settings or {})
      local y, p = tensor(case.y_true), nd.Variable(tensor(case.y_pred))
      local tape <close> = nd.GradientTape()
      local value = loss(y, p, case.weight)
      local total = nd.reduce_sum(value)
      near_share(case.result, value)
      near_share(case.gradient, tape:gradient(total, p))
    end)
  end
end)

describe("a metric gives what Keras gives, update by update:", function()
  for i, case in ipairs(golden.metrics) do
    it(("%s, %d"):format(case.class, i), function()
      local metric = nd.metrics[case.class](case.settings or {})
      for _ = 1, 2 do
        for _, step in ipairs(case.updates) do
          metric:update_state(step.y_true, step.y_pred, step.weight)
          near_share(step.result, metric:result())
        end
        metric:reset_state()
      end
    end)
  end
end)

-- Checks the value and the gradient of f(x).
local function check_rule(case, f)
  local x = nd.Variable(tensor(case.x))
  local tape <close> = nd.GradientTape()
  local value = f(x)
  local total = nd.reduce_sum(value)
  near_share(case.result, value)
  near_share(case.gradient, tape:gradient(total, x))
end

describe("an activation gives what Keras gives, and its gradient:", function()
  for i, case in ipairs(golden.activations) do
    it(("%s, %d"):format(case.name, i), function()
      local f = nd.activations[case.name]
      check_rule(case, case.settings and function(x)
        return f(x, case.settings)
      end or f)
    end)
  end
end)

for _, family in ipairs { "regularizers", "constraints" } do
  describe(family .. " give what Keras gives, and their gradients:", function()
    for i, case in ipairs(golden[family]) do
      it(("%s, %d"):format(case.class, i), function()
        local Class = nd[family][case.class]
        check_rule(case, case.settings and Class(case.settings) or Class())
      end)
    end
  end)
end
