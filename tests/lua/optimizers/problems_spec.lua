--- Minimizers at the 35 problems of problems.lua, from their standard starts.
package.path = "tests/lua/?.lua;tests/lua/optimizers/?.lua;" .. package.path
local nd = require "nadir"
local problems = require "problems"

assert(_VERSION == "Lua 5.4")

local optimizers = nd.optimizers

-- How far a loss is from the nearest minimum that is known.
local function distance(loss, minima)
  local least = math.huge
  for _, minimum in ipairs(minima) do
    local far = minimum == 0 and loss or math.abs(loss - minimum) / minimum
    least = math.min(least, minimum == 0 and far < 1e-9 and 0 or far)
  end
  return least
end

local function residuals_of(problem)
  local v = nd.Variable(nd.constant(problem.start, nd.float64))
  return v, function()
    return nd.stack(problem.f(nd.unstack(v)))
  end
end

-- What single minimizers do not reach.
local exceptions = {
  LBFGS = {
    ["Broyden banded"] = "another minimum, of 2.6856, is nearer",
  },
  ConjugateGradient = {
    ["Broyden banded"] = "another minimum, of 2.6856, is nearer",
    Meyer = "scales that are 1e5 apart take it many thousand steps",
  },
}

describe("the problems", function()
  it("are 35", function()
    assert.equal(35, #problems)
  end)
end)

describe("LevenbergMarquardt", function()
  for _, problem in ipairs(problems) do
    it("solves " .. problem.name, function()
      local v, residuals = residuals_of(problem)
      local result = optimizers.LevenbergMarquardt():minimize(residuals, v)
      assert.is_true(distance(result.loss, problem.minima) < 1e-6,
        tostring(result.loss))
    end)
  end
end)

for _, name in ipairs { "LBFGS", "ConjugateGradient" } do
  describe(name, function()
    for _, problem in ipairs(problems) do
      local exception = exceptions[name][problem.name]
      it((exception and "does not solve " or "solves ") .. problem.name,
        function()
          local v, residuals = residuals_of(problem)
          local result = optimizers[name] { gradient_tolerance = 0,
            loss_tolerance = 0, max_iterations = exception and 500 or 3000 }
            :minimize(function()
              return nd.reduce_sum(nd.square(residuals()))
            end, v)
          assert.equal(exception == nil,
            distance(result.loss, problem.minima) < 1e-4,
            exception or tostring(result.loss))
        end)
    end
  end)
end
