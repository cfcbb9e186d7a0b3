--- What is made of random numbers: dropout and categorical, by their shares.
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
