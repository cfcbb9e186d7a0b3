--- Cases as text, one a line: an expression and the value it has, or the error
-- that it raises. In an expression `nd` is the module, `x` the int32 tensor
-- 1..6, `m` the same as two rows of three, and `f` is {0.5, 1, 2} in float32.
local nd = require "nadir"

local cases = {}

local function render(value)
  if type(value) == "table" then
    local parts = {}
    for i, element in ipairs(value) do
      parts[i] = render(element)
    end
    return "{" .. table.concat(parts, " ") .. "}"
  end
  return math.type(value) == "float" and ("%.6g"):format(value)
    or tostring(value)
end

--- The text that stands for a value: a tensor is its dtype and elements.
function cases.show(value)
  if nd.is_tensor(value) or nd.is_variable(value) then
    return value.dtype .. " " .. render(value:totable())
  end
  return render(value)
end

-- Runs the expression at line 2 of a chunk called "script".
local function evaluate(expression)
  local text = "local nd, x, m, f = ...\nlocal y = " .. expression
    .. "\nreturn y"
  local x = nd.range(1, 6)
  local chunk = assert(load(text, "=script"))
  return pcall(chunk, nd, x, nd.reshape(x, { 2, 3 }), nd.constant { .5, 1, 2 })
end

local function each(list, check)
  for line in list:gmatch("[^\n]+") do
    local expression, want = line:match("^%s*(.-)%s+%-%->%s(.*)$")
    if expression then
      check(expression, want)
    elseif line:find("%S") then
      error("not a case: " .. line, 3)
    end
  end
end

--- Asserts each line `expression --> value`.
function cases.give(list)
  each(list, function(expression, want)
    local ok, value = evaluate(expression)
    local got = ok and cases.show(value) or value
    assert(want == got, ("%s\n  wanted %s\n  got    %s"):format(expression,
      want, got))
  end)
end

--- Asserts each line `expression --> message`, raised at the script's line. The
-- module works on afterwards.
function cases.raise(list)
  each(list, function(expression, want)
    local ok, message = evaluate(expression)
    assert(not ok, expression .. "\n  raises nothing")
    assert("script:2: " .. want == message,
      ("%s\n  wanted script:2: %s\n  got    %s"):format(expression, want,
        tostring(message)))
    assert(nd.add(1, 2):item() == 3)
  end)
end

return cases
