--- minimize: one step of an optimizer down a loss.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local refuses = support.refuses

assert(_VERSION == "Lua 5.4")

local SGD = nd.optimizers.SGD

describe("minimize", function()
  it("takes a step down a function", function()
    local w = nd.Variable(3.)
    local sgd = SGD(.25)
    local loss = sgd:minimize(function() return w * w end, { w })
    assert.equal(9.0, loss:item())
    assert.equal(1.5, w:item())
    sgd:minimize(function() return w * w end)
    assert.equal(.75, w:item())
  end)

  it("takes what a tape recorded", function()
    local w = nd.Variable(3.)
    local tape = nd.GradientTape()
    SGD(.25):minimize(w * w, { w }, tape)
    assert.equal(1.5, w:item())
    for _, case in ipairs { { nd.constant(1.), { w } }, { 3, { w }, tape },
                            { nd.constant(1.), { w }, 3 } } do
      refuses("minimize: loss must be a function, or a tensor with its tape",
        SGD().minimize, SGD(), table.unpack(case))
    end
  end)

  it("scales the loss as the optimizer divides gradients", function()
    local w = nd.Variable(1.)
    SGD { learning_rate = 1, loss_scale_factor = 1024 }:minimize(function()
      return w * 1
    end, w)
    assert.equal(0.0, w:item())
  end)
end)
