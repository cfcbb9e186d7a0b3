--- LossScaleOptimizer: steps whose gradients are not finite are left out.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local refuses, near = support.refuses, support.near

assert(_VERSION == "Lua 5.4")

local optimizers = nd.optimizers
local LossScale, SGD = optimizers.LossScaleOptimizer, optimizers.SGD

describe("LossScaleOptimizer", function()
  it("divides gradients as scale_loss multiplies", function()
    local v = nd.Variable { 1., 2 }
    local optimizer = LossScale(SGD(.25), 1024)
    local loss = optimizer:minimize(function() return nd.reduce_sum(v * v) end,
      v)
    near({ .5, 1 }, v, 0)
    near(5, loss, 0)
    near(2048, optimizer:scale_loss(nd.constant(2.)), 0)
    assert.equal(2. ^ 15, LossScale(SGD()).dynamic_scale)
  end)

  it("leaves steps out that are not finite, and halves the scale", function()
    local v, w = nd.Variable(1.), nd.Variable { 1. }
    local optimizer = LossScale(SGD(1.), 8)
    for _, bad in ipairs { 0 / 0, 1 / 0, -1 / 0 } do
      optimizer:apply_gradients { { nd.constant(8.), v },
                                  { nd.constant { bad }, w } }
    end
    assert.equal(1., optimizer.dynamic_scale)
    assert.same({ 0, 0 }, { optimizer.iterations, optimizer.step_counter })
    near(1, v, 0)
    optimizer:apply_gradients({ v = nd.constant(1.) }, { v = v })
    near(0, v, 0)
    assert.same({ 1, 1 }, { optimizer.iterations, optimizer.step_counter })
    optimizer:apply_gradients({ v = nd.constant(0 / 0) }, { v = v })
    near(0, v, 0)
    assert.same({ 1, 0 }, { optimizer.iterations, optimizer.step_counter })
  end)

  it("looks at rows", function()
    local v = nd.Variable { { 1. }, { 2. } }
    local optimizer = LossScale(SGD(1.), 2)
    local g = nd.IndexedSlices(nd.constant { { 0 / 0 } }, { 2 }, { 2, 1 })
    optimizer:apply_gradients { { g, v } }
    near({ { 1 }, { 2 } }, v, 0)
    assert.equal(1., optimizer.dynamic_scale)
  end)

  it("doubles the scale after so many good steps", function()
    local v = nd.Variable(1.)
    local optimizer = LossScale(SGD(1.), { initial_scale = 4,
                                           dynamic_growth_steps = 3 })
    local scales = {}
    for i = 1, 7 do
      optimizer:apply_gradients { { nd.constant(0.), v } }
      scales[i] = optimizer.dynamic_scale
    end
    near({ 4, 4, 8, 8, 8, 16, 16 }, scales, 0)
  end)

  it("sums gradients of different scales", function()
    local v = nd.Variable(0.)
    local optimizer = LossScale(SGD { learning_rate = 1,
      gradient_accumulation_steps = 2 }, 4, 1)
    optimizer:apply_gradients { { nd.constant(4.), v } }
    assert.equal(8., optimizer.dynamic_scale)
    optimizer:apply_gradients { { nd.constant(8. * 3), v } }
    near(-2, v, 0)
    refuses("apply_gradients: pairs must be a table, got number",
      optimizer.apply_gradients, optimizer, 3)
  end)

  it("has the rate and the count of the optimizer inside", function()
    local sgd = SGD(.5)
    local optimizer = LossScale { inner_optimizer = sgd }
    assert.equal(.5, optimizer.learning_rate)
    optimizer.learning_rate = .25
    assert.equal(.25, sgd.learning_rate)
    optimizer.iterations = 3
    assert.equal(3, sgd.iterations)
    local config = optimizer:get_config()
    assert.same({ "SGD", .25 }, { config.inner_optimizer.class_name,
      config.inner_optimizer.config.learning_rate })
    assert.equal("Adam", LossScale("adam").inner_optimizer.name)
  end)

  it("leaves excluded Variables alone, and gives running means", function()
    local v = nd.Variable(1., { name = "bias" })
    local optimizer = LossScale(SGD { learning_rate = 1, weight_decay = .5,
                                      use_ema = true })
    optimizer:exclude_from_weight_decay { var_names = { "bias" } }
    optimizer:apply_gradients { { nd.constant(0.), v } }
    near(1, v, 0)
    optimizer:apply_gradients { { nd.constant(2. ^ 15), v } }
    optimizer:finalize_variable_values(v)
    near(.99, v, 1e-7)
  end)

  it("goes on from its state", function()
    local function make()
      return LossScale(optimizers.Adam(.1), { dynamic_growth_steps = 2 })
    end
    local function descend(optimizer, v)
      for _ = 1, 3 do
        optimizer:minimize(function() return nd.reduce_sum(v * v) end, v)
      end
    end
    local a, b, v, w = make(), make(), nd.Variable(1.), nd.Variable(1.)
    descend(a, v)
    b:load_state_dict(a:state_dict { v }, { w })
    w:assign(v)
    descend(a, v)
    descend(b, w)
    assert.equal(v:item(), w:item())
    assert.same({ a.dynamic_scale, a.step_counter },
      { b.dynamic_scale, b.step_counter })
    refuses("load_state_dict: the state is of Adam, not of LossScaleOptimizer",
      b.load_state_dict, b, { name = "Adam", inner = {} }, { w })
    refuses("load_state_dict: state must be what state_dict gave, got number",
      b.load_state_dict, b, 3, { w })
  end)

  it("refuses what it cannot do", function()
    refuses("LossScaleOptimizer: inner_optimizer must be an optimizer, got 3",
      LossScale, 3)
    refuses("LossScaleOptimizer: inner_optimizer cannot be a "
      .. "LossScaleOptimizer", LossScale, LossScale(SGD()))
    refuses("LossScaleOptimizer: initial_scale must be above 0 and finite, "
      .. "got 0", LossScale, SGD(), 0)
    local ok, message = pcall(LossScale, SGD(), { clipnorm = 1 })
    assert.is_false(ok)
    assert.matches("LossScaleOptimizer: unknown option 'clipnorm'", message, 1,
      true)
  end)
end)
