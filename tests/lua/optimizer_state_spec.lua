--- state_dict and load_state_dict: an optimizer that takes over goes on with
-- the same bits, whatever its rule.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local refuses, near = support.refuses, support.near

assert(_VERSION == "Lua 5.4")

local optimizers = nd.optimizers

local function make_variables()
  return { w = nd.Variable { { 1., -2, 3 }, { 4, 5, -6 } },
           { b = nd.Variable { .5, -.5 },
             s = nd.Variable(2., { dtype = "float64" }) } }
end

local function loss_of(v)
  return function()
    return nd.reduce_sum(nd.sin(v.w) * v.w) + nd.reduce_sum(v[1].b ^ 2)
      + nd.cast(nd.exp(v[1].s), "float32")
  end
end

local function bytes_of(v)
  return v.w:read_value():tobytes() .. v[1].b:read_value():tobytes()
    .. v[1].s:read_value():tobytes()
end

local function train_on(optimizer, v, steps)
  for _ = 1, steps do optimizer:minimize(loss_of(v), v) end
end

local settings = {
  {},
  { use_ema = true, weight_decay = .1, gradient_accumulation_steps = 2 },
}

describe("an optimizer that takes over", function()
  for name, class in pairs(optimizers) do -- any order: each its own
    for _, options in ipairs(type(class) == "function" and settings or {}) do
      it("goes on as " .. name, function()
        local whole, first, then_ = class(options), class(options), class()
        local v, w, u = make_variables(), make_variables(), make_variables()
        train_on(whole, v, 6)
        train_on(first, w, 3)
        u.w:assign(w.w)
        u[1].b:assign(w[1].b)
        u[1].s:assign(w[1].s)
        then_:load_state_dict(first:state_dict(w), u)
        train_on(then_, u, 3)
        assert.is_true(bytes_of(v) == bytes_of(u))
        assert.equal(whole.iterations, then_.iterations)
      end)
    end
  end

  it("has a schedule of its own", function()
    local function schedule(step) return .5 ^ step end
    local v, w = nd.Variable(0.), nd.Variable(0.)
    local a = optimizers.SGD(schedule)
    local one = nd.constant(1.)
    for _ = 1, 2 do a:apply_gradients { { one, v } } end
    local b = optimizers.SGD(schedule)
    b:load_state_dict(a:state_dict(v), w)
    b:apply_gradients { { one, w } }
    near(-.25, w, 0)
  end)

  it("forgets what it had, and changes how it clips", function()
    local v = nd.Variable(0.)
    local a = optimizers.SGD { learning_rate = 1, clipnorm = 1 }
    local b = optimizers.SGD { learning_rate = 1, momentum = .5, clipvalue = 1 }
    b:apply_gradients { { nd.constant(1.), v } }
    b:load_state_dict(a:state_dict(v), v)
    assert.is_nil(b:get_slot(v, "momentum"))
    assert.same({ 1.0, 0.0, 0 }, { b.clipnorm, b.momentum, b.iterations })
    assert.is_nil(b.clipvalue)
  end)

  it("refuses the state of another", function()
    local v = nd.Variable(0.)
    local adam = optimizers.Adam()
    local state = adam:state_dict { v }
    refuses("load_state_dict: the state is of Adam, not of SGD",
      optimizers.SGD().load_state_dict, optimizers.SGD(), state, { v })
    refuses("load_state_dict: the state is of 1 Variables, not of 2",
      adam.load_state_dict, adam, state, { v, nd.Variable(1.) })
    refuses("load_state_dict: state must be what state_dict gave, got 3",
      adam.load_state_dict, adam, 3, { v })
    refuses("state_dict: variables must be Variables, number 2 is a Tensor",
      adam.state_dict, adam, { v, nd.constant(1.) })
  end)
end)

describe("slots by name", function()
  it("can be read and set", function()
    local v = nd.Variable { 0., 0. }
    local sgd = optimizers.SGD { learning_rate = 1, momentum = .5 }
    assert.same({ "momentum", "average", "waiting_sum" }, sgd:get_slot_names())
    assert.is_nil(sgd:get_slot(v, "momentum"))
    sgd:apply_gradients { { nd.ones { 2 }, v } }
    near({ -1, -1 }, sgd:get_slot(v, "momentum"), 0)
    sgd:set_slot(v, "momentum", nd.constant { 2., 4. })
    sgd:apply_gradients { { nd.zeros { 2 }, v } }
    near({ 0, 1 }, v, 0)
    refuses("SGD: no such slot: 'velocity'", sgd.get_slot, sgd, v, "velocity")
    refuses("SGD: slot 'momentum' is float32 [2], got float32 [3]",
      sgd.set_slot, sgd, v, "momentum", nd.ones { 3 })
    refuses("get_slot: variable must be a Variable, got Tensor", sgd.get_slot,
      sgd, nd.ones { 2 }, "momentum")
    refuses("set_slot: variable must be a Variable, got 1", sgd.set_slot,
      sgd, 1, "momentum")
  end)
end)

describe("get_config", function()
  it("gives what makes another one like it", function()
    local sgd = optimizers.SGD { learning_rate = .5, momentum = .25,
                                 clipnorm = 1 }
    local again = optimizers.SGD(sgd:get_config())
    assert.same(sgd:get_config(), again:get_config())
    assert.equal(.25, again.momentum)
    local schedule = optimizers.schedules.CosineDecay(.5, 10)
    assert.equal(schedule, optimizers.Adam(schedule):get_config().learning_rate)
    local muon = optimizers.Muon { exclude_layers = { "a" } }
    assert.same({ "a" }, muon:get_config().exclude_layers)
  end)
end)

describe("counts", function()
  it("can be set, unlike the name", function()
    local sgd = optimizers.SGD { gradient_accumulation_steps = 2 }
    sgd.iterations, sgd.waiting = 7, 1
    assert.same({ 7, 1 }, { sgd.iterations, sgd.waiting })
    refuses("SGD: iterations must be a whole number, 0 or more, got -1",
      function() sgd.iterations = -1 end)
    refuses("SGD: iterations is missing: it must be a whole number, 0 or more",
      function() sgd.iterations = nil end)
    refuses("SGD: waiting must be below gradient_accumulation_steps, got 2",
      function() sgd.waiting = 2 end)
    refuses("SGD: name cannot be set", function() sgd.name = "x" end)
  end)
end)
