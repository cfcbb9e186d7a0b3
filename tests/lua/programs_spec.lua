--- Whole programs with known results: random numbers, tape and optimizer
-- together. The numbers were computed in TensorFlow and NumPy.
local nd = require "nadir"

assert(_VERSION == "Lua 5.4")

local V, C = nd.Variable, nd.constant
local SGD, Adam = nd.optimizers.SGD, nd.optimizers.Adam

local function is_close(want, got, relative, absolute)
  local allowed = (relative or 0) * math.abs(want) + (absolute or 0)
  local ok = math.abs(want - got) <= allowed
  if not ok then
    error(("wanted %.17g, got %.17g"):format(want, got), 2)
  end
end

local function all_close(want, got, relative, absolute)
  assert.equal(#want, #got)
  for i = 1, #want do
    is_close(want[i], got[i], relative, absolute)
  end
end

-- The loss before one update of the variables.
local function step(optimizer, variables, loss_of)
  local tape, loss
  do
    local t <close> = nd.GradientTape()
    tape, loss = t, loss_of()
  end
  optimizer:apply_gradients(tape:gradient(loss, variables), variables)
  return loss:item()
end

describe("the tutorial", function()
  it("squares a variable", function()
    local x = V(3.)
    local tape <close> = nd.GradientTape()
    local y = nd.square(x)
    assert.equal(9.0, y:item())
    assert.equal(6.0, tape:gradient(y, x):item())
  end)

  it("fits a line to a million points", function()
    local points, batch = 1000000, 1000
    local random = nd.random.RandomState(0)
    local x_data = nd.linspace(0., 10., points)
    local y_data = 2.5 * x_data + 15 + random:randn(points)
    local w, b = V(0.), V(0.)
    local sgd = SGD { learning_rate = 1e-3 }
    local rows = {
      [0] = { 781.474, 0.3002069, 0.0538967 },
      [999] = { 19.0220, 3.825143, 6.233692 },
      [1000] = { 19.9807, 3.824839, 6.237971 },
      [4999] = { 1.52670, 2.686093, 13.761981 },
      [5000] = { 1.45607, 2.686693, 13.762719 },
      [9999] = { 1.003720, 2.516340, 14.895608 },
    }
    for i = 0, 9999 do
      local at = random:randint(points, { size = batch })
      local x, y = nd.gather(x_data, at), nd.gather(y_data, at)
      local loss = step(sgd, { w, b }, function()
        return nd.reduce_sum(nd.square(w * x + b - y)) / batch
      end)
      local row = rows[i]
      if i == 0 then
        all_close(row, { loss, w:item(), b:item() }, 2e-6)
      elseif row then
        is_close(row[1], loss, 3e-5)
        is_close(row[2], w:item(), 0, 1e-5)
        is_close(row[3], b:item(), 0, 1e-4)
      end
    end
  end)
end)

describe("least squares", function()
  it("has the known loss and gradients [P2]", function()
    local x, y = C { { 1.0, 2.0 }, { 3.0, 4.0 } }, C { { 1.0 }, { 2.0 } }
    local w, b = V { { 1.0 }, { 2.0 } }, V(1.0)
    local tape = nd.GradientTape()
    local loss = nd.reduce_sum(nd.square(nd.matmul(x, w) + b - y))
    local g = tape:gradient(loss, { w, b })
    assert.equal(125.0, loss:item())
    assert.same({ { 70.0 }, { 100.0 } }, g[1]:totable())
    assert.equal(30.0, g[2]:item())
  end)

  it("by Adam follows the rule in double [P3]", function()
    for dtype, tolerance in pairs { float64 = 2e-13, float32 = 3e-7 } do
      local options = { dtype = dtype }
      local x = C({ { 1, 2, 3 }, { 4, 5, 6 } }, options)
      local y = C({ { 10 }, { 20 } }, options)
      local w, b = V(nd.zeros({ 3, 1 }, dtype)), V({ 0 }, options)
      local function loss()
        return nd.reduce_mean(nd.square(nd.matmul(x, w) + b - y))
      end
      local tape = nd.GradientTape()
      local first = loss()
      local g = tape:gradient(first, { w, b })
      assert.equal(250.0, first:item())
      assert.same({ { -90.0 }, { -120.0 }, { -150.0 } }, g[1]:totable())
      assert.same({ -30.0 }, g[2]:totable())
      local adam = Adam { learning_rate = 0.01 }
      for _ = 1, 100 do
        step(adam, { w, b }, loss)
      end
      all_close({ 0.8314104984207502, 0.8330858736153777,
        0.8340866810701942 }, w:reshape({ 3 }):totable(), tolerance)
      is_close(0.8380570254308949, b[1]:item(), tolerance)
      is_close(30.881662395669558, loss():item(), 2 * tolerance)
    end
  end)
end)

describe("a cubic fit by SGD", function()
  for dtype, tolerance in pairs { float64 = 1e-13, float32 = 3e-7 } do
    it("ends at the known coefficients in " .. dtype .. " [P8]", function()
      local random = nd.random.RandomState(1)
      local options = { size = 100, dtype = "float64" }
      local x = random:uniform(-1, 1, options)
      local noise = random:randn(100, { dtype = "float64" }) * 0.04
      local y = -0.8 * x ^ 3 - 0.2 * x ^ 2 + 0.9 * x + 0.5 + noise
      x, y = nd.cast(x, dtype), nd.cast(y, dtype)
      local c = {}
      for i = 1, 4 do
        c[i] = V(0.0, { dtype = dtype })
      end
      local function loss()
        return nd.reduce_mean(nd.square(
          c[1] * x ^ 3 + c[2] * x ^ 2 + c[3] * x + c[4] - y))
      end
      local sgd = SGD { learning_rate = 0.5 }
      local first = step(sgd, c, loss)
      for _ = 2, 500 do
        step(sgd, c, loss)
      end
      local relative = dtype == "float64" and tolerance or 0
      is_close(0.2620642582944703, first, relative, tolerance)
      local ends = {}
      for i = 1, 4 do
        ends[i] = c[i]:item()
      end
      all_close({ -0.8141690399185687, -0.18769471538766247,
        0.9029580123456226, 0.49879228515522644 }, ends, 0, tolerance)
      is_close(0.001259641169589992, loss():item(), relative, tolerance)
    end)
  end
end)

describe("descent on 2 x^4 + 3 x^3 + 2 from 2", function()
  -- Where the optimizer is after 2000 steps, or when a step leaves x as it is;
  -- the number of steps, and whether x stayed.
  local function descend(optimizer)
    local x = V(2.0)
    for i = 1, 2000 do
      local before = x:item()
      step(optimizer, { x }, function() return 2 * x ^ 4 + 3 * x ^ 3 + 2 end)
      local now = x:item()
      if now == before or now ~= now then
        return now, i, true
      end
    end
    return x:item(), 2000, false
  end

  local function creeps_to(want, optimizer)
    local x, _, stayed = descend(optimizer)
    is_close(want, x, 0, 2e-4)
    assert.is_false(stayed)
  end

  local function settles_near(steps, optimizer)
    local x, n, stayed = descend(optimizer)
    is_close(-9 / 8, x, 0, 2e-4)
    assert.is_true(stayed)
    assert.is_true(n > steps / 2 and n < 2 * steps, n)
  end

  local function blows_up(optimizer)
    local x, n = descend(optimizer)
    assert.is_true(x ~= x and n <= 9, n)
  end

  it("by SGD creeps to the inflection, or blows up [P9]", function()
    creeps_to(0.04764, SGD { learning_rate = 0.001 })
    creeps_to(0.00539, SGD { learning_rate = 0.01 })
    blows_up(SGD { learning_rate = 0.1 })
  end)

  it("with momentum reaches the minimum", function()
    creeps_to(0.01538, SGD { learning_rate = 0.001, momentum = 0.7 })
    settles_near(80, SGD { learning_rate = 0.01, momentum = 0.7 })
    blows_up(SGD { learning_rate = 0.1, momentum = 0.7 })
  end)

  it("by Adam reaches the minimum when the rate is large", function()
    creeps_to(0.8224, Adam { learning_rate = 0.001 })
    creeps_to(0.0674, Adam { learning_rate = 0.01 })
    settles_near(1156, Adam { learning_rate = 0.1 })
  end)
end)

describe("Rosenbrock's valley [P6]", function()
  local function valley(p)
    local x, y = p[1], p[2]
    return (1 - x) ^ 2 + 100 * (y - x ^ 2) ^ 2
  end

  local function start(...)
    return C({ ... }, { dtype = "float64" })
  end

  it("has the known value and derivatives", function()
    local p = start(-1.2, 1)
    local value, g = nd.value_and_grad(valley)(p)
    is_close(24.2, value:item(), 1e-14)
    all_close({ -215.6, -88 }, g:totable(), 1e-14)
    local h = nd.hessian(valley, p):totable()
    all_close({ 1330, 480 }, h[1], 1e-14)
    all_close({ 480, 200 }, h[2], 1e-14)
  end)

  it("is left by Newton's method in seven steps", function()
    local p = start(-1.2, 1)
    for _, want in ipairs { { -1.17528090, 1.38067416 },
      { 0.76311487, -3.17503385 }, { 0.76342968, 0.58282478 },
      { 0.99999531, 0.94402732 }, { 0.99999570, 0.99999139 } } do
      local g = nd.grad(valley)(p)
      p = p - nd.linalg.solve(nd.hessian(valley, p), g:reshape { 2, 1 })
        :reshape { 2 }
      all_close(want, p:totable(), 0, 1e-8)
    end
    for _, most in ipairs { 1e-19, 1e-28 } do
      local g = nd.grad(valley)(p)
      p = p - nd.linalg.solve(nd.hessian(valley, p), g:reshape { 2, 1 })
        :reshape { 2 }
      assert.is_true(valley(p):item() <= most)
    end
  end)

  it("is followed by plain descent", function()
    local p = V(start(0, 0))
    local sgd = SGD { learning_rate = 1e-3 }
    for _ = 1, 1000 do
      step(sgd, { p }, function() return valley(p) end)
    end
    all_close({ 0.6738860510540382, 0.45255952092681595 }, p:totable(), 1e-13)
    is_close(0.10659456986174884, valley(p):item(), 1e-13)
  end)
end)

describe("a network for exclusive or", function()
  for dtype, near in pairs { float64 = { 1e-13, 1e-13 },
    float32 = { 2e-5, 5e-7 } } do
    it("has the known losses in " .. dtype .. " [P10]", function()
      local random = nd.random.RandomState(0)
      local wide = { dtype = "float64" }
      local w1 = V(nd.cast(random:randn(2, 4, wide), dtype))
      local w2 = V(nd.cast(random:randn(4, 1, wide), dtype))
      local b1, b2 = V(nd.zeros({ 4 }, dtype)), V(nd.zeros({ 1 }, dtype))
      local x = C({ { 0, 0 }, { 0, 1 }, { 1, 0 }, { 1, 1 } }, { dtype = dtype })
      local y = C({ { 0 }, { 1 }, { 1 }, { 0 } }, { dtype = dtype })
      local function output()
        local hidden = nd.tanh(nd.matmul(x, w1) + b1)
        return nd.sigmoid(nd.matmul(hidden, w2) + b2)
      end
      local losses = {
        [0] = 0.3177544859341021,
        [1] = 0.3090496781109986,
        [100] = 0.16608539200646244,
        [500] = 0.01174716226345297,
        [1000] = 0.002759467310460716,
        [2000] = 0.00095190612721052,
      }
      local sgd = SGD { learning_rate = 0.5 }
      local last
      for i = 0, 2000 do
        local loss = step(sgd, { w1, b1, w2, b2 }, function()
          last = output()
          return nd.reduce_mean(nd.square(last - y))
        end)
        if losses[i] then
          is_close(losses[i], loss, near[1])
        end
      end
      all_close({ 0.02363030, 0.96453155, 0.97753365, 0.03855497 },
        last:reshape({ 4 }):totable(), 0, math.max(near[2], 5e-9))
    end)
  end
end)
