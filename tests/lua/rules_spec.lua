--- The update rules, in numbers: one step of each, five steps of each, and what
-- stands around them all: decay, clipping, running means, sums of gradients.
--
-- The rules are Keras 3's. The five steps were computed in float64 from the
-- rules; Keras 3.15 on TensorFlow 2.21 agrees within 5e-7 in float32.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local refuses, near = support.refuses, support.near

assert(_VERSION == "Lua 5.4")

local optimizers = nd.optimizers

local function one_step(optimizer, v, gradient)
  gradient = nd.constant(gradient, { dtype = v.dtype })
  optimizer:apply_gradients { { gradient, v } }
end

-- A Variable of that dtype.
local function place(values, dtype)
  return nd.Variable(nd.constant(values, { dtype = dtype }))
end

describe("one step", function()
  for name, want in pairs {
    SGD = { .5, -1, -.5, 3 },
    RMSprop = { -.5811, .4189, 1.4189, 2.4189 },
    Adam = { .5, 1.5, 2.5, 3.5 },
    AdamW = { .498, 1.496, 2.494, 3.492 },
    Adamax = { .5, 1.5, 2.5, 3.5 },
    Nadam = { .4686, 1.4686, 2.4686, 3.4686 },
    Adagrad = { .5233, 1.5007, 2.5005, 3.5061 },
    Adadelta = { .9993, 1.9993, 2.9993, 3.9993 },
    Ftrl = { .2218, 1.3954, 2.3651, 2.8814 },
    Lion = { .5, 1.5, 2.5, 3.5 },
    Lamb = { -.3693, .6307, 1.6307, 2.6307 },
    Adafactor = { -.3693, .6307, 1.6307, 2.6307 },
  } do -- any order
    it("of " .. name, function()
      for _, dtype in ipairs { "float32", "float64" } do
        local v = place({ 1, 2, 3, 4 }, dtype)
        one_step(optimizers[name] { learning_rate = .5 }, v, { 1, 6, 7, 2 })
        near(want, v, 5e-5)
      end
    end)
  end
end)

-- What elements 1 and 10 are after each step.
local series = {
  { "SGD", {}, { .9999, .9989, .9979, .9969, .9959 },
    { .9999, .9899, .9799, .9699, .9599 } },
  { "Adam", { amsgrad = true },
    { .99900032, .99819325, .99730044, .99636784, .99541246 },
    { .99900032, .99824952, .99738742, .99647529, .99553484 } },
  { "AdamW", { learning_rate = 1, weight_decay = .5, epsilon = 2 },
    { .49984191, .24864051, .12232382, .05861185, .02629275 },
    { .49984191, .23823402, .10026563, .02583037, -.01589228 } },
  { "Adamax", { learning_rate = .2, beta_1 = .85, beta_2 = .95,
                epsilon = 1e-6 },
    { .80002, .68272387, .5332793, .36797048, .19330802 },
    { .80002, .69099308, .54660255, .38476119, .21263074 } },
  { "Adadelta", { learning_rate = 1, rho = .8, epsilon = 1e-6 },
    { .99781782, .99470661, .99150778, .98824572, .98493229 },
    { .99781782, .99469355, .9914816, .98820648, .98488004 } },
  { "Adagrad", { learning_rate = .2, initial_accumulator_value = .3,
                 epsilon = 1e-6 },
    { .99634913, .96043392, .92508416, .89027396, .85597933 },
    { .99634913, .82094434, .68907114, .57897645, .48252902 } },
  { "Nadam", { learning_rate = .5, beta_1 = .5, beta_2 = .67,
               epsilon = 1e-5 },
    { .42809131, -.1738019, -.71152433, -1.23353855, -1.7492008 },
    { .42809131, -.17173053, -.70838953, -1.22992904, -1.7454065 } },
  { "RMSprop", { centered = true },
    { .99668503, .99333357, .99076504, .98849638, .98637277 },
    { .99668503, .99334851, .99079696, .98854491, .9864376 } },
  { "Ftrl", { learning_rate = .05, learning_rate_power = -.2,
              initial_accumulator_value = .4,
              l1_regularization_strength = .05,
              l2_regularization_strength = .15,
              l2_shrinkage_regularization_strength = .01, beta = .3 },
    { 0, -.00343694, -.00776013, -.01206482, -.01635141 },
    { 0, -.03535857, -.06852752, -.09988528, -.12994726 } },
  { "Lion", {}, { .999, .998, .997, .996, .995 },
    { .999, .998, .997, .996, .995 } },
}

-- Those that look at whole tensors, of ten weights: the gradients of all others
-- are in between.
local whole = {
  { "Lamb", {}, { .999, .99794372, .99691821, .99590383, .99489554 },
    { .999, .99801739, .99702718, .99603509, .99504256 } },
  { "Adafactor", { learning_rate = .5, beta_2_decay = -.65, epsilon_1 = 1e-15,
                   epsilon_2 = 1e-4, clip_threshold = .9,
                   relative_step = false },
    { .55, .30309286, .16709825, .09226844, .05544971 },
    { .55, .30239825, .1662508, .09137525, .05454253 } },
  { "ScheduleFreeAdamW", {},
    { .9975000025, .9955655837, .9938166215, .9921584113, .9905549053 },
    { .9975000025, .9955560422, .9938014631, .9921392804, .9905327113 } },
}

describe("five steps", function()
  for _, row in ipairs(series) do
    local name, settings, first, tenth = table.unpack(row)
    it("of " .. name, function()
      for dtype, within in pairs { float32 = 1e-6, float64 = 6e-9 } do
        local v = place({ 1, 1 }, dtype)
        local optimizer = optimizers[name](settings)
        for i = 1, 5 do
          one_step(optimizer, v, i == 1 and { .01, .01 } or { .1, 1. })
          near({ first[i], tenth[i] }, v, within)
        end
      end
    end)
  end

  for _, row in ipairs(whole) do
    local name, settings, first, tenth = table.unpack(row)
    it("of ten weights, of " .. name, function()
      for dtype, within in pairs { float32 = 1e-6, float64 = 6e-9 } do
        local ones, small, rising = {}, {}, {}
        for i = 1, 10 do
          ones[i], small[i], rising[i] = 1, .01, i / 10
        end
        local v = place(ones, dtype)
        local optimizer = optimizers[name](settings)
        for i = 1, 5 do
          one_step(optimizer, v, i == 1 and small or rising)
          near({ first[i], tenth[i] }, nd.gather(v, { 1, 10 }), within)
        end
      end
    end)
  end

  it("of RMSprop with momentum follow the rule", function()
    local v, want, mean, moved = place({ 1 }, "float64"), 1, 0, 0
    local optimizer = optimizers.RMSprop { learning_rate = .1, momentum = .5 }
    for i = 1, 5 do
      mean = .9 * mean + .1 * i * i
      moved = .5 * moved + .1 * i / math.sqrt(mean + 1e-7)
      want = want - moved
      one_step(optimizer, v, { i })
      near({ want }, v, 1e-12)
    end
  end)

  it("of centered RMSprop are numbers where the mean is all", function()
    local v = place({ 0 }, "float32")
    local optimizer = optimizers.RMSprop { centered = true, rho = .99 }
    for _ = 1, 2000 do one_step(optimizer, v, { 12345.678 }) end
    assert.is_true(nd.is_finite(v)[1]:item())
  end)

  it("of Ftrl leave what never had a gradient", function()
    local v = place({ 1, 2 }, "float32")
    local optimizer = optimizers.Ftrl { initial_accumulator_value = 0 }
    one_step(optimizer, v, { 0, 1 })
    assert.equal(1.0, v[1]:item())
    assert.is_true(nd.is_finite(v)[2]:item())
  end)

  it("forget what is switched off", function()
    for name, switch in pairs { Adam = "amsgrad", RMSprop = "centered" } do
      local function train(off)
        local v = place({ 1 }, "float64")
        local optimizer = optimizers[name] { [switch] = true }
        one_step(optimizer, v, { 3 })
        if off then optimizer[switch] = false end
        one_step(optimizer, v, { .01 })
        return v[1]:item()
      end
      assert.not_equal(train(false), train(true))
    end
  end)

  it("begin anew where momentum was 0 for a while", function()
    local rows = nd.IndexedSlices(nd.ones({ 1, 1 }, nd.float64), { 1 },
      { 2, 1 })
    local v = place({ { 0 }, { 0 } }, "float64")
    local sgd = optimizers.SGD { learning_rate = 1, momentum = .5 }
    sgd:apply_gradients { { rows, v } }
    sgd.momentum = 0
    sgd:apply_gradients { { rows, v } }
    sgd.momentum = .5
    sgd:apply_gradients { { rows, v } }
    near({ { -3 }, { 0 } }, v, 0)
    sgd:apply_gradients { { rows, v } }
    near({ { -4.5 }, { 0 } }, v, 0)
  end)

  it("of Nadam go on for long", function()
    local v = place({ 1 }, "float64")
    local optimizer = optimizers.Nadam { learning_rate = .01, beta_1 = .99 }
    local product, m, s, want = 1, 0, 0, 1
    for t = 1, 120 do
      local g = math.sin(t)
      local now = .99 * (1 - .5 * .96 ^ t)
      local later = .99 * (1 - .5 * .96 ^ (t + 1))
      product = product * now
      m, s = .99 * m + .01 * g, .999 * s + .001 * g * g
      want = want - .01 * (later * m / (1 - product * later)
        + (1 - now) * g / (1 - product))
        / (math.sqrt(s / (1 - .999 ^ t)) + 1e-7)
      one_step(optimizer, v, { g })
      near({ want }, v, 1e-13)
    end
  end)

  it("change nothing where the rate is 0", function()
    for _, row in ipairs(series) do
      local settings = { learning_rate = 0 }
      local v = place({ 1, 2 }, "float32")
      local optimizer = optimizers[row[1]](settings)
      for _ = 1, 3 do one_step(optimizer, v, { 1, 3 }) end
      near({ 1, 2 }, v, 0)
    end
  end)
end)

-- Three steps of a matrix, as Keras 3.15 on JAX makes them in float64. It
-- rounds some constants to float32.
describe("three steps of a matrix", function()
  local weights = { { 1, 2, 3 }, { 4, 5, -6 } }
  local gradients = { { { .1, -.2, .3 }, { .4, .5, -.6 } },
                      { { .3, .1, -.5 }, { 1, -2, .25 } },
                      { { .5, .5, .5 }, { -.1, .7, 2 } } }

  local function take_steps(optimizer, change, name)
    local v = nd.Variable(change(nd.constant(weights, nd.float64)),
      { name = name })
    for _, g in ipairs(gradients) do
      optimizer:apply_gradients { { change(nd.constant(g, nd.float64)), v } }
    end
    return v:read_value()
  end

  local function same(x)
    return x
  end

  local function first_row(x)
    return x[1]
  end

  it("of Lamb", function()
    near({ { -.5094428337, 2.2278053097, 2.6271455689 },
           { 2.6396750139, 5.0669879838, -5.7522106772 } },
      take_steps(optimizers.Lamb(.1), same), 1e-9)
  end)

  it("of Adafactor", function()
    local want = { { -4.1348618787, 2.1240358078, 2.0418069041 },
                   { 1.0349010753, 3.4778786942, -6.4665790828 } }
    for _, relative in ipairs { true, false } do
      near(want, take_steps(optimizers.Adafactor { learning_rate = .5,
        relative_step = relative }, same), 5e-7)
    end
  end)

  it("of Adafactor, two at a time", function()
    local v = place({ weights, { { 1, 1, 1 }, { 2, 2, 2 } } }, "float64")
    local optimizer = optimizers.Adafactor(.5)
    for _, g in ipairs(gradients) do
      g = nd.constant(g, nd.float64)
      optimizer:apply_gradients { { nd.stack { g, 2 * g }, v } }
    end
    near({ { { -3.2702336034, 1.9545194491, 2.4852328584 },
             { 1.617986171, 3.9255926911, -6.552558707 } },
           { { -3.2702336034, .9545194491, .4852328584 },
             { -.382013829, .9255926911, 1.4474412930 } } }, v, 5e-7)
  end)

  it("of Muon, wide and tall", function()
    local want = nd.constant({ { .9387428020, 1.9737771343, 3.0041675068 },
      { 3.9658216850, 5.0086091568, -6.0062163363 } }, nd.float64)
    near(want:totable(), take_steps(optimizers.Muon(.1), same), 5e-9)
    near(nd.transpose(want):totable(),
      take_steps(optimizers.Muon(.1), nd.transpose), 5e-9)
  end)

  it("of Muon with settings of its own", function()
    near({ { .8206433249, 1.9084362759, 3.0134827879 },
           { 3.8928590408, 5.0639138971, -6.0138488417 } },
      take_steps(optimizers.Muon { learning_rate = .1, nesterov = false,
        rms_rate = 0, weight_decay = 0, ns_steps = 3 }, same), 1e-8)
  end)

  it("of Muon go by AdamW where a name says so, and for a row", function()
    local adam = { { .7152388851, 2.0742168585, 2.9014501446 },
                   { 3.7349309632, 4.9704130237, -5.9125123634 } }
    local Muon = optimizers.Muon
    near(adam, take_steps(Muon(.1), same, "my_Embedding"), 1e-9)
    near(adam, take_steps(Muon { learning_rate = .1,
      exclude_layers = { "^he" } }, same, "head"), 1e-9)
    near(adam[1], take_steps(Muon(.1), first_row), 1e-9)
    near({ .8299137109, 1.9778231165, 2.8642354417 }, take_steps(Muon {
      learning_rate = .1, adam_lr_ratio = .5, adam_weight_decay = .1,
      weight_decay = .2 }, first_row), 1e-9)
    local by_name = take_steps(Muon { learning_rate = .1,
      exclude_embeddings = false }, same, "embedding")
    near({ .9387428020, 1.9737771343, 3.0041675068 }, by_name[1], 5e-9)
  end)

  it("of ScheduleFreeAdamW", function()
    near({ .7475700197, 1.9924980539, 2.9397848353 },
      take_steps(optimizers.ScheduleFreeAdamW(.1), first_row), 1e-9)
    near({ .7885935178, 1.9222983249, 2.9599385706 },
      take_steps(optimizers.ScheduleFreeAdamW { learning_rate = .1,
        warmup_steps = 2, weight_decay = .1 }, first_row), 1e-9)
  end)
end)

describe("a rule that looks at whole tensors", function()
  local names = { "Lamb", "Adafactor", "Muon" }
  local x = { { 1, -2, 3, .5 }, { 4, 5, -6, .25 }, { .1, .2, .3, .4 } }

  -- The value after steps by 2 w - 1.
  local function take_steps(name, settings, gradient)
    local v = place(x, "float64")
    settings.learning_rate = .1
    local optimizer = optimizers[name](settings)
    for _ = 1, 4 do
      local g = 2 * v - 1
      optimizer:apply_gradients { { gradient and gradient(g) or g, v } }
    end
    return v:totable()
  end

  it("sees the gradient clipped and scaled", function()
    for _, name in ipairs(names) do
      near(take_steps(name, {}, function(g)
        return nd.clip_by_value(g, -.5, .5)
      end), take_steps(name, { clipvalue = .5 }), 1e-14)
      near(take_steps(name, {}), take_steps(name, { loss_scale_factor = 1024 },
        function(g) return g * 1024 end), 1e-14)
      near(take_steps(name, {}, function(g) return g / nd.norm(g) end),
        take_steps(name, { clipnorm = 1 }), 1e-13)
    end
  end)

  it("makes a step of the mean of several calls", function()
    for _, name in ipairs(names) do
      local a, b = place(x, "float64"), place(x, "float64")
      local one = optimizers[name](.1)
      local two = optimizers[name] { learning_rate = .1,
                                     gradient_accumulation_steps = 2 }
      for i = 1, 3 do
        local g = nd.constant(x, nd.float64) * i
        one:apply_gradients { { g, a } }
        two:apply_gradients { { g * 1.5, b } }
        two:apply_gradients { { g * .5, b } }
      end
      near(a:totable(), b, 1e-13)
    end
  end)

  it("keeps running means", function()
    for _, name in ipairs(names) do
      local a, b = place(x, "float64"), place(x, "float64")
      local plain = optimizers[name](.1)
      local ema = optimizers[name] { learning_rate = .1, use_ema = true,
                                     ema_momentum = .5 }
      local mean
      for _ = 1, 3 do
        local g = 2 * a - 1
        plain:apply_gradients { { g, a } }
        ema:apply_gradients { { g, b } }
        mean = mean and .5 * mean + .5 * a or a:read_value()
      end
      near(a:totable(), b, 0)
      ema:finalize_variable_values { b }
      near(mean:totable(), b, 1e-15)
    end
  end)

  it("takes rows as the sum of them", function()
    for _, name in ipairs(names) do
      local a, b = place(x, "float64"), place(x, "float64")
      local g = nd.IndexedSlices(nd.ones({ 3, 4 }, nd.float64), { 1, 3, 1 },
        { 3, 4 })
      optimizers[name](.1):apply_gradients { { g, a } }
      optimizers[name](.1):apply_gradients { { g + 0, b } }
      near(a:totable(), b, 0)
      refuses(name .. ": lazy cannot be true: steps depend on all rows",
        optimizers[name], { lazy = true })
    end
  end)

  it("tells no tape of its ops", function()
    for _, name in ipairs(names) do
      local v = place(x, "float64")
      local tape, y = support.recorded({ persistent = true }, function()
        local square = v * v
        optimizers[name](.1):apply_gradients { { square, v } }
        return nd.reduce_sum(square)
      end)
      near((2 * nd.constant(x, nd.float64)):totable(), tape:gradient(y, v), 0)
    end
  end)

  it("works on what is empty, and on zeros", function()
    for _, name in ipairs(names) do
      for _, shape in ipairs { {}, { 0 }, { 3 }, { 0, 3 }, { 3, 0 }, { 2, 2 } }
      do
        local v = nd.Variable(nd.zeros(shape))
        local optimizer = optimizers[name](.5)
        for _ = 1, 2 do
          optimizer:apply_gradients { { nd.zeros(shape), v } }
        end
        near(nd.zeros(shape):totable(), v, 0)
      end
    end
  end)

  it("gives the same bits with any number of threads", function()
    local before, kept = nd.get_num_threads(), {}
    for _, threads in ipairs { 1, 2 } do
      nd.set_num_threads(threads)
      for _, name in ipairs(names) do
        local w = nd.random.stateless_normal({ 300, 400 }, { 1, 2 })
        local v = nd.Variable(w)
        local optimizer = optimizers[name](.1)
        for _ = 1, 2 do optimizer:apply_gradients { { v * 2 - 1, v } } end
        local bytes = v:read_value():tobytes()
        kept[name] = kept[name] or bytes
        assert.is_true(kept[name] == bytes)
      end
    end
    nd.set_num_threads(before)
  end)
end)

describe("weight_decay", function()
  it("takes its share before the step, in every rule but Ftrl", function()
    local rows = table.move(series, 1, #series, 1, { whole[1], whole[2] })
    for _, row in ipairs(rows) do
      local v = place({ 2. }, "float64")
      local optimizer = optimizers[row[1]] { learning_rate = 1,
                                             weight_decay = .004 }
      for _ = 1, 3 do one_step(optimizer, v, { 0. }) end
      near({ row[1] == "Ftrl" and 0 or 1.9760959 }, v, 1e-7)
    end
  end)

  it("is nothing at first, but in AdamW and Muon", function()
    for _, row in ipairs(series) do
      local name = row[1]
      assert.equal(name == "AdamW" and .004 or nil,
        optimizers[name]().weight_decay)
    end
    assert.equal(.004, optimizers.Muon().weight_decay)
  end)

  it("reaches rows without gradient, unless it is lazy", function()
    for _, lazy in ipairs { true, false } do
      local v = place({ { 1., 1. }, { 2., 2. } }, "float64")
      local optimizer = optimizers.SGD { learning_rate = .5, weight_decay = .5,
                                         lazy = lazy }
      local g = nd.IndexedSlices(nd.ones({ 1, 2 }, nd.float64), { 1 }, { 2, 2 })
      optimizer:apply_gradients { { g, v } }
      local rest = lazy and 2 or 1.5
      near({ { .25, .25 }, { rest, rest } }, v, 0)
    end
  end)
end)

describe("clipping", function()
  -- What one step of SGD with rate 1 takes from zeros.
  local function taken(settings, ...)
    settings.learning_rate = 1
    local optimizer, variables, pairs_ = optimizers.SGD(settings), {}, {}
    for i, gradient in ipairs { ... } do
      gradient = nd.constant(gradient)
      variables[i] = nd.Variable(nd.zeros(gradient.shape, gradient.dtype))
      pairs_[i] = { gradient, variables[i] }
    end
    optimizer:apply_gradients(pairs_)
    for i, v in ipairs(variables) do variables[i] = -v end
    return table.unpack(variables)
  end

  it("by clipnorm bounds the norm of each", function()
    local a, b = taken({ clipnorm = 1 }, { 100., 100. }, { .3, .4 })
    near({ .70710678, .70710678 }, a, 1e-7)
    near({ .3, .4 }, b, 1e-7)
    near({ 0, 0 }, (taken({ clipnorm = 1 }, { 0., 0. })), 0)
  end)

  it("by clipvalue bounds each element", function()
    near({ 1, -1, .5 }, (taken({ clipvalue = 1 }, { 100., -7., .5 })), 0)
  end)

  it("by global_clipnorm bounds the norm of all", function()
    local norm = math.sqrt(50 ^ 2 + 100 ^ 2)
    near({ 50 / norm, 100 / norm },
      (taken({ global_clipnorm = 1 }, { 50., 100. })), 1e-7)
    local a, b = taken({ global_clipnorm = 1 }, { 50. }, { 100. })
    near({ 50 / norm }, a, 1e-7)
    near({ 100 / norm }, b, 1e-7)
    near({ .1, .2 }, (taken({ global_clipnorm = 1 }, { .1, .2 })), 1e-7)
  end)

  it("by a norm of nan or inf leaves no number", function()
    local inf, nan = math.huge, 0 / 0
    local function shown(...) return tostring((taken(...))) end
    assert.matches("[nan -0.]", shown({ clipnorm = 1 }, { inf, 1. }), 1, true)
    assert.matches("[nan nan]", shown({ global_clipnorm = 1 }, { inf, 1. }), 1,
      true)
    assert.matches("[nan nan]", shown({ clipnorm = 1 }, { nan, 1. }), 1, true)
    assert.matches("[nan  1.]", shown({ clipvalue = 1 }, { nan, 1. }), 1, true)
  end)

  it("sees rows of one number as their sum", function()
    local v = nd.Variable(nd.zeros { 3, 1 })
    local g = nd.IndexedSlices(nd.constant { { 3. }, { 1. }, { 3. } },
      { 1, 3, 3 }, { 3, 1 })
    optimizers.SGD { learning_rate = 1, clipnorm = 1 }:apply_gradients {
      { g, v } }
    near({ { -.6 }, { 0 }, { -.8 } }, v, 1e-7)
  end)

  it("bounds many elements by the same norm with any number of threads",
    function()
      local g = nd.random.stateless_normal({ 300000 }, { 1, 2 })
      local before, kept = nd.get_num_threads(), nil
      for _, threads in ipairs { 1, 2 } do
        nd.set_num_threads(threads)
        local x = taken({ clipnorm = 1 }, g)
        local sum = nd.reduce_sum(x):item()
        kept = kept or sum
        assert.equal(kept, sum)
        near(1, nd.norm(x), 1e-5)
      end
      nd.set_num_threads(before)
    end)

  it("is by one of the three", function()
    refuses("SGD: only one of clipnorm, clipvalue and global_clipnorm can be "
      .. "set", optimizers.SGD, { clipnorm = 1, clipvalue = 2 })
    local sgd = optimizers.SGD { clipnorm = 1 }
    refuses("SGD: only one of clipnorm, clipvalue and global_clipnorm can be "
      .. "set", function() sgd.global_clipnorm = 1 end)
    sgd.clipnorm = 0
    sgd.global_clipnorm = 1
    assert.same({ 1.0 }, { sgd.global_clipnorm, sgd.clipnorm })
    refuses("SGD: clipnorm must be a number, 0 or more, got -1",
      optimizers.SGD, { clipnorm = -1 })
  end)
end)

describe("use_ema", function()
  it("keeps running means, and makes them the weights", function()
    local w = place({ { 3, 4 }, { 5, 6 } }, "float64")
    local optimizer = optimizers.SGD { learning_rate = 1, use_ema = true,
      ema_momentum = .9, ema_overwrite_frequency = 3 }
    local ones = { { 1, 1 }, { 1, 1 } }
    one_step(optimizer, w, ones)
    near({ { 2, 3 }, { 4, 5 } }, w, 1e-12)
    one_step(optimizer, w, ones)
    near({ { 1, 2 }, { 3, 4 } }, w, 1e-12)
    one_step(optimizer, w, ones)
    near({ { 1.71, 2.71 }, { 3.71, 4.71 } }, w, 1e-12)
  end)

  it("gives the means at the end", function()
    local w = place({ 3. }, "float64")
    local optimizer = optimizers.SGD { learning_rate = 1, use_ema = true,
      ema_momentum = .9 }
    one_step(optimizer, w, { 1 })
    one_step(optimizer, w, { 1 })
    near({ 1 }, w, 0)
    optimizer:finalize_variable_values { w }
    near({ 1.9 }, w, 1e-12)
  end)

  it("keeps the values of rows that lazy steps leave", function()
    local w = place({ { 1. }, { 2. }, { 3. } }, "float64")
    local optimizer = optimizers.SGD { learning_rate = .5, use_ema = true,
                                       lazy = true }
    for row = 1, 2 do
      optimizer:apply_gradients { { nd.IndexedSlices(
        nd.ones({ 1, 1 }, nd.float64), { row }, { 3, 1 }), w } }
    end
    optimizer:finalize_variable_values(w)
    near({ { .5 }, { 1.995 }, { 3 } }, w, 1e-12)
  end)

  it("changes nothing if one is no Variable", function()
    local w = place({ 1. }, "float64")
    local optimizer = optimizers.SGD { learning_rate = 1, use_ema = true }
    one_step(optimizer, w, { 1 })
    one_step(optimizer, w, { 1 })
    refuses("finalize_variable_values: a variable must be a Variable, got "
      .. "Tensor", optimizer.finalize_variable_values, optimizer,
      { w, nd.constant(1.) })
    near({ -1 }, w, 0)
  end)

  it("begins anew for a variable that comes later", function()
    local v, w = place({ 1. }, "float64"), place({ 5. }, "float64")
    local optimizer = optimizers.SGD { learning_rate = 1, use_ema = true }
    one_step(optimizer, v, { 0 })
    one_step(optimizer, w, { 1 })
    optimizer:finalize_variable_values { v, w }
    near({ 1 }, v, 0)
    near({ 4 }, w, 0)
  end)
end)

describe("a Variable that stands twice in a call", function()
  it("takes a step by the sum of its gradients", function()
    for _, name in ipairs { "SGD", "Adam", "Lamb" } do
      local a, b = place({ 1, 2 }, "float64"), place({ 1, 2 }, "float64")
      local one, two = optimizers[name](.1), optimizers[name](.1)
      local g = nd.constant({ 1., 3. }, nd.float64)
      for _ = 1, 3 do
        one:apply_gradients { { g * 3, a } }
        two:apply_gradients({ g, g * 2 }, { b, b })
      end
      near(a:totable(), b, 0)
      assert.equal(3, two.iterations)
    end
  end)

  it("loses no rows while its value is held, nor a mean", function()
    local v = place({ { 0 }, { 0 } }, "float64")
    local held = v:read_value()
    local sgd = optimizers.SGD { learning_rate = 1, use_ema = true,
                                 lazy = true }
    local function rows(i)
      return nd.IndexedSlices(nd.ones({ 1, 1 }, nd.float64), { i }, { 2, 1 })
    end
    sgd:apply_gradients({ rows(1), rows(2), rows(1) }, { v, v, v })
    near({ { -2 }, { -1 } }, v, 0)
    near({ { 0 }, { 0 } }, held, 0)
    sgd:finalize_variable_values(v)
    near({ { -2 }, { -1 } }, v, 0)
  end)
end)

describe("gradient_accumulation_steps", function()
  it("makes a step of the mean of several calls", function()
    local w = place({ 1. }, "float32")
    local optimizer = optimizers.SGD { learning_rate = 1,
                                       gradient_accumulation_steps = 3 }
    local values, steps = {}, {}
    for i = 1, 7 do
      one_step(optimizer, w, { i < 4 and 1 or i })
      values[i], steps[i] = w[1]:item(), optimizer.iterations
    end
    assert.same({ 1.0, 1.0, 0.0, 0.0, 0.0, -5.0, -5.0 }, values)
    assert.same({ 0, 0, 1, 1, 1, 2, 2 }, steps)
  end)

  local function twice()
    return optimizers.SGD { learning_rate = 1, gradient_accumulation_steps = 2 }
  end

  it("keeps the sum of what has no gradient in the last call", function()
    local a, b = place({ 0. }, "float64"), place({ 0. }, "float64")
    local g, optimizer = nd.ones({ 1 }, nd.float64), twice()
    optimizer:apply_gradients { { g, a }, { g, b } }
    optimizer:apply_gradients { { g, a } }
    optimizer:apply_gradients { { g, a } }
    optimizer:apply_gradients { { g, a }, { g, b } }
    near({ -2 }, a, 0)
    near({ -1 }, b, 0)
  end)

  it("takes a Variable that stands twice once", function()
    local v, optimizer = place({ 0. }, "float64"), twice()
    local g = nd.ones({ 1 }, nd.float64)
    optimizer:apply_gradients({ g, g }, { v, v })
    optimizer:apply_gradients({ g, g }, { v, v })
    near({ -2 }, v, 0)
  end)

  it("forgets what waits when it is changed", function()
    local v, optimizer = place({ 0. }, "float64"), twice()
    one_step(optimizer, v, { 5 })
    optimizer.gradient_accumulation_steps = nil
    one_step(optimizer, v, { 1 })
    near({ -1 }, v, 0)
    optimizer.gradient_accumulation_steps = 2
    one_step(optimizer, v, { 1 })
    near({ -1 }, v, 0)
    one_step(optimizer, v, { 3 })
    near({ -3 }, v, 0)
  end)

  it("keeps constraints for the steps", function()
    local v = nd.Variable(-5., { constraint = nd.nn.relu })
    local optimizer = twice()
    optimizer:apply_gradients { { nd.constant(0.), v } }
    near(-5, v, 0)
    optimizer:apply_gradients { { nd.constant(0.), v } }
    near(0, v, 0)
  end)

  it("clips the mean, not what is summed", function()
    local w = place({ 0. }, "float64")
    local optimizer = optimizers.SGD { learning_rate = 1, clipvalue = 1,
                                       gradient_accumulation_steps = 2 }
    one_step(optimizer, w, { 3 })
    one_step(optimizer, w, { -2 })
    near({ -.5 }, w, 0)
  end)

  it("sums rows", function()
    local v = place({ { 1. }, { 1. } }, "float64")
    local optimizer = optimizers.SGD { learning_rate = 1,
                                       gradient_accumulation_steps = 2 }
    for i = 1, 2 do
      local g = nd.IndexedSlices(nd.ones({ 1, 1 }, nd.float64), { i }, { 2, 1 })
      optimizer:apply_gradients { { g, v } }
    end
    near({ { .5 }, { .5 } }, v, 0)
  end)

  it("refuses what is no number of calls", function()
    refuses("SGD: gradient_accumulation_steps must be a whole number, 0 or "
      .. "more, got 1.5", optimizers.SGD, { gradient_accumulation_steps = 1.5 })
  end)
end)

describe("loss_scale_factor", function()
  it("divides gradients, as scale_loss multiplies", function()
    local w = place({ { 1, 2 }, { 3, 4 } }, "float32")
    local optimizer = optimizers.SGD { learning_rate = 1,
                                       loss_scale_factor = 1024 }
    optimizer:apply_gradients { { w * 1024, w } }
    near({ { 0, 0 }, { 0, 0 } }, w, 0)
    near(2048, optimizer:scale_loss(nd.constant(2.)), 0)
    near(2, optimizers.SGD():scale_loss(nd.constant(2.)), 0)
    refuses("scale_loss: loss must be a tensor, got string",
      optimizer.scale_loss, optimizer, "x")
  end)
end)
