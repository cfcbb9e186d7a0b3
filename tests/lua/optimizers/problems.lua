--- The 35 problems of More, Garbow and Hillstrom, Testing unconstrained
-- optimization software, ACM Transactions on Mathematical Software 7 (1981).
-- Of each: `start`, the standard one; `minima`, sums of squares at minima that
-- are known; `f`, which gives residuals, a list, of a list of numbers.
local nd = require "nadir"

local exp, sqrt, sin, cos = nd.exp, nd.sqrt, nd.sin, nd.cos

-- { g(1), ..., g(n) }
local function list_of(n, g)
  local list = {}
  for i = 1, n do list[i] = g(i) end
  return list
end

local function sum(n, g)
  local total = g(1)
  for i = 2, n do total = total + g(i) end
  return total
end

local function constant(n, value)
  return list_of(n, function() return value end)
end

local function joined(...)
  local all = {}
  for _, list in ipairs { ... } do table.move(list, 1, #list, #all + 1, all) end
  return all
end

local problems = {}

local function put(name, start, minima, f)
  problems[#problems + 1] = { name = name, start = start, minima = minima,
                              f = f }
end

local function rosenbrock(x)
  return joined(table.unpack(list_of(#x // 2, function(i)
    local a, b = x[2 * i - 1], x[2 * i]
    return { 10 * (b - a * a), 1 - a }
  end)))
end

local function powell(x)
  return joined(table.unpack(list_of(#x // 4, function(i)
    local a, b, c, d = table.unpack(x, 4 * i - 3, 4 * i)
    return { a + 10 * b, 5 ^ .5 * (c - d), (b - 2 * c) ^ 2.,
             10 ^ .5 * (a - d) ^ 2. }
  end)))
end

put("Rosenbrock", { -1.2, 1 }, { 0 }, rosenbrock)

put("Freudenstein and Roth", { .5, -2 }, { 0, 48.98425368 }, function(x)
  local a, b = x[1], x[2]
  return { -13 + a + ((5 - b) * b - 2) * b, -29 + a + ((b + 1) * b - 14) * b }
end)

put("Powell badly scaled", { 0, 1 }, { 0 }, function(x)
  return { 1e4 * x[1] * x[2] - 1, exp(-x[1]) + exp(-x[2]) - 1.0001 }
end)

put("Brown badly scaled", { 1, 1 }, { 0 }, function(x)
  return { x[1] - 1e6, x[2] - 2e-6, x[1] * x[2] - 2 }
end)

put("Beale", { 1, 1 }, { 0 }, function(x)
  return list_of(3, function(i)
    return ({ 1.5, 2.25, 2.625 })[i] - x[1] * (1 - x[2] ^ (i + 0.))
  end)
end)

put("Jennrich and Sampson", { .3, .4 }, { 124.3621823556 }, function(x)
  return list_of(10, function(i)
    return 2 + 2 * i - (exp(i * x[1]) + exp(i * x[2]))
  end)
end)

put("helical valley", { -1, 0, 0 }, { 0 }, function(x)
  local angle = nd.atan2(x[2], x[1]) / (2 * math.pi)
  return { 10 * (x[3] - 10 * angle),
           10 * (sqrt(x[1] * x[1] + x[2] * x[2]) - 1), x[3] + 0 }
end)

put("Bard", { 1, 1, 1 }, { 8.214877306e-3, 17.4286 }, function(x)
  local y = { .14, .18, .22, .25, .29, .32, .35, .39, .37, .58, .73, .96, 1.34,
              2.1, 4.39 }
  return list_of(15, function(u)
    local v = 16 - u
    return y[u] - (x[1] + u / (v * x[2] + math.min(u, v) * x[3]))
  end)
end)

put("Gaussian", { .4, 1, 0 }, { 1.127932770e-8 }, function(x)
  local y = { .0009, .0044, .0175, .054, .1295, .242, .3521, .3989 }
  return list_of(15, function(i)
    local t = (8 - i) / 2
    return x[1] * exp(-x[2] * (t - x[3]) ^ 2. / 2) - y[math.min(i, 16 - i)]
  end)
end)

put("Meyer", { .02, 4000, 250 }, { 87.94585517 }, function(x)
  local y = { 34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030,
              6005, 5147, 4427, 3820, 3307, 2872 }
  return list_of(16, function(i)
    return x[1] * exp(x[2] / (45 + 5 * i + x[3])) - y[i]
  end)
end)

put("Gulf research and development", { 5, 2.5, .15 }, { 0 }, function(x)
  return list_of(99, function(i)
    local t = i / 100
    local y = 25 + (-50 * math.log(t)) ^ (2 / 3)
    return exp(-nd.abs(y - x[2]) ^ x[3] / x[1]) - t
  end)
end)

put("Box three-dimensional", { 0, 10, 20 }, { 0 }, function(x)
  return list_of(10, function(i)
    local t = i / 10
    return exp(-t * x[1]) - exp(-t * x[2])
      - x[3] * (math.exp(-t) - math.exp(-10 * t))
  end)
end)

put("Powell singular", { 3, -1, 0, 1 }, { 0 }, powell)

put("Wood", { -3, -1, -3, -1 }, { 0 }, function(x)
  return { 10 * (x[2] - x[1] * x[1]), 1 - x[1],
           90 ^ .5 * (x[4] - x[3] * x[3]), 1 - x[3],
           10 ^ .5 * (x[2] + x[4] - 2), 10 ^ -.5 * (x[2] - x[4]) }
end)

put("Kowalik and Osborne", { .25, .39, .415, .39 },
  { 3.075056038e-4, 1.02734e-3 }, function(x)
    local y = { .1957, .1947, .1735, .16, .0844, .0627, .0456, .0342, .0323,
                .0235, .0246 }
    local u = { 4, 2, 1, .5, .25, .167, .125, .1, .0833, .0714, .0625 }
    return list_of(11, function(i)
      return y[i] - x[1] * (u[i] * u[i] + u[i] * x[2])
        / (u[i] * u[i] + u[i] * x[3] + x[4])
    end)
  end)

put("Brown and Dennis", { 25, 5, -5, -1 }, { 85822.20162 }, function(x)
  return list_of(20, function(i)
    local t = i / 5
    return (x[1] + t * x[2] - math.exp(t)) ^ 2.
      + (x[3] + x[4] * math.sin(t) - math.cos(t)) ^ 2.
  end)
end)

put("Osborne 1", { .5, 1.5, -1, .01, .02 }, { 5.464894697e-5 }, function(x)
  local y = { .844, .908, .932, .936, .925, .908, .881, .85, .818, .784, .751,
              .718, .685, .658, .628, .603, .58, .558, .538, .522, .506, .49,
              .478, .467, .457, .448, .438, .431, .424, .42, .414, .411, .406 }
  return list_of(33, function(i)
    local t = 10 * (i - 1)
    return y[i] - (x[1] + x[2] * exp(-t * x[4]) + x[3] * exp(-t * x[5]))
  end)
end)

put("Biggs EXP6", { 1, 2, 1, 1, 1, 1 }, { 0, 5.65565e-3 }, function(x)
  return list_of(13, function(i)
    local t = i / 10
    local y = math.exp(-t) - 5 * math.exp(-10 * t) + 3 * math.exp(-4 * t)
    return x[3] * exp(-t * x[1]) - x[4] * exp(-t * x[2])
      + x[6] * exp(-t * x[5]) - y
  end)
end)

put("Osborne 2", { 1.3, .65, .65, .7, .6, 3, 5, 7, 2, 4.5, 5.5 },
  { 4.013773629e-2, 1.78981 }, function(x)
    local y = { 1.366, 1.191, 1.112, 1.013, .991, .885, .831, .847, .786, .725,
                .746, .679, .608, .655, .616, .606, .602, .626, .651, .724,
                .649, .649, .694, .644, .624, .661, .612, .558, .533, .495, .5,
                .423, .395, .375, .372, .391, .396, .405, .428, .429, .523,
                .562, .607, .653, .672, .708, .633, .668, .645, .632, .591,
                .559, .597, .625, .739, .71, .729, .72, .636, .581, .428, .292,
                .162, .098, .054 }
    return list_of(65, function(i)
      local t = (i - 1) / 10
      return y[i] - (x[1] * exp(-t * x[5])
        + x[2] * exp(-(t - x[9]) ^ 2. * x[6])
        + x[3] * exp(-(t - x[10]) ^ 2. * x[7])
        + x[4] * exp(-(t - x[11]) ^ 2. * x[8]))
    end)
  end)

put("Watson", constant(6, 0), { 2.287670053e-3 }, function(x)
  local list = list_of(29, function(i)
    local t = i / 29
    local slope = sum(5, function(j) return j * x[j + 1] * t ^ (j - 1) end)
    local value = sum(6, function(j) return x[j] * t ^ (j - 1) end)
    return slope - value * value - 1
  end)
  return joined(list, { x[1] + 0, x[2] - x[1] * x[1] - 1 })
end)

put("extended Rosenbrock", { -1.2, 1, -1.2, 1, -1.2, 1, -1.2, 1 }, { 0 },
  rosenbrock)

put("extended Powell singular", { 3, -1, 0, 1, 3, -1, 0, 1 }, { 0 }, powell)

put("penalty I", { 1, 2, 3, 4 }, { 2.249977500e-5 }, function(x)
  return joined(list_of(4, function(i) return 1e-5 ^ .5 * (x[i] - 1) end),
    { sum(4, function(i) return x[i] * x[i] end) - .25 })
end)

put("penalty II", constant(4, .5), { 9.376293007e-6 }, function(x)
  local a = 1e-5 ^ .5
  return joined({ x[1] - .2 },
    list_of(3, function(i)
      local y = math.exp((i + 1) / 10) + math.exp(i / 10)
      return a * (exp(x[i + 1] / 10) + exp(x[i] / 10) - y)
    end),
    list_of(3, function(i) return a * (exp(x[i + 1] / 10) - math.exp(-.1)) end),
    { sum(4, function(j) return (5 - j) * x[j] * x[j] end) - 1 })
end)

put("variably dimensioned", list_of(6, function(j) return 1 - j / 6 end), { 0 },
  function(x)
    local total = sum(6, function(j) return j * (x[j] - 1) end)
    return joined(list_of(6, function(i) return x[i] - 1 end),
      { total, total * total })
  end)

put("trigonometric", constant(5, 1 / 5), { 0 }, function(x)
  local cosines = sum(5, function(j) return cos(x[j]) end)
  return list_of(5, function(i)
    return 5 - cosines + i * (1 - cos(x[i])) - sin(x[i])
  end)
end)

put("Brown almost linear", constant(5, .5), { 0, 1 }, function(x)
  local total = sum(5, function(j) return x[j] end)
  return joined(list_of(4, function(i) return x[i] + total - 6 end),
    { x[1] * x[2] * x[3] * x[4] * x[5] - 1 })
end)

-- Of n points in 0..1: their places, and where the solution starts.
local function grid(n)
  local h = 1 / (n + 1)
  return h, list_of(n, function(i) return i * h * (i * h - 1) end)
end

local _, slack = grid(8)

put("discrete boundary value", slack, { 0 }, function(x)
  local h = grid(8)
  return list_of(8, function(i)
    return 2 * x[i] - (x[i - 1] or 0) - (x[i + 1] or 0)
      + h * h * (x[i] + i * h + 1) ^ 3. / 2
  end)
end)

put("discrete integral equation", slack, { 0 }, function(x)
  local h = grid(8)
  local function third(j) return (x[j] + j * h + 1) ^ 3. end
  return list_of(8, function(i)
    local t = i * h
    local below = sum(i, function(j) return j * h * third(j) end)
    local above = 0
    for j = i + 1, 8 do above = above + (1 - j * h) * third(j) end
    return x[i] + h * ((1 - t) * below + t * above) / 2
  end)
end)

put("Broyden tridiagonal", constant(8, -1), { 0 }, function(x)
  return list_of(8, function(i)
    return (3 - 2 * x[i]) * x[i] - (x[i - 1] or 0) - 2 * (x[i + 1] or 0) + 1
  end)
end)

put("Broyden banded", constant(8, -1), { 0 }, function(x)
  return list_of(8, function(i)
    local y = x[i] * (2 + 5 * x[i] * x[i]) + 1
    for j = math.max(1, i - 5), math.min(8, i + 1) do
      y = j == i and y or y - x[j] * (1 + x[j])
    end
    return y
  end)
end)

put("linear, of full rank", constant(5, 1), { 5 }, function(x)
  local total = sum(5, function(j) return x[j] end)
  return list_of(10, function(i)
    return (x[i] or 0) - 2 / 10 * total - 1
  end)
end)

put("linear, of rank 1", constant(5, 1), { 10 * 9 / (2 * 21) }, function(x)
  local total = sum(5, function(j) return j * x[j] end)
  return list_of(10, function(i) return i * total - 1 end)
end)

put("linear, of rank 1 with zeros", constant(5, 1),
  { (100 + 30 - 6) / (2 * 17) }, function(x)
    local total = sum(3, function(j) return (j + 1) * x[j + 1] end)
    return list_of(10, function(i)
      return (i == 1 or i == 10) and 0 * total - 1 or (i - 1) * total - 1
    end)
  end)

put("Chebyquad", list_of(8, function(j) return j / 9 end), { 3.516873726e-3 },
  function(x)
    local sums = constant(8, 0)
    for j = 1, 8 do
      local before, now = 1, 2 * x[j] - 1
      for i = 1, 8 do
        sums[i] = sums[i] + now / 8
        before, now = now, 2 * (2 * x[j] - 1) * now - before
      end
    end
    return list_of(8, function(i)
      return i % 2 == 0 and sums[i] + 1 / (i * i - 1) or sums[i] + 0
    end)
  end)

return problems
