--- Nonlinear regression: the certified values of the 27 problems in nist.txt,
-- to four digits, from the second start.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"

assert(_VERSION == "Lua 5.4")

local exp, square, optimizers = nd.exp, nd.square, nd.optimizers

-- b1 exp(-b2 x) and two bells.
local function gauss(b, x)
  return b[1] * exp(-b[2] * x) + b[3] * exp(-square((x - b[4]) / b[5]))
    + b[6] * exp(-square((x - b[7]) / b[8]))
end

local function three_decays(b, x)
  return b[1] * exp(-b[2] * x) + b[3] * exp(-b[4] * x) + b[5] * exp(-b[6] * x)
end

local function chwirut(b, x)
  return exp(-b[1] * x) / (b[2] + b[3] * x)
end

-- b[from] + b[from + 1] x + ... up to b[to].
local function polynomial(b, x, from, to)
  local y = b[to]
  for i = to - 1, from, -1 do
    y = b[i] + y * x
  end
  return y
end

-- Of polynomials of degree n; the one below begins with 1.
local function quotient(n)
  return function(b, x)
    return polynomial(b, x, 1, n + 1)
      / (1 + x * polynomial(b, x, n + 2, 2 * n + 1))
  end
end

local function wave(x, first, second, period)
  local turn = 2 * math.pi * x / period
  return first * nd.cos(turn) + second * nd.sin(turn)
end

local models = {
  Misra1a = function(b, x) return b[1] * (1 - exp(-b[2] * x)) end,
  Misra1b = function(b, x) return b[1] * (1 - (1 + b[2] * x / 2) ^ -2.) end,
  Misra1c = function(b, x) return b[1] * (1 - (1 + 2 * b[2] * x) ^ -.5) end,
  Misra1d = function(b, x) return b[1] * b[2] * x / (1 + b[2] * x) end,
  Chwirut1 = chwirut,
  Chwirut2 = chwirut,
  Lanczos1 = three_decays,
  Lanczos2 = three_decays,
  Lanczos3 = three_decays,
  Gauss1 = gauss,
  Gauss2 = gauss,
  Gauss3 = gauss,
  DanWood = function(b, x) return b[1] * x ^ b[2] end,
  Kirby2 = quotient(2),
  Hahn1 = quotient(3),
  Thurber = quotient(3),
  MGH17 = function(b, x)
    return b[1] + b[2] * exp(-x * b[4]) + b[3] * exp(-x * b[5])
  end,
  Roszman1 = function(b, x)
    return b[1] - b[2] * x - nd.atan(b[3] / (x - b[4])) / math.pi
  end,
  ENSO = function(b, x)
    return b[1] + wave(x, b[2], b[3], 12) + wave(x, b[5], b[6], b[4])
      + wave(x, b[8], b[9], b[7])
  end,
  MGH09 = function(b, x)
    return b[1] * (x * x + x * b[2]) / (x * x + x * b[3] + b[4])
  end,
  BoxBOD = function(b, x) return b[1] * (1 - exp(-b[2] * x)) end,
  Rat42 = function(b, x) return b[1] / (1 + exp(b[2] - b[3] * x)) end,
  Rat43 = function(b, x)
    return b[1] / (1 + exp(b[2] - b[3] * x)) ^ (1 / b[4])
  end,
  MGH10 = function(b, x) return b[1] * exp(b[2] / (x + b[3])) end,
  Eckerle4 = function(b, x)
    return b[1] / b[2] * exp(-.5 * square((x - b[3]) / b[2]))
  end,
  Bennett5 = function(b, x) return b[1] * (b[2] + x) ^ (-1 / b[3]) end,
  -- Of the logarithm of what was measured.
  Nelson = function(b, x, x2) return b[1] - b[2] * x * exp(-b[3] * x2) end,
}

-- The numbers of a text; a..b stands for all from a to b.
local function read_numbers(text)
  local list = {}
  for word in text:gmatch "%S+" do
    local first, last = word:match "^(%d+)%.%.(%d+)$"
    if first then
      for i = first, last do list[#list + 1] = i end
    else
      list[#list + 1] = assert(tonumber(word))
    end
  end
  return list
end

local function read_problems()
  local problems, order, problem, field = {}, {}, nil, nil
  for line in io.lines "tests/lua/optimizers/nist.txt" do
    local key, rest = line:match "^(%l%S*) (.*)"
    if key == "problem" then
      problem = {}
      problems[rest] = problem
      order[#order + 1] = rest
    elseif problem and key then
      field = key == "start" and problem.start and "second" or key
      problem[field] = rest
    elseif problem then
      problem[field] = problem[field] .. line
    end
  end
  return problems, order
end

local function vector(text)
  return nd.constant(read_numbers(text), nd.float64)
end

-- The variable, and the residuals of a problem.
local function prepare(name, problem)
  local b = nd.Variable(vector(problem.second))
  local x, y = vector(problem.x), vector(problem.y)
  local x2 = problem.x2 and vector(problem.x2)
  y = name == "Nelson" and nd.log(y) or y
  return b, function()
    return models[name](nd.unstack(b), x, x2) - y
  end
end

-- Digits that two numbers have in common.
local function digits(got, want)
  return -math.log(math.abs(got - want) / math.abs(want) + 1e-300, 10)
end

local function least_digits(b, problem)
  local least = math.huge
  local got = b:totable()
  for i, want in ipairs(read_numbers(problem.certified)) do
    least = math.min(least, digits(got[i], want))
  end
  return least
end

local problems, order = read_problems()

describe("LevenbergMarquardt", function()
  for _, name in ipairs(order) do
    it("fits " .. name, function()
      local problem = problems[name]
      local b, residuals = prepare(name, problem)
      local result = optimizers.LevenbergMarquardt():minimize(residuals, b)
      assert.is_true(result.evaluations < 500)
      assert.is_true(result.converged)
      assert.is_true(least_digits(b, problem) > 4, tostring(b))
      -- Sums of squares near 0 are made of rounding.
      assert.is_true(math.abs(result.loss - tonumber(problem.squares))
        < 1e-6 * result.loss + 1e-19)
    end)
  end
end)

-- Parameters on scales so far apart that the loss is flat along a valley, but
-- for what rounding hides: what is no sum of squares to a minimizer cannot see
-- the way.
local too_flat = { Misra1c = true, Misra1d = true, Bennett5 = true }

describe("LBFGS", function()
  for _, name in ipairs(order) do
    it(too_flat[name] and "ends at " .. name or "fits " .. name, function()
      local problem = problems[name]
      local b, residuals = prepare(name, problem)
      local result = optimizers.LBFGS { max_iterations = 2000,
        gradient_tolerance = 0, loss_tolerance = 0 }:minimize(function()
          return nd.reduce_sum(square(residuals()))
        end, b)
      assert.is_true(result.converged)
      assert.is_true(too_flat[name] or least_digits(b, problem) > 4,
        tostring(b))
    end)
  end
end)
