--- What several specs claim or need: refusals, nearness, files and programs of
-- their own, the block of a tape, values that are closed.
local assert = require "luassert"
local nd = require "nadir"

local support = {}

--- The message of the error that f(...) ends with. It must begin with a line of
-- a spec, or of this file if it calls `f` itself, and comes without it.
function support.refusal(f, ...)
  local ok, err = pcall(f, ...)
  assert.is_false(ok)
  local message = tostring(err):match "^tests/lua/[%w_/]+%.lua:%d+: (.*)$"
  assert.is_truthy(message, err)
  return message
end

--- Asserts that f(...) ends with that message, at a line as above.
function support.refuses(message, f, ...)
  assert.equal(message, support.refusal(f, ...))
end

--- Numbers, nested tables, tensors and `false`, as nested tables of numbers.
function support.plain(x)
  if nd.is_tensor(x) or nd.is_variable(x) then
    return x:totable()
  elseif type(x) ~= "table" then
    return x
  end
  local copy = {}
  for key, value in pairs(x) do
    copy[key] = support.plain(value)
  end
  return copy
end

local function is_near(want, got, tolerance)
  if type(want) ~= "table" then
    return want == got or type(want) == "number" and type(got) == "number"
      and math.abs(want - got) <= tolerance
  end
  local near = type(got) == "table" and #want == #got
  for key, value in pairs(want) do
    near = near and is_near(value, got[key], tolerance)
  end
  return near
end

--- Asserts that each number in `got` is within the tolerance, 1e-6 if none is
-- given, of that in `want`; both may be nested.
function support.near(want, got, tolerance)
  got = support.plain(got)
  if not is_near(want, got, tolerance or 1e-6) then
    assert.same(want, got)
  end
end

--- Calls use(path, ...) with the path of a file that holds the text and does
-- not outlive the call; gives what `use` gives.
function support.with_file(text, use, ...)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  local results = table.pack(pcall(use, path, ...))
  os.remove(path)
  assert(table.unpack(results, 1, results.n))
  return table.unpack(results, 2, results.n)
end

--- What a text writes and warns of, in a process of its own: a script cannot
-- see warnings. The text is a file called "script".
function support.output(text)
  return support.with_file(text, function(path)
    local program = os.getenv "NADIR" or "build/nadir"
    local pipe = assert(io.popen(("%s %s 2>&1"):format(program, path)))
    local output = pipe:read "a"
    pipe:close()
    return (output:gsub("[^ \n]*: warning: ", ""):gsub("[^ ]*lua_%w+:",
      "script:"))
  end)
end

--- Calls f(tape, ...) while a tape records; gives the tape and what f gives.
function support.recorded(options, f, ...)
  local tape <close> = nd.GradientTape(options)
  return tape, f(tape, ...)
end

--- The accumulator, after f(...) ran in its block, and what f gave.
function support.carried(primals, tangents, f, ...)
  local acc = nd.autodiff.ForwardAccumulator(primals, tangents)
  return acc, assert(nd.load([[
    local acc, f = ...
    with acc do return f(select(3, ...)) end
  ]], "=tests/lua/support.lua"))(acc, f, ...)
end

--- A value that writes its name and the error into `log` when it is closed.
function support.manager(log, name, enter)
  local function close(self, err)
    log[#log + 1] = self.name .. (err and ": " .. tostring(err) or "")
  end
  return setmetatable({ name = name }, { __close = close, __enter = enter })
end

return support
