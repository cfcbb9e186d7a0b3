--- nd.nn.dot_product_attention, where it is worked off in parts.
local nd = require "nadir"

-- For one head: [1 time 1 dim].
local function by_formula(q, k, v, past)
  local s = nd.matmul(q[{ 1, {}, 1 }], k[{ 1, {}, 1 }], { transpose_b = true })
  s = nd.where(past, s, -1e30)
  return nd.matmul(nd.nn.softmax(s), v[{ 1, {}, 1 }])
end

local function loss_and_gradients(f, ...)
  local sources = { ... }
  local tape <close> = nd.GradientTape()
  for _, x in ipairs(sources) do tape:watch(x) end
  local y = nd.reduce_sum(f(...) ^ 2)
  tape:stop_recording()
  return y, tape:gradient(y, sources)
end

describe("attention in parts", function()
  local time = 1100
  local rng = nd.random.RandomState(3)
  local function draw() return rng:randn(1, time, 1, 2) end

  it("is the attention of all at once", function()
    local q, k, v = draw(), draw(), draw()
    local at = nd.range(1, time)
    local past = nd.reshape(at, { time, 1 }):greater_equal(at)
    local y, g = loss_and_gradients(function(a, b, c)
      return nd.nn.dot_product_attention(a, b, c,
        { scale = 1, is_causal = true })
    end, q, k, v)
    local z, h = loss_and_gradients(function(a, b, c)
      return by_formula(a, b, c, past)
    end, q, k, v)
    nd.debugging.assert_near(y, z, { rtol = 1e-4, atol = 1e-4 })
    for i = 1, 3 do
      nd.debugging.assert_near(g[i], h[i], { rtol = 1e-3, atol = 1e-4 })
    end
  end)
end)
