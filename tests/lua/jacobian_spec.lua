--- tape:jacobian, tape:batch_jacobian and tape:hessian as scripts see them. How
-- they are computed is tested in C.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local near, recorded, refuses = support.near, support.recorded, support.refuses

local C, V = nd.constant, nd.Variable

-- A tape that has recorded f of what it watches, and what that gave.
local function watching(x, f, options)
  return recorded(options, function(tape)
    tape:watch(x)
    return f(x)
  end)
end

describe("jacobian", function()
  it("has the axes of the target, then those of the source [S39, G81]",
    function()
      local x, y = C { 1.0, 2 }, C { 3.0, 4 }
      local tape, z = watching({ x, y }, function() return x * x * y end)
      near({ { { 6, 0 }, { 0, 16 } }, { { 1, 0 }, { 0, 4 } } },
        tape:jacobian(z, { x, y }))
    end)

  it("keeps the structure of the sources [G82]", function()
    local x, y = C { 1.0, 2 }, C(1.0)
    local tape, z = watching({ x, y }, function() return x * x end,
      { persistent = true })
    local want = { { 2, 0 }, { 0, 4 } }
    near(want, tape:jacobian(z, x))
    near({ a = want, b = { false } }, tape:jacobian(z, { a = x, b = { y } }))
    assert.is_nil(tape:jacobian(z, y))
    near({ 0, 0 }, tape:jacobian(z, y, "zero"))
    near(want, tape:jacobian(z, x, { experimental_use_pfor = false,
                                     parallel_iterations = 2 }))
  end)

  it("of itself is the unit matrix", function()
    local x = C { 1.0, 2 }
    local tape = recorded(nil, function() end)
    near({ { 1, 0 }, { 0, 1 } }, tape:jacobian(x, x))
  end)

  it("may come inside the tape's block [S42, G83]", function()
    local x, j = C(3.0), nil
    watching(x, function() return x end)
    recorded(nil, function(tape)
      tape:watch(x)
      j = tape:jacobian(x ^ 4, x)
    end)
    near(108, j)
  end)

  it("by a number costs one sweep, and has the target's axes [G84]", function()
    local x, delta = nd.linspace(-10.0, 10.0, 201), V(0.0)
    local tape, y = recorded(nil, function() return nd.sigmoid(x + delta) end)
    local j = tape:jacobian(y, delta)
    assert.equal(201, j.size)
    near(nd.multiply(y, 1 - y):totable(), j)
  end)

  it("of a vector of unlike functions [G85]", function()
    local x = C { 1.0, 2 }
    local tape, y = watching(x, function()
      return nd.stack { x[1] ^ 2 * x[2], 5 * x[1] + nd.sin(x[2]) }
    end)
    near({ { 4, 1 }, { 5, -0.41614684 } }, tape:jacobian(y, x))
  end)

  it("goes through a loop of a script [G86]", function()
    local x = nd.zeros { 3 }
    local tape, y = watching(x, function()
      local sum = C(0.0)
      for _, element in ipairs(x) do
        sum = sum + element
      end
      return sum
    end)
    near({ 1, 1, 1 }, tape:jacobian(y, x))
  end)

  it("differentiates a gradient that its tape recorded [G87]", function()
    local x, g = C(1.0), nil
    local tape = recorded({ persistent = true }, function(tape)
      tape:watch(x)
      local y = x:item() > 0 and x ^ 3 or x ^ 2
      g = tape:gradient(y, x)
    end)
    near(3, g)
    near(6, tape:jacobian(g, x))
  end)

  it("needs no persistent tape, which it uses up [S40, G88]", function()
    local x = C { 1.0, 2 }
    local used = "the tape has given its gradient; persistent = true allows "
      .. "more than one"
    local tape, y = watching(x, function() return x * x end)
    tape:jacobian(y, x)
    refuses("jacobian: " .. used, tape.jacobian, tape, y, x)
    refuses("gradient: " .. used, tape.gradient, tape, y, x)
    local m = C { { 1.0 } }
    tape, y = watching(m, function() return m * m end)
    tape:batch_jacobian(y, m)
    refuses("batch_jacobian: " .. used, tape.batch_jacobian, tape, y, m)
  end)

  it("of gathered rows is dense [S41]", function()
    local x = V { { 1.0, 2 }, { 3, 4 } }
    local tape, y = recorded(nil, function() return nd.gather(x, { 2 }) end)
    near({ { { { 0, 0 }, { 1, 0 } }, { { 0, 0 }, { 0, 1 } } } },
      tape:jacobian(y, x))
  end)

  it("is differentiated by tapes outside, and carried along", function()
    local x = C { 2.0, 3 }
    local outer, j = watching(x, function()
      local inner, y = watching(x, function() return x ^ 3 end)
      return inner:jacobian(y, x)
    end)
    near({ { 12, 0 }, { 0, 27 } }, j)
    near({ 12, 18 }, outer:gradient(j, x))
  end)

  it("refuses what is no tensor", function()
    local x = C(1.0)
    local tape = recorded(nil, function() end)
    refuses("jacobian: target must be one tensor or Variable, got table",
      tape.jacobian, tape, { x }, x)
    refuses("jacobian: no gradient for source 2: target was made before the "
      .. "tape of tests/lua/support.lua:86 began to record", tape.jacobian,
      tape, x, { x, C(2.0) }, "error")
  end)
end)

describe("batch_jacobian", function()
  local x, y = C { { 1.0, 2 }, { 3, 4 } }, C { { 3.0, 4 }, { 5, 6 } }

  it("has a matrix for each example [S43, G89, G90]", function()
    local tape, z = watching({ x, y }, function() return x * x * y end)
    near({ { { 6, 0 }, { 0, 16 } }, { { 30, 0 }, { 0, 48 } } },
      tape:batch_jacobian(z, x))
    tape, z = watching(x, function() return x * x end)
    near({ { { 2, 0 }, { 0, 4 } }, { { 6, 0 }, { 0, 8 } } },
      tape:batch_jacobian(z, x, { check = true }))
  end)

  it("may come inside the tape's block [G91]", function()
    local m, j = C { { 3.0 } }, nil
    recorded({ persistent = true }, function(tape)
      tape:watch(m)
      j = tape:batch_jacobian(m ^ 4, m)
    end)
    near({ { { 108 } } }, j)
  end)

  it("finds examples that depend on one another, if it is to", function()
    local m = C { { 1.0 }, { 2 } }
    local tape, z = watching(m, function() return m * nd.reduce_sum(m) end,
      { persistent = true })
    near({ { { 6 } }, { { 6 } } }, tape:batch_jacobian(z, m))
    near({ { { 6 } }, { { 6 } } }, tape:batch_jacobian(z, m, "zero"))
    refuses("batch_jacobian: target depends on source across the batch; use "
      .. "jacobian", tape.batch_jacobian, tape, z, m, { check = true })
  end)

  it("needs batches of one size [G92, G93]", function()
    local tape = recorded({ persistent = true }, function() end)
    refuses("batch_jacobian: first sizes differ: target is [4 3], source is "
      .. "[2 3]", tape.batch_jacobian, tape, nd.zeros { 4, 3 },
      nd.zeros { 2, 3 })
    refuses("batch_jacobian: target must have rank at least 2, as its first "
      .. "axis is that of the examples: it is [2]", tape.batch_jacobian, tape,
      C { 1.0, 2 }, x)
    refuses("batch_jacobian: source must have rank at least 2, as its first "
      .. "axis is that of the examples: it is [2]", tape.batch_jacobian, tape,
      x, C { 1.0, 2 })
  end)

  it("of nothing is nothing [S44, G94]", function()
    for _, shape in ipairs { { 1, 0 }, { 0, 3 }, { 0, 0 } } do
      local m = nd.zeros(shape)
      local tape, z = watching(m, function() return m ^ 2 end)
      assert.is_true(tape:batch_jacobian(z, m).shape
        == { shape[1], shape[2], shape[2] })
    end
    local m = nd.zeros { 0, 2 }
    local tape, z = watching(m, function() return m * m end)
    assert.is_true(tape:jacobian(z, m).shape == { 0, 2, 0, 2 })
  end)

  it("is zeros where nothing leads from the source [G95]", function()
    for _, dtype in ipairs { "float32", "float64" } do
      local m = C({ { 1.0 } }, { dtype = dtype })
      local tape = watching(m, function() end, { persistent = true })
      local j = tape:batch_jacobian(C({ { 2.0 } }, { dtype = dtype }), m)
      near({ { { 0 } } }, j)
      assert.equal(dtype, j.dtype)
    end
  end)
end)

describe("hessian", function()
  it("of a function of two numbers [S45, G97]", function()
    local x = C { 1.0, 1 }
    local function rosenbrock()
      return (1 - x[1]) ^ 2 + 100 * (x[2] - x[1] ^ 2) ^ 2
    end
    local tape, y = watching(x, rosenbrock)
    near({ { 802, -400 }, { -400, 200 } }, tape:hessian(y, x), 1e-3)
  end)

  it("has blocks for several sources, whatever their structure", function()
    local a, b = V(2.0), V { 1.0, 3 }
    local tape, y = recorded({ persistent = true }, function()
      return a ^ 3 * nd.reduce_sum(b * b)
    end)
    local h = tape:hessian(y, { a = a, list = { b } })
    near(120, h.a.a)
    near({ 24, 72 }, h.a.list[1])
    near({ 24, 72 }, h.list[1].a)
    near({ { 16, 0 }, { 0, 16 } }, h.list[1].list[1])
    near({ { 120 } }, tape:hessian(y, { a }))
  end)

  it("may have a hundred blocks", function()
    local list = {}
    for i = 1, 10 do
      list[i] = V(i + 0.0)
    end
    local tape, y = recorded(nil, function()
      local sum = C(0.0)
      for i = 1, 9 do
        sum = sum + list[i] * list[i + 1]
      end
      return sum
    end)
    local h = tape:hessian(y, list, "zero")
    for i = 1, 10 do
      for k = 1, 10 do
        near(math.abs(i - k) == 1 and 1 or 0, h[i][k])
      end
    end
  end)

  it("is missing where there is none, or zeros", function()
    local x, other = C { 1.0, 2 }, C(1.0)
    local tape, y = watching({ x, other }, function()
      return nd.reduce_sum(3 * x)
    end, { persistent = true })
    assert.is_nil(tape:hessian(y, x))
    near({ { 0, 0 }, { 0, 0 } }, tape:hessian(y, x, "zero"))
    near({ 0, 0 }, tape:hessian(y, { other, x }, "zero")[1][2])
    refuses("hessian: target must have one element, and it is [2]",
      tape.hessian, tape, x, x)
  end)
end)
