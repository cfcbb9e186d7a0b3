--- Assertions of ranks and shapes.
local report = require "nadir.debugging.report"

local shapes = {}

local X = { "x", "nested", doc = "a tensor, or what becomes one" }

-- An assertion that holds(rank of x, wanted) is true; `how` begins what the
-- rank must be.
local function check_rank(name, how, parameter, holds)
  shapes[name] = report.callable(name, {
    doc = ("raises unless the rank of x is %s%s"):format(how, parameter[1]),
    X, parameter,
  }, function(values, fail)
    local x, wanted = report.tensor(values.x), values[parameter[1]]
    if not holds(#x.shape, wanted) then
      fail("rank must be %s%s, x is %s", how, type(wanted) == "table"
        and table.concat(wanted, " or ") or wanted, report.typed(x))
    end
  end)
end

local RANK = { "rank", "integer", doc = "a number of axes" }

check_rank("assert_rank", "", RANK, function(n, rank) return n == rank end)
check_rank("assert_rank_at_least", "at least ", RANK, function(n, rank)
  return n >= rank
end)
check_rank("assert_rank_in", "", { "ranks", "shape",
  doc = "a list of such" }, function(n, ranks)
  for _, rank in ipairs(ranks) do
    if n == rank then
      return true
    end
  end
  return false
end)

shapes.assert_scalar = report.callable("assert_scalar", {
  doc = "raises unless x has rank 0; gives x", X,
}, function(values, fail)
  local x = report.tensor(values.x)
  if #x.shape > 0 then
    fail("x must be a scalar, is %s", report.typed(x))
  end
  return values.x
end)

-- ------------------------------------------------------------------ shapes --

-- Whether `size` is what `want` says: a size, a name that stands for the same
-- size everywhere, or any.
local function fits(size, want, named)
  if want == false or want == "*" then
    return true
  elseif type(want) == "string" then
    named[want] = named[want] or size
    return named[want] == size
  end
  return size == want
end

-- Whether a shape is as a list says, in which "..." at one end stands for any
-- number of axes.
local function matches(shape, want, named)
  local n, first, last = #shape, 1, #want
  local skip = 0
  if want[1] == "..." then
    first, skip = 2, n - (last - 1)
  elseif want[last] == "..." then
    last = last - 1
  end
  local open = #want > last or first > 1
  local axes = last - first + 1
  if n < axes or not open and n ~= axes then
    return false
  end
  for i = first, last do
    if not fits(shape[skip + i - first + 1], want[i], named) then
      return false
    end
  end
  return true
end

-- A wanted shape as text, with the sizes that names stand for.
local function show(want, named)
  local words = {}
  for i, word in ipairs(want) do
    words[i] = named[word] and ("%s = %d"):format(word, named[word])
      or tostring(word or "*")
  end
  return "[" .. table.concat(words, " ") .. "]"
end

shapes.assert_shapes = report.callable("assert_shapes", {
  doc = "raises unless each tensor of a list has the shape beside it",
  { "shapes", "nested", doc = "a list of { x, shape }; a shape has sizes, "
    .. "names of sizes, '*' for any, and '...' first or last for any number" },
}, function(values, fail)
  local named = {}
  for i, pair in ipairs(values.shapes) do
    local x, want = report.tensor(pair[1]), pair[2]
    want = type(want) == "table" and want or { want }
    if not matches(x.shape, want, named) then
      fail("shape %d must be %s, is %s", i, show(want, named), x.shape)
    end
  end
end)

return shapes
