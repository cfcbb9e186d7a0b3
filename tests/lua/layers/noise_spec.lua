--- Layers that disturb what they pass on.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local masks = require "nadir.masks"
local refuses = require "support".refuses
local L = nd.layers

assert(_VERSION == "Lua 5.4")

local makers = {
  Dropout = function(seed) return L.Dropout(0.5, { seed = seed }) end,
  AlphaDropout = function(seed) return L.AlphaDropout(0.5, { seed = seed }) end,
  SpatialDropout1D = function(seed)
    return L.SpatialDropout1D(0.5, { seed = seed })
  end,
  GaussianDropout = function(seed)
    return L.GaussianDropout(0.5, { seed = seed })
  end,
  GaussianNoise = function(seed) return L.GaussianNoise(1, { seed = seed }) end,
}

local function noisy(layer, x) return layer(x, true):totable() end

for name, make_noise in pairs(makers) do
  describe(name, function()
    local x = nd.ones { 4, 5, 6 }

    it("disturbs in training only", function()
      local layer = make_noise(3)
      assert.same(x:totable(), layer(x):totable())
      assert.not_same(x:totable(), noisy(layer, x))
    end)

    it("draws by its seed, other numbers at each call", function()
      local one, other = make_noise(3), make_noise(3)
      local first = noisy(one, x)
      assert.same(first, noisy(other, x))
      assert.not_same(first, noisy(one, x))
      assert.not_same(first, noisy(make_noise(4), x))
    end)

    it("draws by the seed of nd.random without one of its own", function()
      nd.random.set_seed(1)
      local first = noisy(make_noise(), x)
      nd.random.set_seed(1)
      assert.same(first, noisy(make_noise(), x))
    end)

    it("keeps the mean", function()
      local many = nd.ones { 200, 50, 20 }
      many = name == "AlphaDropout" and nd.random.normal(many.shape) or many
      local mean = nd.reduce_mean(make_noise(1)(many, true) - many):item()
      assert.is_true(math.abs(mean) < 0.05, mean)
    end)

    it("passes masks on", function()
      local one = nd.ones { 1, 2, 3 }
      local mask = nd.constant { { true, false } }
      masks.note(one, mask)
      assert.same(mask:totable(),
        masks.of(make_noise()(one, true)):totable())
    end)
  end)
end

describe("Dropout", function()
  it("loses whole channels, or what noise_shape says", function()
    local y = L.SpatialDropout2D(0.5, { seed = 1 })(nd.ones { 3, 4, 5, 6 },
      true)
    local sums = nd.reduce_sum(y, { 2, 3 })
    for _, row in ipairs(sums:totable()) do
      for _, sum in ipairs(row) do assert.is_true(sum == 0 or sum == 40) end
    end
    y = L.Dropout(0.5, { noise_shape = { false, 1 } })(nd.ones { 50, 3 }, true)
    for _, row in ipairs(y:totable()) do
      assert.is_true(row[1] == row[2] and row[2] == row[3])
    end
  end)

  it("keeps mean and variance of what is normal, if it is alpha", function()
    local x = nd.random.normal({ 40000 })
    for _, value in ipairs(L.AlphaDropout(0.5)(nd.ones { 50 }, true):totable())
    do
      local wanted = value > 0 and 1.6655988252 or -0.7791939305
      assert.is_true(math.abs(value - wanted) < 1e-6, value)
    end
    local y = L.AlphaDropout(0.3, { seed = 2 })(x, true)
    local mean, variance = nd.moments(y)
    assert.is_true(math.abs(mean:item()) < 0.03)
    assert.is_true(math.abs(variance:item() - 1) < 0.05)
  end)

  it("refuses a mistake", function()
    refuses("Dropout: rate must be a number, 0 or more and below 1, got 1",
      function() L.Dropout(1) end)
    refuses("Dropout: noise_shape has 1 axes, x has 2", function()
      L.Dropout(0.5, { noise_shape = { 1 } })(nd.ones { 2, 2 }, true)
    end)
    refuses("SpatialDropout1D: x needs 3 axes, those of batch, space and "
      .. "channels: it is [2 2]",
      function() L.SpatialDropout1D(0.5)(nd.ones { 2, 2 }) end)
    refuses("GaussianNoise: stddev must not be below 0",
      function() L.GaussianNoise(-1) end)
  end)
end)

describe("what drops", function()
  -- The share of zeros in what a layer gives for ones, over a few calls.
  local function zeros_of(layer, give)
    local seen, share = {}, 0
    for i = 1, 4 do
      local y = give(layer, nd.ones { 20, 10, 30 })
      share = share + nd.reduce_mean(nd.cast(nd.equal(y, 0), "float32")):item()
      seen[y:tobytes()] = i
    end
    return share / 4, seen
  end

  local function call_to_train(layer, x) return layer(x, true) end

  it("drops the share that it is told, of single numbers", function()
    for _, seed in ipairs { false, 3 } do
      local layer = L.Dropout(0.3, { seed = seed or nil })
      local share, seen = zeros_of(layer, call_to_train)
      assert.is_true(math.abs(share - 0.3) < 0.02, share)
      local calls = 0
      for _ in pairs(seen) do calls = calls + 1 end
      assert.equal(4, calls)
    end
  end)

  it("drops single numbers of states and of AlphaDropout", function()
    local y = L.AlphaDropout(0.3)(nd.ones { 20, 30 }, true)
    assert.is_true(nd.reduce_std(y):item() > 0.1)
    local gru = L.GRU(20, { recurrent_dropout = 0.5,
                            kernel_initializer = "ones" })
    y = gru(nd.ones { 1, 4, 1 }, true)
    assert.is_true(nd.reduce_std(y):item() > 1e-3)
  end)

  it("drops shares of scores, too", function()
    for name, make in pairs {
      attention = function() return L.Attention { dropout = 0.3 } end,
      heads = function() return L.MultiHeadAttention(1, 4, {
        dropout = 0.3, use_bias = false }) end,
    } do
      -- With equal scores each output is a mean of the values that are kept.
      local layer, x = make(), nd.ones { 2, 10, 4 }
      local y = layer({ x, x }, true)
      assert.is_true(nd.reduce_std(y):item() > 1e-3, name)
    end
  end)
end)
