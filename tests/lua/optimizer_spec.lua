--- Optimizers: what apply_gradients takes, what it changes, and the numbers of
-- each update rule.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local refuses, near, output = support.refuses, support.near, support.output

assert(_VERSION == "Lua 5.4")

local V, C = nd.Variable, nd.constant
local SGD, Adam = nd.optimizers.SGD, nd.optimizers.Adam

-- The settings that every optimizer has, as messages list them.
local common = "weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, "
  .. "ema_momentum, ema_overwrite_frequency, loss_scale_factor, "
  .. "gradient_accumulation_steps, lazy"

describe("an optimizer", function()
  it("has its settings as fields", function()
    local sgd = SGD { learning_rate = 0.5, momentum = 0.25, nesterov = true }
    assert.equal(0.5, sgd.learning_rate)
    assert.equal(0.25, sgd.momentum)
    assert.is_true(sgd.nesterov)
    assert.equal("SGD", sgd.name)
    assert.equal(0, sgd.iterations)
    refuses("SGD: no such name: 'beta_1'",
      function() return sgd.beta_1 end)
  end)

  it("has Keras's defaults", function()
    local sgd, adam = SGD(), Adam {}
    assert.same({ 0.01, 0.0, false },
      { sgd.learning_rate, sgd.momentum, sgd.nesterov })
    assert.same({ 0.001, 0.9, 0.999, 1e-7, false }, { adam.learning_rate,
      adam.beta_1, adam.beta_2, adam.epsilon, adam.amsgrad })
  end)

  it("takes a number alone for the learning rate", function()
    assert.equal(0.5, SGD(0.5).learning_rate)
    local adamw = nd.optimizers.AdamW(0.5, 0.25, 0.125)
    assert.same({ 0.5, 0.25, 0.125, 0.999 }, { adamw.learning_rate,
      adamw.weight_decay, adamw.beta_1, adamw.beta_2 })
    assert.equal(0.25, Adam(0.5, 0.25).beta_1)
    assert.equal(0.004, nd.optimizers.AdamW {}.weight_decay)
    local muon = nd.optimizers.Muon {}
    assert.same({ 3.4445, -4.775, 2.0315 },
      { muon.muon_a, muon.muon_b, muon.muon_c })
    assert.equal(1.0, SGD(1).learning_rate)
    assert.equal(0.5, SGD { learning_rate = C(0.5) }.learning_rate)
    assert.equal(0.5, SGD { learning_rate = C { 0.5 } }.learning_rate)
  end)

  it("refuses settings it cannot use", function()
    refuses("SGD: unknown option 'lr': it takes learning_rate, momentum, "
      .. "nesterov, " .. common .. "; did you mean 'learning_rate'?", SGD,
      { lr = 1 })
    refuses("Adam: unknown option 'momentum': it takes learning_rate, beta_1, "
      .. "beta_2, epsilon, amsgrad, " .. common, Adam, { momentum = 0.5 })
    refuses("SGD: learning_rate must be a number, 0 or more, got string", SGD,
      { learning_rate = "0.1" })
    refuses("SGD: learning_rate must be a number, 0 or more, got Tensor", SGD,
      { learning_rate = C { 1.0, 2 } })
    refuses("SGD: momentum must be a number within 0..1, got 2", SGD,
      { momentum = 2 })
    refuses("SGD: learning_rate must be finite, got nan", SGD,
      { learning_rate = 0 / 0 })
    refuses("SGD: learning_rate must be a number, 0 or more, got Tensor", SGD,
      { learning_rate = C(true) })
    refuses("SGD: learning_rate must be a number, 0 or more, got -1", SGD, -1)
    refuses("Adam: epsilon must be finite, got inf", Adam,
      { epsilon = math.huge })
    refuses("Adam: beta_1 must be a number, at least 0 and below 1, got 1",
      Adam, { beta_1 = 1. })
    refuses("SGD: nesterov must be true or false, got 1", SGD,
      { nesterov = 1 })
    refuses("Ftrl: learning_rate_power must be a number, 0 or less, got 0.5",
      nd.optimizers.Ftrl, { learning_rate_power = .5 })
    refuses("SGD: options go by name, as in { learning_rate = ... }",
      SGD, { 0.1 })
    refuses("SGD: takes at most 13 arguments, got 14", SGD, 0.1, 0.9, true, 0,
      0, 0, 0, false, 0, 0, 0, 0, true, 1)
    refuses("SGD: learning_rate must be a number, 0 or more, got string", SGD,
      "0.1")
  end)

  it("lets its settings be changed between steps", function()
    local v, g = V(1.0), C(1.0)
    local sgd = SGD { learning_rate = 0.5 }
    sgd:apply_gradients { { g, v } }
    sgd.learning_rate = 0.25
    sgd:apply_gradients { { g, v } }
    assert.equal(0.25, v:item())
    sgd.momentum = 0.5
    sgd:apply_gradients { { g, v } }
    assert.equal(0.0, v:item())
    sgd:apply_gradients { { g, v } }
    assert.equal(-0.375, v:item())
    refuses("SGD: unknown option 'lr': it takes learning_rate, momentum, "
      .. "nesterov, " .. common .. "; did you mean 'learning_rate'?",
      function() sgd.lr = 1 end)
    refuses("SGD: learning_rate must be a number, 0 or more, got string",
      function() sgd.learning_rate = "1" end)
    refuses("SGD: momentum must be a number within 0..1, got -1",
      function() sgd.momentum = -1 end)
    assert.equal(0.25, sgd.learning_rate)
    local adam = Adam()
    refuses("Adam: beta_2 must be a number, at least 0 and below 1, got 1",
      function() adam.beta_2 = 1 end)
    assert.equal(0.999, adam.beta_2)
    assert.is_false(pcall(function() adam["beta_2\0"] = .5 end))
    assert.is_false(pcall(function() return adam["beta_2\0"] end))
  end)

  it("is refused as self by its methods", function()
    local sgd = SGD()
    refuses("apply_gradients: self must be an optimizer, got table",
      sgd.apply_gradients, {})
    refuses("apply_gradients: self is missing: it must be an optimizer",
      sgd.apply_gradients)
  end)
end)

describe("apply_gradients", function()
  it("takes pairs or two lists", function()
    local v, w = V(1.0), V { 1.0, 2 }
    local sgd = SGD { learning_rate = 1 }
    sgd:apply_gradients { { C(0.5), v }, { C { 0.5, 1 }, w } }
    assert.equal(0.5, v:item())
    sgd:apply_gradients(nd.zip({ C(0.5), C { 0.5, 1 } }, { v, w }))
    assert.same({ 0.0, 0.0 }, w:totable())
    sgd:apply_gradients({ C(0.5), C { 0.5, 1 } }, { v, w })
    assert.equal(-0.5, v:item())
    assert.same({ -0.5, -1.0 }, w:totable())
    assert.equal(3, sgd.iterations)
  end)

  it("takes what a tape gives", function()
    local w, b = V(2.0), V(1.0)
    local tape = nd.GradientTape()
    local loss = nd.square(w * 3 + b)
    SGD { learning_rate = 0.5 }:apply_gradients(
      tape:gradient(loss, { w, b }), { w, b })
    assert.equal(-19.0, w:item())
    assert.equal(-6.0, b:item())
  end)

  it("leaves variables without a gradient alone", function()
    local v, w = V(1.0), V(1.0)
    for _, optimizer in ipairs { SGD { momentum = 0.5 }, Adam() } do
      local before = w:item()
      optimizer:apply_gradients { { false, v }, { C(1.0), w } }
      optimizer:apply_gradients { { nil, v }, { C(1.0), w } }
      optimizer:apply_gradients({ nil, C(1.0) }, { v, w })
      optimizer:apply_gradients({ C(1.0) }, { w, v })
      assert.equal(1.0, v:item())
      assert.is_true(w:item() < before)
    end
  end)

  it("warns of missing gradients and names the variables", function()
    assert.equal("script:4: apply_gradients: no gradient for "
      .. "variable 1 'bias', 3\n", output [[
      local nd = require "nadir"
      local v, w = nd.Variable(1.0, { name = "bias" }), nd.Variable(1.0)
      local g = nd.constant(1.0)
      nd.optimizers.SGD():apply_gradients({ false, g, nil }, { v, w, w })
    ]])
    assert.equal("script:4: apply_gradients: no gradient for "
      .. "variable 1, 2, 3, 4, 5 and 4 more\n", output [[
      local nd = require "nadir"
      local pairs, v = {}, nd.Variable(1.0)
      for i = 1, 10 do pairs[i] = { i == 10 and v, v } end
      nd.optimizers.SGD():apply_gradients(pairs)
    ]])
  end)

  it("takes the tables that gradient takes and gives", function()
    local w, b, n = V(1.0), V { 2.0, 3.0 }, V(5.0)
    local variables = { layer = { w = w, b = b }, n, frozen = { V(7.0) } }
    local tape = nd.GradientTape()
    local y = nd.reduce_sum(w * b) + n * n
    SGD { learning_rate = 0.5 }:apply_gradients(tape:gradient(y, variables),
      variables)
    assert.equal(1.0 - 0.5 * 5, w:item())
    assert.same({ 2.0 - 0.5, 3.0 - 0.5 }, b:totable())
    assert.equal(0.0, n:item())
    local one = nd.constant(1.0)
    SGD { learning_rate = 1 }:apply_gradients({ one }, variables)
    assert.equal(-1.0, n:item())
  end)

  it("refuses tables of gradients that are not like the variables'", function()
    local sgd, v, g = SGD(), V(1.0), nd.constant(1.0)
    refuses("apply_gradients: gradient 'x' has no variable",
      sgd.apply_gradients, sgd, { y = g, x = g }, { y = v })
    refuses("apply_gradients: gradient 'x' has no variable",
      sgd.apply_gradients, sgd, { x = g }, { v })
    refuses("apply_gradients: gradients must be a table like variables, "
      .. "got Tensor", sgd.apply_gradients, sgd, { x = g }, { x = { v } })
    refuses("apply_gradients: a gradient must be a tensor or false, got table",
      sgd.apply_gradients, sgd, { x = { g } }, { x = v })
    refuses("apply_gradients: a variable must be a Variable, got Tensor",
      sgd.apply_gradients, sgd, { x = g }, { x = g })
    refuses("apply_gradients: variables must be a tensor, a Variable or a "
      .. "table, got number", sgd.apply_gradients, sgd, { x = g }, { x = 1 })
  end)

  it("names the variables without a gradient in an order", function()
    assert.equal("script:5: apply_gradients: no gradient for variable 1, "
      .. "a.x 'first', a.y (int32), b\n", output [[
      local nd = require "nadir"
      local V, g = nd.Variable, nd.constant(1.)
      local v = { V(1.), b = V(1.), c = V(1.),
        a = { y = V(1), x = V(1., { name = "first" }) } }
      nd.optimizers.SGD():apply_gradients({ c = g }, v)
    ]])
  end)

  it("refuses to go without any gradient", function()
    local v = V(1.0)
    local sgd = SGD()
    refuses("apply_gradients: no gradients: every one of 2 is missing: "
      .. "variable 1, 2", sgd.apply_gradients, sgd,
      { { false, v }, { nil, v } })
    refuses("apply_gradients: no gradients: every one of 3 is missing: "
      .. "variable 1 (int32), 2 'w', 3 'n' (int64)", sgd.apply_gradients, sgd,
      {}, { V(0), V(1., { name = "w" }), V(1 << 40, { name = "n" }) })
    refuses("apply_gradients: no variables", sgd.apply_gradients, sgd, {})
    refuses("apply_gradients: no variables", sgd.apply_gradients, sgd, {}, {})
    assert.equal(0, sgd.iterations)
  end)

  it("changes nothing when one pair is wrong", function()
    local v, w, n = V(1.0), V { 1.0, 2 }, V(1)
    local sgd = SGD { momentum = 0.5 }
    local function refused(message, ...)
      refuses("apply_gradients: " .. message, sgd.apply_gradients, sgd, ...)
      assert.equal(1.0, v:item())
      assert.equal(0, sgd.iterations)
    end
    local g = C(1.0)
    refused("variable 2 is float32 [2], its gradient is float32 []",
      { { g, v }, { g, w } })
    refused("variable 2 is float32 [], its gradient is float64 []",
      { { g, v }, { nd.cast(g, "float64"), v } })
    refused("variable 2 must be a float, got int32",
      { { g, v }, { C(1), n } })
    refused("a gradient must be a tensor or false, got number",
      { { g, v }, { 1.0, v } })
    refused("a variable must be a Variable, got Tensor",
      { { g, v }, { g, g } })
    refused("a variable is missing: it must be a Variable",
      { { g, v }, { g } })
    refused("a pair {gradient, variable} must be a table, got Tensor",
      { { g, v }, g })
    refused("pairs is missing: it must be a table")
    refused("pairs must be a table, got Tensor", g)
    refused("gradients must be a table, got Tensor", g, { v })
    refused("variables must be a table, got Variable", { g }, v)
    refused("2 gradients for 1 variables", { g, g }, { v })
  end)

  it("leaves what was read before as it was", function()
    for _, optimizer in ipairs { SGD(), SGD { momentum = 0.5 }, Adam() } do
      local v = V { 1.0, 2 }
      local whole, first = v:read_value(), v[1]
      optimizer:apply_gradients { { C { 1.0, 1 }, v } }
      assert.same({ 1.0, 2.0 }, whole:totable())
      assert.equal(1.0, first:item())
      assert.is_true(v[1]:item() < 1)
    end
  end)

  it("leaves a persistent tape with the values it saw", function()
    local v = V { 3.0, 1.0 }
    local tape = nd.GradientTape { persistent = true }
    local y = v * v
    local sgd = SGD { learning_rate = 0.5 }
    for _ = 1, 2 do
      local g = tape:gradient(y, v)
      assert.same({ 6.0, 2.0 }, g:totable())
      sgd:apply_gradients { { g, v } }
    end
    assert.same({ -3.0, -1.0 }, v:totable())
  end)

  it("takes a variable's own value for its gradient", function()
    local v, w = V { 1.0, 2 }, V { 3.0, 5 }
    local sgd = SGD { learning_rate = 1 }
    sgd:apply_gradients { { v, v }, { v, v }, { v, w } }
    assert.same({ -1.0, -2.0 }, v:totable())
    assert.same({ 2.0, 3.0 }, w:totable())
  end)

  it("takes gradients that are views", function()
    local v = V { 1.0, 1 }
    local g = C { { 1.0, 2 }, { 3, 4 } }
    SGD { learning_rate = 1 }:apply_gradients {
      { nd.transpose(g)[2], v },
    }
    assert.same({ -1.0, -3.0 }, v:totable())
  end)

  it("applies to a hundred variables", function()
    local pairs_, vs = {}, {}
    for i = 1, 100 do
      vs[i] = V(nd.fill({ i }, 1.0))
      pairs_[i] = { nd.fill({ i }, 0.5), vs[i] }
    end
    Adam { learning_rate = 1 }:apply_gradients(pairs_)
    near({ 0.0 }, { vs[100][100]:item() }, 1e-5)
    near({ 0.0 }, { vs[1]:item() }, 1e-5)
  end)

  it("works on empty variables", function()
    local v = V(nd.zeros { 0, 3 })
    Adam():apply_gradients { { nd.zeros { 0, 3 }, v } }
    assert.same({ 0, 3 }, v.shape)
  end)
end)

describe("rows of a gradient", function()
  -- The value after some steps by what f gathers from a table of 4 rows.
  local function train(make, dense, options)
    local v = V { { 1., 2 }, { 3, 4 }, { 5, 6 }, { 7, 8 } }
    local rule = make(options)
    for at = 1, 3 do
      local tape, y = support.recorded(nil, function()
        local rows = nd.gather(v, { at, -1, at, 2 })
        return nd.reduce_sum(rows * rows * rows)
      end)
      local g = tape:gradient(y, v)
      assert.is_true(nd.is_indexed_slices(g))
      rule:apply_gradients { { dense and g + 0 or g, v } }
    end
    return v:totable()
  end

  it("give the weights that the dense one gives [S52]", function()
    for _, make in ipairs { SGD, Adam } do
      assert.same(train(make, true), train(make, false))
    end
    local options = { momentum = 0.9, nesterov = true }
    assert.same(train(SGD, true, options), train(SGD, false, options))
  end)

  it("are all that changes if the rule is lazy", function()
    local v = V { { 1., 2 }, { 3, 4 }, { 5, 6 } }
    local adam = Adam { learning_rate = 1, lazy = true }
    assert.is_true(adam.lazy)
    adam:apply_gradients { { C { { 1., 1 }, { 1, 1 }, { 1, 1 } }, v } }
    local before = v:totable()
    local g = nd.IndexedSlices({ { 1., 1 }, { 2, 2 } }, { 2, -2 }, { 3, 2 })
    adam:apply_gradients { { g, v } }
    local after = v:totable()
    assert.same({ before[1], before[3] }, { after[1], after[3] })
    assert.not_same(before[2], after[2])
    adam.lazy = false
    adam:apply_gradients { { g, v } }
    assert.not_same(after[1], v:totable()[1])
  end)

  it("must be of the variable's shape and dtype", function()
    refuses("apply_gradients: variable 1 is float32 [2], its gradient is "
      .. "float32 [3]", function()
      local v = V { 1., 2 }
      SGD():apply_gradients { { nd.IndexedSlices({ 1. }, { 3 }), v } }
    end)
  end)

  it("may be missing beside others", function()
    local v, w = V { 1., 2 }, V { 1., 2 }
    local rows = nd.IndexedSlices({ 1. }, { 2 })
    SGD(1.0):apply_gradients({ rows, nd.zeros { 2 } }, { v, w })
    near({ 1, 1 }, v)
    near({ 1, 2 }, w)
    SGD(1.0):apply_gradients({ rows }, { v, w })
    near({ 1, 0 }, v)
    near({ 1, 2 }, w)
  end)
end)

describe("slots", function()
  it("are made when a variable is first seen", function()
    for _, dtype in ipairs { "float32", "float64" } do
      local early = V(1.0, { dtype = dtype })
      local late = V({ 1.0, 1 }, { dtype = dtype })
      local sgd = SGD { learning_rate = 1, momentum = 0.5 }
      local g1, g2 = nd.ones_like(early), nd.ones_like(late)
      sgd:apply_gradients { { g1, early } }
      sgd:apply_gradients { { g2, late }, { g1, early } }
      assert.equal(-1.5, early:item())
      assert.same({ 0.0, 0.0 }, late:totable())
      sgd:apply_gradients { { g2, late } }
      assert.same({ -1.5, -1.5 }, late:totable())
    end
  end)

  it("belong to the variable, whatever it is assigned", function()
    local v = V { 1.0 }
    local held = v:read_value()
    local sgd = SGD { learning_rate = 1, momentum = 0.5 }
    sgd:apply_gradients { { nd.ones { 1 }, v } }
    v:assign { 10 }
    sgd:apply_gradients { { nd.ones { 1 }, v } }
    assert.same({ 8.5 }, v:totable())
    assert.same({ 1.0 }, held:totable())
  end)

  it("belong to one optimizer", function()
    local v = V(0.0)
    local a = SGD { learning_rate = 1, momentum = 0.5 }
    local b = SGD { learning_rate = 1, momentum = 0.5 }
    a:apply_gradients { { C(1.0), v } }
    b:apply_gradients { { C(1.0), v } }
    assert.equal(-2.0, v:item())
    a:apply_gradients { { C(1.0), v } }
    assert.equal(-3.5, v:item())
  end)

  it("serve a table of many variables", function()
    local sgd = SGD { learning_rate = 1, momentum = 0.5 }
    local vs = {}
    for i = 1, 300 do
      vs[i] = V(0.0)
    end
    for _ = 1, 2 do
      for i = 300, 1, -1 do
        sgd:apply_gradients { { C(1.0), vs[i] } }
      end
    end
    for i = 1, 300 do
      assert.equal(-2.5, vs[i]:item())
    end
  end)
end)

-- The weights after each of the steps; the first and the last element.
local function series(optimizer, dtype, initial, gradients)
  local w = V(initial, { dtype = dtype })
  local first, last = {}, {}
  for i, g in ipairs(gradients) do
    optimizer:apply_gradients { { C(g, { dtype = dtype }), w } }
    local now = w:totable()
    first[i], last[i] = now[1], now[#now]
  end
  return first, last, w:totable()
end

describe("one step from {1, 2, 3, 4}", function()
  local function steps_to(want, make)
    for _, dtype in ipairs { "float32", "float64" } do
      local _, _, w = series(make { learning_rate = 0.5 }, dtype,
        { 1, 2, 3, 4 }, { { 1, 6, 7, 2 } })
      near(want, w, 5e-6)
    end
  end

  it("of SGD", function()
    steps_to({ 0.5, -1, -0.5, 3 }, SGD)
  end)

  it("of Adam", function()
    steps_to({ 0.5, 1.5, 2.5, 3.5 }, Adam)
  end)
end)

-- Golden rows: weights of ones; first gradient 0.01 everywhere, then
-- {0.1, 0.2, ..., 1} four times.
describe("five steps", function()
  local ones, gradients = {}, { {} }
  for i = 1, 10 do
    ones[i], gradients[1][i] = 1, 0.01
  end
  for step = 2, 5 do
    gradients[step] = {}
    for i = 1, 10 do
      gradients[step][i] = i / 10
    end
  end

  local function rows(make, element_1, element_10)
    for dtype, tolerance in pairs { float32 = 5e-7, float64 = 5e-9 } do
      local first, last = series(make(), dtype, ones, gradients)
      near(element_1, first, tolerance)
      near(element_10, last, tolerance)
    end
  end

  it("of SGD", function()
    for _, nesterov in ipairs { false, true } do
      rows(function() return SGD { nesterov = nesterov } end,
        { 0.9999, 0.9989, 0.9979, 0.9969, 0.9959 },
        { 0.9999, 0.9899, 0.9799, 0.9699, 0.9599 })
    end
  end)

  it("of Adam with amsgrad", function()
    rows(function() return Adam { amsgrad = true } end,
      { 0.99900032, 0.99819325, 0.99730044, 0.99636784, 0.99541246 },
      { 0.99900032, 0.99824952, 0.99738742, 0.99647529, 0.99553484 })
  end)

  -- The rules again, as their formulas say.
  local function by_hand(rule)
    local first, last = { 1 }, { 1 }
    for column, w in pairs { [1] = first, [10] = last } do
      local state, now = {}, 1
      for t = 1, 5 do
        now = rule(now, gradients[t][column], t, state)
        w[t] = now
      end
    end
    return first, last
  end

  it("of SGD with momentum, plain and Nesterov's", function()
    for _, nesterov in ipairs { false, true } do
      local lr, mu = 0.1, 0.75
      rows(function()
        return SGD { learning_rate = lr, momentum = mu, nesterov = nesterov }
      end, by_hand(function(w, g, _, s)
        s.m = mu * (s.m or 0) - lr * g
        return w + (nesterov and mu * s.m - lr * g or s.m)
      end))
    end
  end)

  it("of Adam with settings of its own", function()
    local lr, b1, b2, eps = 0.02, 0.8, 0.95, 1e-3
    for _, amsgrad in ipairs { false, true } do
      rows(function()
        return Adam { learning_rate = lr, beta_1 = b1, beta_2 = b2,
          epsilon = eps, amsgrad = amsgrad }
      end, by_hand(function(w, g, t, s)
        s.m = b1 * (s.m or 0) + (1 - b1) * g
        s.v = b2 * (s.v or 0) + (1 - b2) * g * g
        s.most = amsgrad and math.max(s.most or 0, s.v) or s.v
        local alpha = lr * math.sqrt(1 - b2 ^ t) / (1 - b1 ^ t)
        return w - alpha * s.m / (math.sqrt(s.most) + eps)
      end))
    end
  end)
end)
