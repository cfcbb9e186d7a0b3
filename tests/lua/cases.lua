--- Cases as text, one a line, `expression --> value` or `expression --> error`.
-- The arrow may begin the next line, and "..." a line that goes on. In an
-- expression `nd` is the module, `x` the int32 tensor 1..6, `m` the same as two
-- rows of three, and `f` is {0.5, 1, 2} in float32.
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

-- Calls check(expression, want) for each case of the text.
local function each_case(text, check)
  text = text:gsub("\n%s*%.%.%.", ""):gsub("\n(%s*%-%->)", "%1")
  for line in text:gmatch("[^\n]*%S") do
    local expression, want = line:match("^%s*(.-)%s+%-%-> (.*)$")
    assert(expression, "not a case: " .. line)
    check(expression, want)
  end
end

--- Asserts that each expression has the value that `show` writes so.
function cases.give(text)
  each_case(text, function(expression, want)
    local ok, value = evaluate(expression)
    local got = ok and cases.show(value) or value
    assert(want == got, ("%s\n  wanted %s\n  got    %s"):format(expression,
      want, got))
  end)
end

--- Asserts that each expression raises the message, at the script's line, and
-- that the module works on afterwards.
function cases.raise(text)
  each_case(text, function(expression, want)
    local ok, message = evaluate(expression)
    assert(not ok, expression .. "\n  raises nothing")
    assert("script:2: " .. want == message,
      ("%s\n  wanted script:2: %s\n  got    %s"):format(expression, want,
        tostring(message)))
    assert(nd.add(1, 2):item() == 3)
  end)
end

return cases
