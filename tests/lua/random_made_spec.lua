--- What is made of random numbers: dropout and categorical, by their shares,
-- and gamma and Poisson numbers, by their moments and as gradients see them.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local carried = require "support".carried

local function mean(x)
  return nd.reduce_mean(nd.cast(x, "float64")):item()
end

describe("nn.dropout", function()
  it("drops the share it is told, and keeps the mean", function()
    nd.random.set_seed(1)
    local y = nd.nn.dropout(nd.ones { 100000 }, .3)
    assert.is_true(math.abs(mean(nd.equal(y, 0.)) - .3) < .01)
    assert.is_true(math.abs(mean(y) - 1) < .01)
  end)

  it("draws anew at each call, and again from the same seed", function()
    local x = nd.ones { 50 }
    local function draw()
      return nd.nn.dropout(x, .5):totable()
    end
    nd.random.set_seed(2)
    local first, second = draw(), draw()
    assert.are_not.same(first, second)
    nd.random.set_seed(2)
    assert.are.same(first, draw())
  end)

  it("has a sequence of its own by seed, and the same by two", function()
    local x = nd.ones { 50 }
    local function draw(seed)
      return nd.nn.dropout(x, .5, { seed = seed }):totable()
    end
    nd.random.set_seed(3)
    assert.are_not.same(draw(7), draw(7))
    assert.are.same(draw { 7, 8 }, draw { 7, 8 })
    assert.are_not.same(draw { 7, 8 }, draw { 8, 7 })
  end)

  it("shares what becomes of axes where noise_shape is 1", function()
    local y = nd.nn.dropout(nd.ones { 4, 50 }, .5, { noise_shape = { 1, 50 } })
    assert.are.equal(0, mean(nd.not_equal(y, y[1])))
  end)

  it("passes tangents and gradients by the mask", function()
    local x = nd.Variable(nd.ones { 40 })
    local tape = nd.GradientTape()
    local y
    do
      local _ <close> = tape
      y = nd.nn.dropout(x, .5)
    end
    assert.are.same(y:totable(), tape:gradient(y, x):totable())
    local acc, z = carried(x, nd.ones { 40 }, function()
      return nd.nn.dropout(x, .5)
    end)
    assert.are.same(z:totable(), acc:jvp(z):totable())
  end)
end)

describe("random.categorical", function()
  it("draws classes by their probabilities", function()
    nd.random.set_seed(4)
    local p = { .1, .2, .7 }
    local logits = nd.log(nd.constant { p })
    local y = nd.random.categorical(logits, 100000)
    for class, share in ipairs(p) do
      local found = mean(nd.equal(y, nd.constant(class, "int64")))
      assert.is_true(math.abs(found - share) < .01)
    end
  end)
end)

describe("random.stateless_categorical", function()
  it("draws the same classes for the same seed", function()
    local logits = nd.constant { { 0., 0, 0 }, { 1, 2, 3 } }
    local a = nd.random.stateless_categorical(logits, 50, { 3, 4 })
    nd.random.uniform { 3 }
    local b = nd.random.stateless_categorical(logits, 50, { 3, 4 })
    local other = nd.random.stateless_categorical(logits, 50, { 3, 5 })
    assert.are.same(a:totable(), b:totable())
    assert.are_not.same(a:totable(), other:totable())
  end)
end)

describe("random.stateless_shuffle", function()
  it("gives each order as often", function()
    local counts = {}
    for seed = 1, 1200 do
      local x = nd.random.stateless_shuffle({ 1, 2, 3 }, { 7, seed })
      local order = table.concat(x:totable(), " ")
      counts[order] = (counts[order] or 0) + 1
    end
    local orders = 0
    for _, count in pairs(counts) do
      orders = orders + 1
      assert.is_true(math.abs(count - 200) < 60)
    end
    assert.are.equal(6, orders)
  end)

  it("gives rows their gradients back", function()
    local x = nd.constant { 1., 2, 3, 4 }
    local g = nd.grad(function(v)
      return nd.reduce_sum(nd.random.stateless_shuffle(v, { 1, 2 })
        * nd.constant { 1., 10, 100, 1000 })
    end)(x)
    local at = nd.random.stateless_shuffle({ 1, 2, 3, 4 }, { 1, 2 }):totable()
    for place, row in ipairs(at) do
      assert.are.equal(10 ^ (place - 1), g[row]:item())
    end
  end)
end)

describe("random.gamma", function()
  local alpha = { .5, 2, 5 }

  it("has the shape asked for before those of alpha and beta", function()
    local x = nd.random.gamma({ 4, 2 }, alpha, nd.ones { 2, 1 })
    assert.are.same({ 4, 2, 2, 3 }, x.shape)
    assert.are.same({}, nd.random.gamma({}, 2).shape)
    x = nd.random.stateless_gamma({ 2, 3 }, { 1, 2 }, alpha)
    assert.are.same({ 2, 3 }, x.shape)
  end)

  it("takes numbers of any kind, and the dtype of alpha or its own", function()
    local wide = { dtype = "float64" }
    assert.are.equal("float32", nd.random.gamma({ 2 }, 2).dtype)
    assert.are.equal("float64", nd.random.gamma({ 2 }, 2, wide).dtype)
    local a = nd.constant(alpha, "float64")
    assert.are.equal("float64", nd.random.gamma({ 2 }, a, 3).dtype)
  end)

  it("has the mean alpha / beta", function()
    nd.random.set_seed(5)
    local x = nd.random.gamma({ 100000 }, 3., 2.)
    assert.is_true(math.abs(mean(x) - 1.5) < .02)
  end)

  it("draws anew at each call, and again from the same seed", function()
    local function draw(seed)
      return nd.random.gamma({ 5 }, { 2. }, nil, nil, seed):totable()
    end
    nd.random.set_seed(6)
    local first = draw()
    assert.are_not.same(first, draw())
    nd.random.set_seed(6)
    assert.are.same(first, draw())
    assert.are_not.same(draw(7), draw(7))
    assert.are.same(draw { 7, 8 }, draw { 7, 8 })
    assert.are.same(draw { 7, 8 },
                    nd.random.stateless_gamma({ 5, 1 }, { 7, 8 }, 2.):totable())
  end)

  -- The mean of x * x is a (a + 1) / b / b.
  it("has gradients that add up to those of its moments", function()
    nd.random.set_seed(7)
    local a = nd.Variable(alpha, { dtype = "float64" })
    local b = nd.Variable(2, { dtype = "float64" })
    local outer, inner = nd.GradientTape(), nd.GradientTape()
    local da, db, second
    do
      local _ <close> = outer
      local y
      do
        local _ <close> = inner
        local x = nd.random.gamma({ 50000 }, a, b)
        y = nd.reduce_sum(nd.reduce_mean(x * x, 1))
      end
      local g = inner:gradient(y, { a, b })
      da, db = g[1], g[2]
    end
    second = outer:gradient(da, a)
    for i, v in ipairs(alpha) do
      assert.is_true(math.abs(da[i]:item() - (2 * v + 1) / 4) < .05)
      assert.is_true(math.abs(second[i]:item() - .5) < .02)
    end
    local sum = 0
    for _, v in ipairs(alpha) do sum = sum + v * (v + 1) end
    assert.is_true(math.abs(db:item() + sum / 4) < .2)
  end)

  it("passes tangents as it passes gradients", function()
    local a = nd.Variable(alpha, { dtype = "float64" })
    local function draw()
      return nd.random.stateless_gamma({ 3 }, { 1, 2 }, a)
    end
    local tape = nd.GradientTape()
    local y
    do
      local _ <close> = tape
      y = draw()
    end
    local acc, z = carried(a, nd.ones({ 3 }, "float64"), draw)
    assert.are.same(tape:gradient(y, a):totable(), acc:jvp(z):totable())
  end)
end)

describe("random.poisson", function()
  it("has the shape asked for before that of lam, and a dtype", function()
    local x = nd.random.poisson({ 4 }, { 1, 20.5 })
    assert.are.same({ 4, 2 }, x.shape)
    assert.are.equal("float32", x.dtype)
    x = nd.random.poisson({ 4 }, 3, { dtype = "int64" })
    assert.are.equal("int64", x.dtype)
    x = nd.random.stateless_poisson({ 3, 2 }, { 1, 2 }, { 1, 20 })
    assert.are.same({ 3, 2 }, x.shape)
    assert.are.equal("int32", x.dtype)
  end)

  it("has the mean lam, and draws of ints are those of floats", function()
    nd.random.set_seed(8)
    for _, lam in ipairs { .5, 40 } do
      local x = nd.random.poisson({ 100000 }, lam)
      assert.is_true(math.abs(mean(x) / lam - 1) < .02)
    end
    local function draw(dtype)
      local x = nd.random.poisson({ 50 }, 12, dtype, { 1, 2 })
      return nd.cast(x, "float64"):totable()
    end
    assert.are.same(draw "float64", draw "int32")
    assert.are.same(draw "float32", draw "int64")
  end)

  it("has no gradient, and a tape says so", function()
    local lam = nd.Variable(3.)
    local tape = nd.GradientTape { persistent = true }
    local y
    do
      local _ <close> = tape
      y = nd.random.poisson({ 4 }, lam)
    end
    assert.truthy(tape:explain(y, lam):find("poisson has no gradient", 1, true))
  end)
end)
