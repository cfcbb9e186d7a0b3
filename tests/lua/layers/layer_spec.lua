--- What all layers have in common.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local Layer = nd.layers.Layer
local refuses = require "support".refuses

assert(_VERSION == "Lua 5.4")

-- A layer with weights of both kinds.
local function scale_class()
  local Scale = Layer:extend("ScaleBy", { { "factor", "number", 2 } })
  function Scale:build(shape)
    self.scale = self:add_weight("scale", shape, "ones")
    self.steps = self:add_weight("steps", {}, "zeros", false)
  end
  function Scale:call(x)
    return self.factor * self.scale * x
  end
  return Scale
end

describe("a layer", function()
  it("has its settings as fields, and computes by call", function()
    local Scale = scale_class()
    assert.equal(2, Scale().factor)
    assert.equal(3, Scale(3).factor)
    assert.same({ 5, 10 }, Scale { factor = 5 } ({ 1., 2. }):totable())
  end)

  it("is built by its first call, with the shape of what it gets", function()
    local built = {}
    local Probe = Layer:extend("Probe", {})
    function Probe.build(_, shape) built[#built + 1] = shape end
    function Probe.call(_, x) return x end
    local probe = Probe()
    assert.is_false(probe.built)
    probe(nd.zeros { 2, 3 })
    assert.is_true(probe.built)
    probe(nd.zeros { 4 })
    assert.equal(1, #built)
    assert.same({ 2, 3 }, built[1])
  end)

  it("is built for sizes alone", function()
    for got, shape in pairs { ["3"] = 3, ["2.5"] = { 2.5 },
                              ["-1"] = { -1 } } do
      refuses("build: shape must be a list of sizes, false for those that are "
        .. "not known, or a table of such lists, got " .. got,
        function() nd.layers.Dense(2):build(shape) end)
    end
  end)

  it("has weights, of which a tape sees the trainable ones", function()
    local it_ = scale_class() { name = "it" }
    assert.same({}, it_.weights)
    it_(nd.zeros { 3 })
    assert.equal("it/scale", it_.weights[1].name)
    assert.equal("it/steps", it_.weights[2].name)
    assert.equal(1, #it_.trainable_variables)
    assert.equal(it_.scale, it_.trainable_variables[1])
  end)

  it("has the weights of the layers that it lists", function()
    local Scale = scale_class()
    local Twice = Layer:extend("Twice", {})
    function Twice:build() self.layers = { Scale(1), nd.abs, Scale(2) } end
    function Twice:call(x)
      return self.layers[3](self.layers[1](x))
    end
    local twice = Twice()
    assert.same({ 2 }, twice({ 1. }):totable())
    assert.equal(4, #twice.weights)
    assert.equal(twice.layers[3].scale, twice.trainable_variables[2])
  end)

  it("drops what a build that failed has made", function()
    local ready = false
    local Late = Layer:extend("Late", {})
    function Late:build()
      self.w = self:add_weight("w", { 1 }, "ones")
      assert(ready)
    end
    function Late:call(x) return self.w * x end
    local late = Late()
    assert.is_false(pcall(late, nd.ones { 1 }))
    ready = true
    late(nd.ones { 1 })
    assert.equal(1, #late.weights)
  end)

  it("has a name of its own, or that which it is given", function()
    local Scale = scale_class()
    local first, second = Scale(), Scale()
    local n = tonumber(first.name:match "^scale_by_?(%d*)$") or 0
    assert.equal(("scale_by_%d"):format(n + 1), second.name)
    assert.equal("mine", Scale { name = "mine" }.name)
  end)

  it("shows what it was given", function()
    local Scale = scale_class()
    assert.equal('ScaleBy { factor = 3, name = "s" }',
      tostring(Scale(3, { name = "s" })))
    assert.equal("ScaleBy(factor = 2, name = nil, trainable = true, "
      .. "dtype = nil, activity_regularizer = nil)", tostring(Scale))
  end)

  it("refuses a mistake at the script's line", function()
    local Scale = scale_class()
    refuses("ScaleBy: factor must be a number, got string",
      function() Scale("3") end)
    refuses("ScaleBy: no such name: 'scal'; did you mean 'scale'?", function()
      local scale = Scale()
      scale(nd.ones { 1 })
      return scale.scal
    end)
    refuses("ScaleBy: no such name: 'cal'; did you mean 'call'?",
      function() return Scale.cal end)
  end)

  it("refuses a weight that cannot be", function()
    for message, weight in pairs {
      ["name must be a string, got 3;"] = { 3, { 1 } },
      ["shape is missing: it must be a whole number or a list of them;"] =
        { "k" },
      ["no such initializer: 'onse'; did you mean 'ones'?"] =
        { "k", { 1 }, "onse" },
    } do
      local Bad = Layer:extend("Bad", {})
      function Bad:build() self:add_weight(table.unpack(weight)) end
      refuses("add_weight: " .. message .. ' in layer "b" (Bad), whose input '
        .. "is int32 []", function() Bad { name = "b" } (1) end)
    end
  end)

  it("is told whether to train, and tells the layers within", function()
    local seen = {}
    local Probe = Layer:extend "Probe"
    function Probe.call(_, x, training)
      seen[#seen + 1] = training
      return x
    end
    local Outer = Layer:extend "Outer"
    function Outer:init() self.probe = Probe() end
    function Outer:call(x) return self.probe(x) end
    local outer, x = Outer(), nd.ones { 1 }
    outer(x)
    outer(x, { training = true })
    outer(x, true)
    outer(x, { training = false })
    outer(x)
    assert.same({ false, true, true, false, false }, seen)
  end)

  it("trains no longer when its call has failed, or rests elsewhere",
    function()
      local Probe = Layer:extend "Probe"
      local training_of
      function Probe.call(_, x, training)
        training_of = training
        if x:item() == 0 then error "stop" end
        if x:item() == 1 then coroutine.yield() end
        return x
      end
      local Outer = Layer:extend "Outer"
      function Outer:init() self.probe = Probe() end
      function Outer:call(x) return self.probe(x) end
      local outer = Outer()
      assert.is_false(pcall(outer, nd.constant(0.), true))
      outer(2.)
      assert.is_false(training_of)
      local task = coroutine.wrap(function()
        outer(1., true)
        local y = outer(2.)
        assert.is_false(training_of)
        return y
      end)
      task()
      outer(2.)
      assert.is_false(training_of)
      assert.equal(2, task():item())
    end)

  it("gets options of its call that its class names", function()
    local Probe = Layer:extend "Probe"
    Probe.call_options = { "states" }
    function Probe.call(_, x, _, mask, options)
      return x * (options.states or 1) + (mask or 0)
    end
    assert.equal(7, Probe()(2., { states = 3, mask = 1 }):item())
    assert.equal(3, Probe()(2., nil, 1):item())
    refuses("Probe: unknown option 'state': it takes training, mask, states; "
      .. "did you mean 'states'?", function() Probe()(2., { state = 3 }) end)
  end)

  it("takes several inputs, as one list or one after the other", function()
    local Join = Layer:extend "Join"
    function Join:build(shapes) self.ranks = { #shapes[1], #shapes[2] } end
    function Join.call(_, x) return x[1] + x[2] end
    local join = Join()
    assert.same({ 3, 4 }, join({ nd.constant { 1., 2. }, nd.constant(2.) })
      :totable())
    assert.same({ 1, 0 }, join.ranks)
    assert.equal(3, Join()(nd.constant(1.), nd.constant(2.)):item())
  end)

  it("has weights of the dtype of its first input, or its own", function()
    assert.equal("float64", nd.layers.Dense(1)(nd.ones({ 1, 2 }, "float64"))
      .dtype)
    local dense = nd.layers.Dense { units = 1, dtype = "float64" }
    dense:build { false, 2 }
    assert.equal("float64", dense.kernel.dtype)
  end)

  it("is built when it is told, once", function()
    local dense = nd.layers.Dense(3)
    dense:build { false, 2 }
    assert.is_true(dense.built)
    local w = dense.kernel
    dense(nd.ones { 1, 2 })
    assert.equal(w, dense.kernel)
    assert.same({ false, 7, 3 }, nd.layers.Dense(3):compute_output_shape {
      false, 7, 2 })
    assert.same({ false, false, 3 }, nd.layers.Dense(3):compute_output_shape {
      false, false, 2 })
  end)

  it("is frozen with all within it, and unfrozen", function()
    local Scale = scale_class()
    local Twice = Layer:extend "Twice"
    function Twice:init() self.inner = { Scale(), Scale() } end
    function Twice:call(x) return self.inner[2](self.inner[1](x)) end
    local twice = Twice()
    twice(nd.ones { 1 })
    local order = twice.weights
    twice.trainable = false
    assert.is_false(twice.inner[1].trainable)
    assert.same({}, twice.trainable_variables)
    assert.equal(4, #twice.non_trainable_variables)
    assert.is_true(rawequal(order[3], twice.weights[3]))
    twice.trainable = true
    assert.equal(2, #twice.trainable_variables)
    assert.is_false(twice.inner[1].steps.trainable)
    local frozen = Scale { trainable = false }
    frozen(nd.ones { 1 })
    assert.same({}, frozen.trainable_variables)
    frozen.trainable = true
    assert.equal(1, #frozen.trainable_variables)
    refuses("scale_by_9: trainable must be true or false, got number",
      function()
        local one = Scale { name = "scale_by_9" }
        one.trainable = 1
      end)
  end)

  it("gives its weights' values and takes them", function()
    local one, other = nd.layers.Dense(2), nd.layers.Dense(2)
    local x = nd.constant { { 1., 2. } }
    one(x)
    other(x)
    other:set_weights(one:get_weights())
    assert.same(one(x):totable(), other(x):totable())
    assert.equal(6, one:count_params())
    refuses("set_weights: shapes differ: the variable is [2], the value is [3]",
      function() other:set_weights { nd.zeros { 2, 2 }, nd.zeros { 3 } } end)
    assert.same(one(x):totable(), other(x):totable())
    refuses("set_weights: d has 2 weights, got 1 values", function()
      local dense = nd.layers.Dense { units = 2, name = "d" }
      dense(x)
      dense:set_weights { nd.ones { 2 } }
    end)
    refuses("set_weights: d has 0 weights, got 1 values; it is not built yet",
      function()
        nd.layers.Dense { units = 2, name = "d" }:set_weights { nd.ones { 2 } }
      end)
  end)

  it("adds losses of its last call, and of its weights", function()
    local Costly = Layer:extend "Costly"
    function Costly:build()
      self.w = self:add_weight("w", {}, "ones", {
        regularizer = function(w) return 5 * w end })
    end
    function Costly:call(x)
      self:add_loss(nd.reduce_sum(x))
      return self.w * x
    end
    local Outer = nd.Model:extend "Outer"
    function Outer:init()
      self.costly = Costly { activity_regularizer = nd.reduce_max }
    end
    function Outer:call(x) return self.costly(self.costly(x)) end
    local outer, x = Outer(), nd.constant { 1., 2. }
    local function losses()
      local list = {}
      for i, loss in ipairs(outer.losses) do list[i] = loss:item() end
      return list
    end
    for _ = 1, 2 do
      outer(x)
      assert.same({ 3, 2, 3, 2, 5 }, losses())
    end
    outer.trainable = false
    assert.same({ 3, 2, 3, 2 }, losses())
  end)

  it("passes masks on where it can", function()
    local masks = require "nadir.masks"
    local Maker, Passer = Layer:extend "Maker", Layer:extend "Passer"
    function Maker.call(_, x) return x + 0 end
    function Maker.compute_mask(_, x) return nd.not_equal(x, 0) end
    Passer.supports_masking = true
    function Passer.call(_, x, _, mask)
      return mask and x * nd.cast(mask, "float32") + 1 or x
    end
    local Stopper = Passer:extend "Stopper"
    Stopper.supports_masking = false
    local x = nd.constant { 1., 0., 2. }
    local y = Passer()(Maker()(x))
    assert.same({ 2, 1, 3 }, y:totable())
    assert.same({ true, false, true }, masks.of(y):totable())
    assert.is_nil(masks.of(Stopper()(y)))
    assert.is_nil(masks.of(x))
  end)

  it("says what is no tensor, of what it gets and of what it gives", function()
    local Giver = Layer:extend "Giver"
    local given
    function Giver.call() return given end
    local x = nd.ones { 2, 2 }
    refuses("Giver: call returned nothing", function() Giver()(x) end)
    local again = Giver()
    given = x
    again(x)
    given = nil
    refuses("Giver: call returned nothing", function() again(x) end)
    for kind, value in pairs { ["2"] = 2, ["function"] = print,
                               boolean = false } do
      given = value
      refuses("Giver: call must return tensors, got " .. kind,
        function() Giver()(x) end)
    end
    given = { x, 3 }
    refuses("Giver: call must return tensors, got 3",
      function() Giver()(x) end)
    local dense = nd.layers.Dense(1)
    refuses("Dense: x must be tensors, got function",
      function() dense(print) end)
    refuses("Dense: x is missing: it must be a tensor",
      function() dense(nil) end)
    local flip = nd.layers.RandomFlip()
    flip(nd.ones { 1, 2, 2, 1 })
    refuses("RandomFlip: x must be tensors, got string; call the layer that "
      .. "reads texts before", function() flip "text" end)
    refuses("set_weights: needs a list of values, got 3",
      function() dense:set_weights(3) end)
  end)
end)
