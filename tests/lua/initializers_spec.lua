--- What weights begin with.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local near, refuses = support.near, support.refuses

assert(_VERSION == "Lua 5.4")

local SHAPE = { 200, 300 }

local function statistics(x)
  local mean = nd.reduce_mean(x)
  return mean:item(), nd.sqrt(nd.reduce_mean(nd.square(x - mean))):item(),
    nd.reduce_max(nd.abs(x)):item()
end

describe("an initializer", function()
  it("gives a tensor of the shape", function()
    local matrices = { Identity = 2, Orthogonal = 4 }  -- and at most so many
    for name, Class in pairs(nd.initializers) do
      for _, shape in ipairs { {}, { 3 }, { 2, 3 }, { 3, 3, 2, 4 },
                               { 0, 2 } } do
        local axes = matrices[name:gsub("^%l", string.upper)]
        if name:find "^%u" and name ~= "Initializer"
          and not (axes and (#shape < 2 or #shape > axes)) then
          local x = Class()(shape, "float64")
          assert.same(shape, x.shape, name)
          assert.equal("float64", x.dtype, name)
        end
      end
    end
  end)

  it("gives a tensor at once by a name in lower case", function()
    for name, short in pairs(nd.initializers) do
      if name:find "^%l" and name ~= "get" then
        assert.same({ 3, 2 }, short({ 3, 2 }).shape, name)
      end
    end
  end)

  it("goes by short names, too", function()
    for short, name in pairs { uniform = "RandomUniform", zero = "Zeros",
                               normal = "RandomNormal", one = "Ones" } do
      assert.equal(name .. " {}", tostring(nd.initializers.get(short)))
    end
    assert.same({ 1, 1 }, nd.initializers.get("one")({ 2 }):totable())
    local layer = nd.layers.Embedding(3, 2, { embeddings_initializer =
      "uniform" })
    assert.same({ 1, 2 }, layer(nd.constant { 1 }).shape)
  end)

  it("may be one value everywhere", function()
    assert.same({ 0, 0 }, nd.initializers.zeros(2):totable())
    assert.same({ 1, 1 }, nd.initializers.ones { 2 }:totable())
    assert.same({ 0, 0 }, nd.initializers.constant { 2 }:totable())
    assert.same({ 3, 3 }, nd.initializers.constant({ 2 }, 3):totable())
  end)

  -- Standard deviations: of an even distribution its bound over sqrt(3); of a
  -- normal one that is cut at two of them, 0.8796 of one.
  local bound = { glorot = math.sqrt(6 / 500), he = math.sqrt(6 / 200) }
  for name, want in pairs {
    random_uniform = { stddev = 0.05 / math.sqrt(3), most = 0.05 },
    random_normal = { stddev = 0.05 },
    truncated_normal = { stddev = 0.05 * 0.8796, most = 0.1 },
    glorot_uniform = { stddev = bound.glorot / math.sqrt(3),
                       most = bound.glorot },
    glorot_normal = { stddev = math.sqrt(2 / 500),
                      most = 2 * math.sqrt(2 / 500) / 0.8796 },
    he_uniform = { stddev = bound.he / math.sqrt(3), most = bound.he },
    he_normal = { stddev = math.sqrt(2 / 200),
                  most = 2 * math.sqrt(2 / 200) / 0.8796 },
  } do
    it("spreads as it should: " .. name, function()
      nd.random.set_seed(1)
      local mean, stddev, most = statistics(nd.initializers[name](SHAPE))
      assert.is_true(math.abs(mean) < 0.02 * stddev)
      near(want.stddev, stddev, 0.01)
      if want.most then
        assert.is_true(most <= want.most * 1.0001)
        assert.is_true(most > want.most * 0.99)
      end
    end)
  end

  it("counts the places of a field for every input and output", function()
    nd.random.set_seed(1)
    local _, _, most = statistics(nd.initializers.he_uniform { 5, 5, 20, 30 })
    near(math.sqrt(6 / (25 * 20)), most, 0.01)
    local _, _, both = statistics(nd.initializers.glorot_uniform {
      5, 5, 20, 30 })
    near(math.sqrt(6 / (25 * 50)), both, 0.01)
  end)

  it("takes its parameters by name", function()
    nd.random.set_seed(1)
    local mean, stddev = statistics(nd.initializers.random_normal(SHAPE,
      { mean = 5, stddev = 2 }))
    near(5, mean, 0.01)
    near(2, stddev, 0.01)
    assert.equal("random_normal(shape, mean = 0, stddev = 0.05, seed = nil)",
      tostring(nd.initializers.random_normal))
  end)

  it("draws the same again where it has a seed, as its function does",
    function()
      for _, name in ipairs { "RandomNormal", "RandomUniform", "HeNormal",
                              "TruncatedNormal", "Orthogonal" } do
        local one = nd.initializers[name] { seed = 7 }
        assert.same(one({ 3, 2 }):totable(), one({ 3, 2 }):totable())
        local other = nd.initializers[name] { seed = 8 }
        assert.not_same(one({ 3, 2 }):totable(), other({ 3, 2 }):totable())
      end
    end)

  it("is orthogonal, and gain on the diagonal", function()
    for _, shape in ipairs { { 4, 4 }, { 5, 3 }, { 3, 5 }, { 2, 2, 3 } } do
      local w = nd.reshape(nd.initializers.Orthogonal { gain = 2 } (shape,
        "float64"), { -1, shape[#shape] })
      local wide = #w < w.shape[2]
      local product = nd.matmul(w, w, not wide, wide)
      near((4 * nd.eye(#product)):totable(), product, 1e-12)
    end
    assert.same({ { 3, 0, 0 }, { 0, 3, 0 } },
      nd.initializers.Identity { gain = 3 } { 2, 3 }:totable())
  end)

  it("scales as it is told", function()
    nd.random.set_seed(1)
    for mode, count in pairs { fan_in = 200, fan_out = 300, fan_avg = 250 } do
      for _, distribution in ipairs { "uniform", "truncated_normal",
                                      "untruncated_normal" } do
        local _, stddev = statistics(nd.initializers.VarianceScaling {
          scale = 3, mode = mode, distribution = distribution } (SHAPE))
        near(math.sqrt(3 / count), stddev, 0.01)
      end
    end
  end)

  it("has a class for others to extend", function()
    local Two = nd.initializers.Initializer:extend "Two"
    function Two.draw(_, shape, dtype)
      return nd.fill(shape, nd.cast(2, dtype))
    end
    assert.same({ { 4 } }, nd.layers.Dense(1, { kernel_initializer = Two() })(
      { { 2. } }):totable())
  end)

  it("refuses a mistake", function()
    refuses("Identity: shape needs 2 axes: it is [3]",
      function() nd.initializers.Identity() (3) end)
    refuses("Orthogonal: shape needs 2 axes or more: it is [3]",
      function() nd.initializers.Orthogonal() (3) end)
    refuses("VarianceScaling: no such mode: 'fan': there are fan_avg, fan_in, "
      .. "fan_out",
      function() nd.initializers.VarianceScaling { mode = "fan" } end)
    refuses("VarianceScaling: scale must be above 0",
      function() nd.initializers.VarianceScaling(0) end)
    refuses("ones: shape must be a whole number or a list of them, got string",
      function() nd.initializers.ones "2" end)
    refuses("random_normal: unknown option 'scale': it takes shape, mean, "
      .. "stddev, seed; did you mean 'stddev'?",
      function() nd.initializers.random_normal(2, { scale = 1 }) end)
    refuses("nd.initializers: no such name: 'onse'; did you mean 'ones'?",
      function() return nd.initializers.onse end)
  end)
end)
