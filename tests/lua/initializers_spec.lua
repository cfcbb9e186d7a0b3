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
    for name, initializer in pairs(nd.initializers) do
      for _, shape in ipairs { {}, { 3 }, { 2, 3 }, { 3, 3, 2, 4 },
                               { 0, 2 } } do
        assert.same(shape, initializer(shape).shape, name)
        assert.equal("float32", initializer(shape).dtype, name)
      end
    end
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
    assert.equal("random_normal(shape, mean = 0, stddev = 0.05)",
      tostring(nd.initializers.random_normal))
  end)

  it("refuses a mistake", function()
    refuses("ones: shape must be a whole number or a list of them, got string",
      function() nd.initializers.ones "2" end)
    refuses("random_normal: unknown option 'scale': it takes shape, mean, "
      .. "stddev; did you mean 'stddev'?",
      function() nd.initializers.random_normal(2, { scale = 1 }) end)
    refuses("nd.initializers: no such name: 'one'; did you mean 'ones'?",
      function() return nd.initializers.one end)
  end)
end)
