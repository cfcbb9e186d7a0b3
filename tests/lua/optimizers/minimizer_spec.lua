--- LBFGS, ConjugateGradient and LevenbergMarquardt: what they take, give and
-- refuse.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local refuses, near = support.refuses, support.near

assert(_VERSION == "Lua 5.4")

local optimizers = nd.optimizers
local along_lines = { "LBFGS", "ConjugateGradient" }
local all = { "LBFGS", "ConjugateGradient", "LevenbergMarquardt" }

-- Something of which the least is at {1, 2} and 3, as each minimizer takes it.
local function bowl(name, dtype)
  local x = nd.Variable({ 4., -5. }, { dtype = dtype })
  local y = nd.Variable(10., { dtype = dtype })
  local function residuals()
    return nd.concat({ (x - nd.constant({ 1., 2. }, { dtype = dtype })) * 3,
      nd.reshape(y - 3 + x[1] - 1, { 1 }) }, 1)
  end
  return x, y, name == "LevenbergMarquardt" and residuals or function()
    return nd.reduce_sum(nd.square(residuals()))
  end
end

describe("every minimizer", function()
  it("ends at the least, in float32 and float64", function()
    for _, name in ipairs(all) do
      for dtype, within in pairs { float32 = 1e-4, float64 = 1e-6 } do
        local x, y, f = bowl(name, dtype)
        local result = optimizers[name]():minimize(f, { x, { y = y } })
        near({ 1, 2 }, x, within)
        near(3, y, within)
        assert.is_true(result.converged)
        assert.is_true(result.loss < within ^ 2)
        assert.is_true(result.evaluations >= result.iterations)
        assert.is_true(result.gradient_norm < 1e-3)
        assert.equal("string", type(result.message))
      end
    end
  end)

  it("stops at once where it starts at the least", function()
    for _, name in ipairs(all) do
      local x, y, f = bowl(name, "float64")
      x:assign { 1, 2 }
      y:assign(3)
      local result = optimizers[name]():minimize(f, { x, y })
      assert.same({ 0, 1, true }, { result.iterations, result.evaluations,
                                    result.converged })
    end
  end)

  it("does so many iterations at most, and says so", function()
    for _, name in ipairs(all) do
      local x = nd.Variable({ -1.2, 1 }, { dtype = "float64" })
      local function residuals()
        return nd.stack { 10 * (x[2] - x[1] * x[1]), 1 - x[1] }
      end
      local f = name == "LevenbergMarquardt" and residuals or function()
        return nd.reduce_sum(nd.square(residuals()))
      end
      local result = optimizers[name] { max_iterations = 2 }:minimize(f, x)
      assert.same({ 2, false, "max_iterations are done" },
        { result.iterations, result.converged, result.message })
    end
  end)

  it("stops where a tolerance says so", function()
    for _, name in ipairs(along_lines) do
      for option, message in pairs {
        loss_tolerance = "the loss falls no more, within loss_tolerance",
        step_tolerance = "steps are 0 within step_tolerance",
        gradient_tolerance = "the gradient is 0 within gradient_tolerance",
      } do -- any order: each its own
        local x = nd.Variable({ 5., 2. }, { dtype = "float64" })
        local settings = { gradient_tolerance = 0, loss_tolerance = 0 }
        settings[option] = option == "gradient_tolerance" and 1e-3 or .9
        local result = optimizers[name](settings):minimize(function()
          return nd.reduce_sum((x - 1) ^ 4.) + 1
        end, x)
        assert.same({ true, message }, { result.converged, result.message })
      end
    end
  end)

  it("comes back from where there is no number", function()
    for _, name in ipairs(along_lines) do
      local x = nd.Variable(1e-3, { dtype = "float64" })
      optimizers[name]():minimize(function()
        return x - nd.log(x)
      end, x)
      near(1, x, 1e-4)
      local y = nd.Variable(-1., { dtype = "float64" })
      optimizers[name]():minimize(function()
        return nd.sqrt(y + 2) - y / 4
          + nd.where(nd.less(y, -1.5), y * (0 / 0), y * 0) + 1 / (y + 2)
      end, y)
      assert.is_true(y:item() > -1.5)
    end
  end)

  it("leaves what it is given alone if the loss begins as no number", function()
    for _, name in ipairs(all) do
      local x = nd.Variable { -1. }
      refuses(name .. ": the loss is nan where it begins",
        optimizers[name]().minimize, optimizers[name](), function()
          local y = nd.sqrt(x)
          return name == "LevenbergMarquardt" and y or y[1]
        end, x)
      near({ -1 }, x, 0)
    end
  end)

  it("refuses what it cannot minimize", function()
    for _, name in ipairs(all) do
      local minimizer, x = optimizers[name](), nd.Variable { 1., 2. }
      local function refused(message, ...)
        refuses(name .. ": " .. message, minimizer.minimize, minimizer, ...)
      end
      local function f() return nd.reduce_sum(x) end
      refused("f must be a function, got Tensor", x * 2, x)
      refused("variables must be Variables, there are none", f, {})
      refused("variables must be Variables of floats, number 2 is int32", f,
        { x, nd.Variable(1) })
      refused("variables must be Variables of floats, number 1 is a tensor", f,
        nd.constant(1.))
      refused("variables must have one dtype: number 1 is float32, 2 is "
        .. "float64", f, { x, nd.Variable(1., { dtype = "float64" }) })
    end
    local minimizer, x = optimizers.LBFGS(), nd.Variable { 1., 2. }
    refuses("LBFGS: the function must give a scalar tensor, got shape [2]",
      minimizer.minimize, minimizer, function() return x * 2 end, x)
    refuses("LBFGS: the function must give a scalar tensor, got number",
      minimizer.minimize, minimizer, function() return 2 end, x)
    local squares = optimizers.LevenbergMarquardt()
    refuses("LevenbergMarquardt: the function must give a tensor of residuals, "
      .. "float32, got number", squares.minimize, squares,
      function() return 2 end, x)
  end)

  it("refuses settings it cannot use", function()
    refuses("LBFGS: 0 < c1 < c2 < 1 must hold, got c1 = 0.5, c2 = 0.1",
      optimizers.LBFGS, { c1 = .5, c2 = .1 })
    refuses("ConjugateGradient: gradient_tolerance must be a number, 0 or "
      .. "more, got -1", optimizers.ConjugateGradient,
      { gradient_tolerance = -1 })
    refuses("LevenbergMarquardt: damping must be above 0, got 0",
      optimizers.LevenbergMarquardt, { damping = 0 })
    local ok, message = pcall(optimizers.LBFGS, { memory = 3 })
    assert.is_false(ok)
    assert.matches("LBFGS: unknown option 'memory'", message, 1, true)
  end)

  it("lets errors of the function through", function()
    for _, name in ipairs(all) do
      local x = nd.Variable { 1. }
      local ok, message = pcall(function()
        optimizers[name]():minimize(function() error("mine", 0) end, x)
      end)
      assert.same({ false, "mine" }, { ok, message })
    end
  end)

  it("leaves Variables at the last good point after an error", function()
    for _, name in ipairs(all) do
      local x, y, f = bowl(name, "float64")
      local calls, at = 0, nil
      local ok = pcall(function()
        optimizers[name]():minimize(function()
          calls = calls + 1
          if calls == 2 then error "stop" end
          at = x:totable()
          return f()
        end, { x, y })
      end)
      assert.is_false(ok)
      assert.same(at, x:totable())
    end
  end)
end)
