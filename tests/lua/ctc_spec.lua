--- nd.nn.ctc_loss against the sum over all that could have been said.
local nd = require "nadir"

-- What is left of a path: equal neighbours once, and no blanks.
local function collapse(path, blank)
  local kept = {}
  for t, k in ipairs(path) do
    if k ~= blank and k ~= path[t - 1] then kept[#kept + 1] = k end
  end
  return table.concat(kept, " ")
end

-- Calls f with each path of `time` classes.
local function each_path(time, classes, f)
  local path = {}
  local function go(t)
    if t > time then return f(path) end
    for k = 1, classes do
      path[t] = k
      go(t + 1)
    end
  end
  go(1)
end

-- x: [time classes], a tensor.
local function over_paths(labels, x, blank)
  local rows, all = nd.nn.log_softmax(x), {}
  local time, classes = x.shape[1], x.shape[2]
  local wanted = table.concat(labels, " ")
  each_path(time, classes, function(path)
    if collapse(path, blank) ~= wanted then return end
    local sum = nd.constant(0, { dtype = "float64" })
    for t, k in ipairs(path) do sum = sum + rows[{ t, k }] end
    all[#all + 1] = sum
  end)
  if #all == 0 then return nil end
  return -nd.reduce_logsumexp(nd.stack(all))
end

local function by_op(labels, x, blank)
  local row = #labels > 0 and labels or { blank }
  return nd.reduce_sum(nd.nn.ctc_loss({ row }, nd.expand_dims(x, 2),
    { #labels }, { x.shape[1] }, { blank_index = blank }))
end

describe("ctc_loss", function()
  local rng = nd.random.RandomState(11)
  local function draw_labels(n, classes, blank)
    local labels = {}
    while #labels < n do
      local k = math.tointeger(rng:randint(1, classes))
      if k ~= blank then labels[#labels + 1] = k end
    end
    return labels
  end

  it("is empty for no examples, of whatever size", function()
    local none = nd.zeros({ 0 }, { dtype = "int32" })
    local labels = nd.zeros({ 0, 1 << 40 }, { dtype = "int32" })
    local y = nd.nn.ctc_loss(labels, nd.zeros { 1 << 40, 0, 3 }, none, none)
    assert.same({ 0 }, { y.shape[1] })
  end)

  it("is the sum over all alignments, in each order", function()
    for _, sizes in ipairs { { 1, 2, 1 }, { 2, 2, 1 }, { 3, 3, 2 }, { 3, 3, 0 },
      { 4, 2, 2 }, { 4, 2, 3 }, { 4, 3, 2 }, { 4, 3, 3 }, { 5, 2, 3 } } do
      local time, classes, n = table.unpack(sizes)
      local blank = math.tointeger(rng:randint(1, classes))
      local labels = draw_labels(n, classes, blank)
      local x = nd.cast(rng:randn(time, classes), "float64")
      local v = nd.cast(rng:randn(time, classes), "float64")
      local wanted = over_paths(labels, x, blank)
      if not wanted then
        assert.equal(math.huge, by_op(labels, x, blank):item())
      else
        local near = { rtol = 1e-9, atol = 1e-11 }
        local function op(z) return by_op(labels, z, blank) end
        local function hand(z) return over_paths(labels, z, blank) end
        nd.debugging.assert_near(op(x), wanted, near)
        nd.debugging.assert_near(nd.grad(op)(x), nd.grad(hand)(x), near)
        nd.debugging.assert_near(nd.hvp(op, x, v), nd.hvp(hand, x, v), near)
      end
    end
  end)
end)
