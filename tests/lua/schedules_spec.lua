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

  it("takes another setting, and refuses what it has not", function()
    local schedule = schedules.ExponentialDecay(.05, 10, .96)
    schedule.decay_steps = 20
    assert.equal(20, schedule.decay_steps)
    near(.05 * .96 ^ .5, schedule(10), 1e-15)
    refuses("ExponentialDecay: decay_steps must be above 0",
      function() schedule.decay_steps = 0 end)
    refuses("ExponentialDecay: decay_steps must be a number, got string",
      function() schedule.decay_steps = "x" end)
    near(.05 * .96 ^ .5, schedule(10), 1e-15)
    refuses("ExponentialDecay: unknown option 'decay_step': it takes "
      .. "initial_learning_rate, decay_steps, decay_rate, staircase; did you "
      .. "mean 'decay_steps'?", function() schedule.decay_step = 3 end)
    refuses("ExponentialDecay: no such name: 'decay_stepz'; did you mean "
      .. "'decay_steps'?", function() return schedule.decay_stepz end)
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
