--- nd.optimizers.schedules: what each gives, and optimizers whose rates change.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local refuses, near = support.refuses, support.near

assert(_VERSION == "Lua 5.4")

local schedules, SGD = nd.optimizers.schedules, nd.optimizers.SGD

-- Keras 3's own checks, and its formulas by hand.
local function gives(schedule, want)
  for step, rate in pairs(want) do -- any order: each its own
    near(rate, schedule(step), 1e-12)
  end
end

describe("ExponentialDecay", function()
  it("falls by a share in so many steps", function()
    gives(schedules.ExponentialDecay(.05, 10, .96),
      { [0] = .05, [5] = .05 * .96 ^ .5, [10] = .048 })
  end)

  it("falls in steps on a staircase", function()
    gives(schedules.ExponentialDecay(.1, 3, .96, { staircase = true }),
      { .1, .1, .1 * .96, [100] = .1 * .96 ^ 33 })
  end)
end)

describe("InverseTimeDecay", function()
  it("divides by what grows", function()
    gives(schedules.InverseTimeDecay(.1, 4, .5),
      { [0] = .1, [4] = .1 / 1.5, [6] = .1 / 1.75 })
    gives(schedules.InverseTimeDecay { initial_learning_rate = .1,
      decay_steps = 4, decay_rate = .5, staircase = true },
      { [3] = .1, [6] = .1 / 1.5 })
  end)
end)

describe("PolynomialDecay", function()
  it("falls along a line to the end", function()
    gives(schedules.PolynomialDecay(.05, 10, 0), { [5] = .025 })
    gives(schedules.PolynomialDecay(.05, 10, .001),
      { [5] = .0255, [10] = .001, [15] = .001 })
  end)

  it("takes a power, and begins again", function()
    gives(schedules.PolynomialDecay(.05, 10, 0, 2), { [5] = .0125 })
    gives(schedules.PolynomialDecay(.05, 10, 0, { cycle = true }),
      { [0] = .05, [10] = 0, [15] = .0125 })
  end)
end)

describe("PiecewiseConstantDecay", function()
  it("gives a boundary to what is before it", function()
    gives(schedules.PiecewiseConstantDecay({ 100, 110, 120 },
      { 1, .1, .01, .001 }), { [-999] = 1, [100] = 1, [105] = .1, [110] = .1,
                               [120] = .01, [999] = .001 })
  end)

  it("has one value more than boundaries", function()
    refuses("PiecewiseConstantDecay: 1 values for 1 boundaries: needs one more",
      schedules.PiecewiseConstantDecay, { 1 }, { 1 })
  end)
end)

describe("CosineDecay", function()
  it("falls on half a wave, to alpha", function()
    gives(schedules.CosineDecay(.2, 10),
      { [0] = .2, [5] = .1, [10] = 0, [20] = 0 })
    gives(schedules.CosineDecay(.2, 10, .1), { [5] = .11, [10] = .02 })
  end)

  it("warms up to a target", function()
    gives(schedules.CosineDecay(0, 10, { warmup_target = .2,
                                         warmup_steps = 4 }),
      { [0] = 0, [2] = .1, [4] = .2, [9] = .1, [14] = 0 })
    gives(schedules.CosineDecay(.2, 10, { warmup_steps = 4 }), { [5] = .1 })
  end)
end)

describe("CosineDecayRestarts", function()
  it("begins again, later each time", function()
    gives(schedules.CosineDecayRestarts(.2, 10),
      { [0] = .2, [5] = .1, [10] = .2, [20] = .1, [30] = .2 })
  end)

  it("begins again on the step, whatever the factor", function()
    gives(schedules.CosineDecayRestarts(1, 10, 10),
      { [10] = 1, [110] = 1, [1110] = 1, [1111110] = 1 })
    gives(schedules.CosineDecayRestarts(1, 10, 3), { [40] = 1, [1210] = 1 })
    refuses("CosineDecayRestarts: t_mul must be 1 or more",
      schedules.CosineDecayRestarts, 1, 10, .5)
  end)

  it("takes equal stages, and falling heights", function()
    gives(schedules.CosineDecayRestarts(.2, 10, 1, .5, .1),
      { [0] = .2, [5] = .11, [10] = .2 * (.9 * .5 + .1),
        [15] = .2 * (.9 * .5 * .5 + .1) })
  end)
end)

describe("a schedule", function()
  it("prints, and has its settings", function()
    local schedule = schedules.ExponentialDecay(.05, 10, .96)
    assert.equal(10, schedule.decay_steps)
    assert.matches("^ExponentialDecay", tostring(schedule))
  end)

  it("refuses what it cannot do", function()
    refuses("CosineDecay: decay_steps must be above 0", schedules.CosineDecay,
      .1, 0)
    refuses("CosineDecayRestarts: first_decay_steps must be above 0",
      schedules.CosineDecayRestarts, .1, -1)
    refuses("ExponentialDecay: decay_rate is missing: it must be a number",
      schedules.ExponentialDecay, .1, 1)
    refuses("CosineDecay: step must be a number, got nil",
      schedules.CosineDecay(.1, 1))
  end)
end)

describe("learning_rate as a function", function()
  it("is asked for each step, with how many are done", function()
    local asked, w = {}, nd.Variable(10.)
    local sgd = SGD(function(step)
      asked[#asked + 1] = step
      return step + 1
    end)
    for _ = 1, 3 do sgd:apply_gradients { { nd.constant(1.), w } } end
    assert.same({ 0, 1, 2 }, asked)
    assert.equal(4.0, w:item())
    assert.equal(4.0, sgd.learning_rate)
  end)

  it("may be a schedule, which counts updates, not calls", function()
    local w = nd.Variable(10.)
    local sgd = SGD { learning_rate = schedules.PiecewiseConstantDecay({ 0 },
      { 1, 3 }), gradient_accumulation_steps = 2 }
    for _ = 1, 4 do sgd:apply_gradients { { nd.constant(1.), w } } end
    assert.equal(6.0, w:item())
  end)

  it("is replaced by another function alone", function()
    local sgd = SGD(function() return 1 end)
    refuses("SGD: a function gives learning_rate, it cannot be set",
      function() sgd.learning_rate = .1 end)
    sgd.learning_rate = function() return .25 end
    assert.equal(.25, sgd.learning_rate)
    local adam = nd.optimizers.Adam()
    adam.learning_rate = schedules.CosineDecay(.5, 10)
    assert.equal(.5, adam.learning_rate)
  end)

  it("refuses what is no rate, and changes nothing", function()
    for _, rate in ipairs { -1, "x", 0 / 0, {} } do
      local w = nd.Variable(1.)
      local sgd = SGD(function() return rate end)
      local ok, message = pcall(function()
        sgd:apply_gradients { { nd.constant(1.), w } }
      end)
      assert.is_false(ok)
      assert.matches("SGD: learning_rate must be ", message, 1, true)
      assert.equal(1.0, w:item())
      assert.equal(0, sgd.iterations)
    end
    local ok, message = pcall(function()
      SGD(function() error("no rate today", 0) end):apply_gradients {
        { nd.constant(1.), nd.Variable(1.) } }
    end)
    assert.is_false(ok)
    assert.equal("no rate today", message)
  end)
end)

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

describe("exclude_from_weight_decay", function()
  it("leaves Variables alone, by list or name", function()
    local function train(exclude)
      local w = nd.Variable(2., { name = "dense/kernel" })
      local b = nd.Variable(2., { name = "dense/bias" })
      local sgd = SGD { learning_rate = 1, weight_decay = .5 }
      exclude(sgd, b)
      sgd:apply_gradients { { nd.constant(0.), w }, { nd.constant(0.), b } }
      return { w:item(), b:item() }
    end
    assert.same({ 1.0, 1.0 }, train(function() end))
    assert.same({ 1.0, 2.0 }, train(function(sgd, b)
      sgd:exclude_from_weight_decay { var_list = { b } }
    end))
    assert.same({ 1.0, 2.0 }, train(function(sgd)
      sgd:exclude_from_weight_decay { var_names = { "bias$" } }
    end))
    assert.same({ 2.0, 1.0 }, train(function(sgd, b)
      sgd:exclude_from_weight_decay { var_list = { b } }
      sgd:exclude_from_weight_decay { var_names = { "kernel" } }
    end))
  end)

  it("is asked of any number of Variables", function()
    local variables = {}
    for i = 1, 12 do
      variables[i] = nd.Variable(2., { name = i % 2 == 0 and "bias" or "w" })
    end
    local sgd = SGD { learning_rate = 1, weight_decay = .5 }
    sgd:exclude_from_weight_decay { var_names = { "bias" } }
    sgd:minimize(function()
      local sum = 0
      for _, v in ipairs(variables) do sum = sum + v * 0 end
      return sum
    end, { odd = variables })
    for i, v in ipairs(variables) do
      assert.equal(i % 2 == 0 and 2. or 1., v:item())
    end
  end)

  it("refuses what is no list, and no pattern", function()
    local function refused(message, ...)
      refuses("exclude_from_weight_decay: " .. message,
        SGD().exclude_from_weight_decay, SGD(), ...)
    end
    refused("var_names must be a list of patterns", { var_names = "bias" })
    refused("var_names must be a list of patterns", { var_names = { 3 } })
    refused("var_list must be a list of Variables", nd.Variable(1.))
    refused("var_list must be a list of Variables", { nd.constant(1.) })
    local sgd = SGD { weight_decay = .5 }
    sgd:exclude_from_weight_decay { var_names = { "w[" } }
    refuses("exclude_from_weight_decay: 'w[' is no pattern of Lua's",
      sgd.apply_gradients, sgd,
      { { nd.constant(0.), nd.Variable(1., { name = "w" }) } })
  end)
end)
