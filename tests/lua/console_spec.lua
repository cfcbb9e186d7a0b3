--- Consoles: text in, functions out, and locals that stay.
package.path = "tests/lua/?.lua;" .. package.path
local console = require "nadir.console"
local manager = require "support".manager

assert(_VERSION == "Lua 5.4")

local session

-- Feeds lines, the last of which must end a text, and runs it.
local function run(text)
  local state, f
  for line in (text .. "\n"):gmatch "([^\n]*)\n" do
    state, f = session:feed(line)
  end
  assert.equal("ready", state, f)
  return f()
end

-- Feeds several lines at once, as a paste does.
local function paste(text)
  local state, f = session:feed(text)
  assert.equal("ready", state, f)
  return f()
end

local function fails(text)
  local ok, err = pcall(run, text)
  assert.is_false(ok)
  return err
end

local function refused(text)
  local state, message = session:feed(text)
  assert.equal("failed", state)
  return message
end

before_each(function()
  session = console.new()
end)

describe("a console", function()
  it("answers more until a text is whole", function()
    assert.equal("more", session:feed "for i = 1, 2 do")
    assert.equal("more", session:feed "x = i")
    assert.equal("ready", (session:feed "end"))
    assert.equal("for i = 1, 2 do\nx = i\nend", session.text)
  end)

  it("takes expressions, with or without =", function()
    assert.equal(3, run "1 + 2")
    assert.equal(2, run "=1+1")
    assert.equal(5, run "2 +\n3")
    assert.same({ 1, nil, 3 }, { run "1, nil, 3" })
    assert.equal(0, select("#", run ""))
    assert.equal(0, select("#", run "-- a comment"))
  end)

  it("says what Lua says of a text that is wrong", function()
    assert.equal("stdin:1: unexpected symbol near ')'", refused ")")
    assert.equal("more", session:feed "x =")
    assert.same({ "failed", "stdin:1: unexpected symbol near <eof>" },
      { session:finish() })
    assert.equal(1, run "1")
  end)

  it("finds a mistake at its line, in a short text", function()
    assert.equal("more", session:feed "do")
    assert.equal("stdin:2: syntax error near 'b'", refused "a b")
  end)

  it("forgets lines when it is asked to, and gives them back", function()
    session:feed "do"
    session:feed "x()"
    assert.equal("do\nx()", session:forget())
    assert.equal(1, run "1")
  end)

  it("compiles a long text a few times only", function()
    local count, try = 0, session.try
    session.try = function(...)
      count = count + 1
      return try(...)
    end
    assert.equal("more", session:feed "function f(x)")
    for i = 1, 5000 do
      assert.equal("more", session:feed("x = x + " .. i))
    end
    session:feed "return x"
    assert.equal("ready", (session:feed "end"))
    assert.is_true(count < 100)
  end)

  it("refuses what is no text", function()
    local ok, err = pcall(session.feed, session, 1)
    assert.is_false(ok)
    assert.truthy(err:find("console: text must be a string, got number", 1,
      true))
  end)

  it("is no tail call for what is returned", function()
    local err = fails 'return require "nadir".help "nope"'
    assert.equal("stdin:1: help: no such name: 'nope'", err)
  end)
end)

describe("a local of the outer block", function()
  it("stays for the texts that follow", function()
    run "local x = 1"
    run "x = x + 1"
    assert.equal(2, run "x")
    assert.is_nil(rawget(_G, "x"))
  end)

  it("is shared with the closures that see it", function()
    run "local x = 1"
    run "local function next_x() x = x + 1 return x end"
    assert.equal(2, run "next_x()")
    run "x = 10"
    assert.equal(11, run "next_x()")
    assert.equal(11, run "x")
  end)

  it("is a new variable each time, and closures keep theirs", function()
    run "local x = 1"
    run "local function old() return x end"
    run "local x = x + 1"
    assert.same({ 1, 2 }, { run "old(), x" })
  end)

  it("can be declared in any way", function()
    run "local a, b, c = 1, 2"
    run "local function f(n) return n < 2 and 1 or n * f(n - 1) end"
    run "local d, d = 3, 4"
    run "local e <const>, g = 5, 6"
    run "local nothing"
    assert.same({ 1, 2, nil, 120, 4, 5, 6 }, { run "a, b, c, f(5), d, e, g" })
    assert.is_nil(run "nothing")
  end)

  it("stays const", function()
    run "local x <const>, y <const> = 1, {}"
    assert.equal("stdin:1: attempt to assign to const variable 'x'",
      refused "x = 2")
    assert.equal("stdin:1: attempt to assign to const variable 'y'",
      refused "y = 2")
    assert.equal("stdin:2: attempt to assign to const variable 'x'",
      refused "local z = 1\nfunction f() x = 2 end")
    run "local x = 2"
    run "x = 3"
    assert.equal(3, run "x")
  end)

  it("survives an error that follows it", function()
    assert.equal("stdin:1: oh", fails "local a, b = 1, 2 error 'oh'")
    assert.same({ 1, 2 }, { run "a, b" })
    assert.equal("stdin:1: oh", fails "local c = 3; local d = error 'oh'")
    assert.same({ 3, nil }, { run "c, d" })
  end)

  it("is none of inner blocks, and neither are labels", function()
    paste [[
      do local inner = 1 end
      for i = 1, 1 do local inner = 1 end
      local function f(inner) local more = 1 return inner end
      ::here::]]
    assert.is_nil(run "inner")
    assert.is_nil(run "more")
    assert.is_nil(run "i")
    assert.truthy(refused("goto here"):find("no visible label 'here'", 1, true))
  end)

  it("may be the environment", function()
    run "local _ENV = { x = 5, error = error }"
    assert.equal(5, run "x")
    run "y = 6"
    assert.is_nil(rawget(_G, "y"))
    assert.equal(6, run "_ENV.y")
  end)

  it("is there in any number", function()
    for i = 1, 600 do
      run(("local v%d = %d"):format(i, i))
    end
    local names = {}
    for i = 1, 250 do
      names[i] = "v" .. 2 * i
    end
    assert.equal(250 * 251, run(table.concat(names, " + ")))
    for i = 1, 10 do
      names[#names + 1] = "v" .. 2 * i + 1
    end
    assert.truthy(refused(table.concat(names, "+"))
      :find("too many upvalues", 1, true))
  end)

  it("may be one of 200 in a text", function()
    local lines = {}
    for i = 1, 200 do
      lines[i] = ("local v%d = %d -- comment"):format(i, i)
    end
    paste(table.concat(lines, "\n"))
    assert.equal(201, run "v1 + v200")
  end)

  it("is found for completion, before the globals", function()
    run "local print, mine = 1, 2"
    local scope = session:scope()
    assert.equal(1, scope.print)
    assert.equal(2, scope.mine)
    assert.equal(type, scope.type)
  end)
end)

describe("a text with locals", function()
  it("is run as it stands", function()
    _G.seen = {}
    paste [[
local a = 1 -- a comment
local b = [=[
two]=]; (table.insert)(seen, a)
local c = function() return a
end
goto over
do
  ::back::
  seen[#seen + 1] = "back"
end
::over::
for i = 1, 2 do
  local d <const> = i
  if i == 2 then goto continue end
  seen[#seen + 1] = d
  ::continue::
end
seen[#seen + 1] = b]]
    assert.same({ 1, 1, "two" }, _G.seen)
    assert.equal(1, run "c()")
    _G.seen = nil
  end)

  it("keeps the lines of its errors", function()
    local _, err = pcall(paste, "local a = 1\n\nlocal b = 2 -- x\nerror 'here'")
    assert.equal("stdin:4: here", err)
    _, err = pcall(paste, "local a = 1\nlocal b = (nil)()\nlocal c = 3")
    assert.truthy(err:find("^stdin:2: "))
  end)

  it("returns what it returns", function()
    assert.same({ 1, 2 }, { paste "local a, b = 1, 2\nreturn a, b" })
  end)

  it("may repeat its declarations", function()
    paste("local n = 0\n::top::\nlocal last = n\nn = n + 1\n"
      .. "if n < 3 then goto top end")
    assert.same({ 3, 2 }, { run "n, last" })
  end)

  it("may use names that ours begin with", function()
    run "local _nd, _ndkeep, _ndstay = 1, 2, 3"
    assert.same({ 1, 2, 3 }, { run "return _nd, _ndkeep, _ndstay" })
  end)
end)

describe("a local to be closed", function()
  local log

  before_each(function()
    log = {}
    _G.new = function(name) return manager(log, name) end
  end)

  after_each(function()
    _G.new = nil
  end)

  it("is closed when its name is declared again", function()
    run "local x <close> = new 'first'"
    run "local y = x"
    assert.same({}, log)
    run "local x <close> = new 'second'"
    assert.same({ "first" }, log)
    run "local x = 1"
    assert.same({ "first", "second" }, log)
  end)

  it("is closed when the session ends, last one first", function()
    run "local x <close> = new 'x'"
    run "local y <close>, z = new 'y', 1"
    do
      local _ <close> = session
    end
    assert.same({ "y", "x" }, log)
    session:close()
    assert.same({ "y", "x" }, log)
  end)

  it("is closed though another one fails, and the error is raised", function()
    run "local x <close> = new 'x'"
    run [[local y <close> = setmetatable({}, { __close = function()
error("no", 0) end })]]
    local ok, err = pcall(session.close, session)
    assert.same({ false, "no" }, { ok, err })
    assert.same({ "x: no" }, log)
  end)

  it("is const, may be nil, and must be closable", function()
    run "local x <close> = new 'x'"
    assert.equal("stdin:1: attempt to assign to const variable 'x'",
      refused "x = 1")
    run "local y <close> = nil"
    run "local z <close> = false"
    local _, err = pcall(paste, "do end\nlocal w <close> = 5\nlocal v = 1")
    assert.equal("stdin:2: variable 'w' got a non-closable value", err)
    assert.is_nil(run "w")
  end)

  it("is closed at once in an inner block", function()
    run "do local x <close> = new 'x' end"
    assert.same({ "x" }, log)
  end)
end)

describe("the name in a with", function()
  local log

  before_each(function()
    log = {}
    _G.new = function(name) return manager(log, name) end
  end)

  after_each(function()
    _G.new = nil
  end)

  it("stays, and its block closes", function()
    run "with new 'm' as m do\nlocal inner = 1\nend"
    assert.same({ "m" }, log)
    assert.equal("table", type((run "m")))
    assert.is_nil(run "inner")
  end)

  it("stays after an error in the block", function()
    assert.equal("stdin:2: oh", fails "with new 'm' as m do\nerror 'oh'\nend")
    assert.same({ "m: stdin:2: oh" }, log)
    assert.equal("table", type((run "m")))
  end)

  it("stays in a list", function()
    run "with new 'a' as a, new 'b' as b do local c = a end"
    assert.same({ "b", "a" }, log)
    assert.equal("table", type((run "b")))
    assert.equal("nil", type((run "c")))
    assert.equal("table", type((run "a")))
  end)

  it("may stand beside locals in a text", function()
    paste "local x = 1\nwith new 'm' as m do\n  x = x + 1\nend\nlocal y = x"
    assert.same({ 2, 2 }, { run "x, y" })
    assert.equal("function", type((run
      "local f = function() with new 'f' do return x end end return f")))
    assert.equal(2, run "f()")
    assert.same({ "m", "f" }, log)
  end)
end)
