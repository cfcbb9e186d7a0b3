--- nd.test: gradients against differences.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local near, refuses = support.near, support.refuses

local C, V = nd.constant, nd.Variable
local compute, check = nd.test.compute_gradient, nd.test.assert_gradient

local function wide(x) return nd.cast(x, nd.float64) end

-- x^2 with a gradient that is half of what it should be.
local halved = nd.custom_gradient(function(x)
  return x * x, function(g) return g * x end
end)

describe("compute_gradient", function()
  it("gives both Jacobians for each input [S56]", function()
    local theory, numbers = compute(function(x, y) return x * x * y end,
      { wide { 1.0, 2 }, wide { 3.0, 5 } })
    local want = { { { 6, 0 }, { 0, 20 } }, { { 1, 0 }, { 0, 4 } } }
    near(want, theory, 1e-12)
    near(want, numbers, 1e-10)
    assert.equal("float64", numbers[1].dtype)
  end)

  it("has a row for each element of f, a column for each of x", function()
    local theory, numbers = compute(function(x)
      return nd.reduce_sum(x, 1)
    end, nd.ones { 2, 3 })
    assert.equal("[3 6]", tostring(theory[1].shape))
    assert.equal("[3 6]", tostring(numbers[1].shape))
    near({ { 1, 0, 0, 1, 0, 0 }, { 0, 1, 0, 0, 1, 0 }, { 0, 0, 1, 0, 0, 1 } },
      numbers[1], 1e-4)
  end)

  it("takes steps of its own, and others", function()
    local _, numbers = compute(nd.exp, C { 0.0, 1 })
    near({ { 1, 0 }, { 0, math.exp(1) } }, numbers[1], 1e-4)
    local _, coarse = compute(nd.exp, wide { 0.0 }, { delta = .5 })
    near(1, coarse[1]:reshape {}, .01)
    assert.is_true(math.abs(coarse[1]:reshape {}:item() - 1) > 1e-4)
  end)

  it("takes Variables, which have their values afterwards", function()
    local v, w = V { 1.0, 2 }, V(3.0)
    local theory, numbers = compute(function() return v * v * w end, { v, w })
    near({ { { 6, 0 }, { 0, 12 } }, { { 1 }, { 4 } } }, theory)
    near({ { { 6, 0 }, { 0, 12 } }, { { 1 }, { 4 } } }, numbers, 1e-3)
    near({ 1, 2 }, v)
    assert.is_false(pcall(compute, function(x)
      return x:item() == 1 and x * x or error "mine"
    end, V(1.0)))
  end)

  it("gives zeros where nothing depends, and takes empty tensors", function()
    local theory, numbers = compute(function(x) return x * 2 end,
      { C { 1.0 }, C { 2.0 } })
    near({ { { 2 } }, { { 0 } } }, theory)
    near({ { { 2 } }, { { 0 } } }, numbers, 1e-4)
    local none = compute(function(x) return x * 2 end, nd.zeros { 0, 2 })
    assert.equal("[0 0]", tostring(none[1].shape))
  end)
end)

describe("assert_gradient", function()
  it("passes right gradients, in both dtypes", function()
    check(nd.tanh, C { -1.0, .5, 2 })
    check(nd.matmul, { nd.random.uniform { 2, 3 }, nd.random.uniform { 3, 2 } })
    check(function(x) return nd.nn.softmax(x) end, wide { 1.0, 2, 3 })
  end)

  it("names the element and both numbers", function()
    refuses("assert_gradient: the derivative of f[2] by x[2] is 2 by the tape, "
      .. "4 by differences", check, function(x)
      return nd.concat({ x[{ { 1, 1 } }], halved(x[{ { 2, 2 } }]) }, 1)
    end, wide { 1.0, 2 })
    refuses("assert_gradient: the derivative of f[1 1] by x2[1 1] is 1.5 by "
      .. "the tape, 3 by differences", check, function(x, y)
      return x + halved(y)
    end, { wide { { 1.0 } }, wide { { 1.5 } } })
    check(function(x) return halved(x) end, wide { 1.0 }, { atol = 2 })
  end)

  it("finds a gradient that is nan", function()
    assert.matches("^assert_gradient: the derivative of f%[%] by x%[%] is "
      .. "%-?nan by the tape, 1 by differences$", support.refusal(check,
      nd.custom_gradient(function(x)
        return x, function(g) return g * (0 / 0) end
      end), wide(1.0)))
  end)

  it("refuses what it cannot compare", function()
    refuses("assert_gradient: f must return a tensor of floats, returned int64",
      check, nd.argmax, C { 1.0, 2 })
    refuses("assert_gradient: f must return a tensor of floats, returned nil",
      check, function() end, C { 1.0, 2 })
    refuses("assert_gradient: x 1 must have floats, is int32; use nd.cast",
      check, nd.square, C { 1, 2 })
    refuses("assert_gradient: x is missing: it must be a tensor, or a list of "
      .. "them", check, nd.square, {})
    refuses("compute_gradient: f must be a function, got 3", compute, 3, 1.0)
    refuses("mine", check, function() error("mine", 1) end, 1.0)
  end)
end)
