--- Simulations in plain Lua, step by step on numbers: their derivatives by
-- reverse and forward mode agree, and a tape of them grows by little a step.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"

local function double(value)
  return nd.constant(value, { dtype = "float64" })
end

-- A ball that is thrown, with drag that grows with the square of its speed.
local function throw(steps)
  return function(vx, vy)
    local x, y, dt = double(0.0), double(0.0), 1e-4
    for _ = 1, steps do
      local drag = nd.sqrt(vx * vx + vy * vy) * 0.1
      vx, vy = vx - drag * vx * dt, vy - (drag * vy + 9.81) * dt
      x, y = x + vx * dt, y + vy * dt
    end
    return x * y
  end
end

-- Four masses in a row between walls, joined by springs of one stiffness.
local function springs(steps)
  return function(stiffness, start)
    local x, v, dt = { start, double(0.0), double(0.1), double(0.0) }, {}, 0.02
    for i = 1, 4 do
      v[i] = double(0.0)
    end
    for _ = 1, steps do
      for i = 1, 4 do
        local pull = (x[i - 1] or 0.0) + (x[i + 1] or 0.0) - 2 * x[i]
        v[i] = v[i] + stiffness * pull * dt
      end
      for i = 1, 4 do
        x[i] = x[i] + v[i] * dt
      end
    end
    return x[1] * x[2] + x[4]
  end
end

-- Prey and predators, by Runge and Kutta's method of fourth order.
local function populations(steps)
  return function(a, b)
    local x, y, h = double(1.0), double(0.5), 0.02
    local function change(p, q)
      return a * p - p * q * 1.3, p * q * 0.9 - b * q
    end
    for _ = 1, steps do
      local x1, y1 = change(x, y)
      local x2, y2 = change(x + h / 2 * x1, y + h / 2 * y1)
      local x3, y3 = change(x + h / 2 * x2, y + h / 2 * y2)
      local x4, y4 = change(x + h * x3, y + h * y3)
      x = x + h / 6 * (x1 + 2 * x2 + 2 * x3 + x4)
      y = y + h / 6 * (y1 + 2 * y2 + 2 * y3 + y4)
    end
    return x + y
  end
end

local function agrees(want, got)
  local x, y = want:item(), got:item()
  assert(x == x and math.abs(x - y) <= 1e-10 * math.max(1, math.abs(x)),
    ("%.17g is not %.17g"):format(x, y))
end

-- Both modes, by both arguments and along a direction.
local function compare_modes(f, a, b)
  a, b = double(a), double(b)
  local da, db = nd.grad(f)(a, b)
  agrees(da, select(2, nd.jvp(f, { a, b }, { 1.0, 0.0 })))
  agrees(db, select(2, nd.jvp(f, { a, b }, { 0.0, 1.0 })))
end

describe("reverse and forward mode agree on", function()
  it("10,000 steps of a throw with drag", function()
    compare_modes(throw(10000), 20.0, 15.0)
  end)

  it("a network of springs", function()
    compare_modes(springs(1000), 3.0, 0.5)
  end)

  it("Lotka and Volterra's equations", function()
    compare_modes(populations(500), 1.1, 0.7)
  end)

  it("second derivatives of a throw", function()
    local f, a, b = throw(300), double(20.0), double(15.0)
    local h = nd.hessian(f, { a, b })
    local column = nd.hvp(f, { a, b }, { 1.0, 0.0 })
    agrees(h[1][1], column[1])
    agrees(h[2][1], column[2])
    agrees(h[1][2], h[2][1])
  end)
end)

describe("a tape of a simulation", function()
  it("takes at most 112 bytes for each op", function()
    local ops_of_step = 16
    local function bytes(steps)
      collectgarbage()
      local before = nd.memory "object"
      local tape <close> = nd.GradientTape()
      local vx, vy = double(20.0), double(15.0)
      tape:watch { vx, vy }
      throw(steps)(vx, vy)
      return nd.memory "object" - before
    end
    local few, many = bytes(1000), bytes(5000)
    assert.is_true(many - few <= 112 * ops_of_step * 4000)
    assert.is_true(many - few > 4 * (few - 2 * 32768) * 0.9)
  end)
end)
