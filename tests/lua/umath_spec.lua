--- Elementary functions by NumPy's tables of validation, which come with
-- Debian's python3-numpy: arguments, results and how many units in the last
-- place one may be off.
local nd = require "nadir"

local NUMPY = "/usr/lib/python3/dist-packages/numpy/"

--- An open table, from where NumPy 1 or 2 has it.
local function open_table(name)
  local file = "core/tests/data/umath-validation-set-" .. name .. ".csv"
  return io.open(NUMPY .. file) or assert(io.open(NUMPY .. "_" .. file))
end

-- Tables of what Nadir has, by NumPy's names; those of cbrt, exp2, log2 and
-- log10 are of functions that TensorFlow does not have either.
local OPS = {
  arccos = nd.acos, arccosh = nd.acosh, arcsin = nd.asin, arcsinh = nd.asinh,
  arctan = nd.atan, arctanh = nd.atanh, cos = nd.cos, cosh = nd.cosh,
  exp = nd.exp, expm1 = nd.expm1, log = nd.log, log1p = nd.log1p, sin = nd.sin,
  sinh = nd.sinh, tan = nd.tan, tanh = nd.tanh,
}

local BITS = {
  float32 = { number = "<f", bits = "<i4", least = math.mininteger >> 32 },
  float64 = { number = "<d", bits = "<i8", least = math.mininteger },
}

--- A number that counts floats from 0 on, the negative ones below.
local function rank(of, x)
  local bits = string.unpack(of.bits, string.pack(of.number, x))
  return bits < 0 and of.least - bits or bits
end

local function from_bits(of, hex)
  local unsigned = of.bits:upper()
  return (string.unpack(of.number, string.pack(unsigned, math.tointeger(hex))))
end

--- The rows of a table by dtype: lists of x, y and ulp.
local function read_table(name)
  local rows = {}
  for dtype in pairs(BITS) do rows[dtype] = { x = {}, y = {}, ulp = {} } end
  local file <close> = open_table(name)
  for line in file:lines() do
    local dtype, x, y, ulp = line:match "^np%.(%w+),(0x%x+),(0x%x+),(%d+)"
    if dtype then
      local to, of = rows[dtype], BITS[dtype]
      table.insert(to.x, from_bits(of, x))
      table.insert(to.y, from_bits(of, y))
      table.insert(to.ulp, tonumber(ulp))
    end
  end
  return rows
end

local function is_within(of, got, wanted, ulp)
  if got ~= got or wanted ~= wanted then
    return got ~= got and wanted ~= wanted
  end
  return math.abs(rank(of, got) - rank(of, wanted)) <= ulp
end

describe("NumPy's table", function()
  for name, op in pairs(OPS) do
    for dtype, of in pairs(BITS) do
      it(("of %s in %s holds"):format(name, dtype), function()
        local rows = read_table(name)[dtype]
        local got = op(nd.constant(rows.x, dtype)):totable()
        assert.is_true(#rows.x > 100)
        for i, wanted in ipairs(rows.y) do
          if not is_within(of, got[i], wanted, rows.ulp[i]) then
            error(("%s(%.17g) is %.17g, not %.17g"):format(name, rows.x[i],
              got[i], wanted))
          end
        end
      end)
    end
  end
end)
