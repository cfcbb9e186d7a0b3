--- The translator of `with`: what it leaves alone, what it writes, what it says
-- about mistakes. What the statement does when it runs is in tests/lang.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local syntax = require "nadir.syntax"
local support = require "support"
local manager, with_file = support.manager, support.with_file

assert(_VERSION == "Lua 5.4")

local function lower(text)
  return (syntax.translate(text))
end

-- Runs a text where M(name, enter) makes a manager. Returns what was closed,
-- in order, and then what the text returned or raised.
local function run_logged(text, ...)
  local log = {}
  local env = setmetatable({
    M = function(...) return manager(log, ...) end,
    log = log,
  }, { __index = _G })
  local chunk = assert(nd.load(text, "=script", "t", env))
  return log, select(2, pcall(chunk, ...))
end

local function message(text)
  local chunk, err = nd.load(text, "=f")
  assert.is_nil(chunk)
  return err
end

-- A byte order mark and '#' lines belong to files, not to what `load` takes.
local function compiles(text)
  return load((text:gsub("^\xEF\xBB\xBF", ""):gsub("^#[^\n]*", "")))
end

-- Valid Lua 5.4, separated by empty lines.
local PLAIN = [=====[
with(x) do y() end

with = 1

with, as = as, with

with.x()

with:m()

with'x'

with"x" do end

with{} do end

with[[x]] do end

with[=[x]=] do end

with[x] = 1

with[ [[x]] ] = 1

with.x, y = 1, 2

with(a).x, y = 1, 2

with(a).b.c(d).e = 1

with(a)(b):c"d".e{} do end

with(function() with(x) do end end) do end

with
(x) -- do
do --[[ as ]] end

with(a) as = 1

with(a) as, b = 1, 2

with(a) as(1)

with(a) as.x, as[1] = 1, 2

with(a) as:x() as"x" as'x' as{} as[[x]]

with(a) as --[[ x do ]] = 1

with(a);(b)() with(...)

with(a) ::as:: goto as

goto with ::with:: with()

for with in as do with() end for as = 1, with do as() end

for as, with in with do end

function with() end function with.with.as:with() end

local function with(with, as, ...) return with end

local with <const>, as <close> = 1, nil

local with local as with() as()

t.with = 1 t:with() t.with.as() with.with = with

x = with y = 2

x = with with(y)

x = a.with with(y)

x = with with = 3

x = y with(z)

x = y with'z'

x = y with.z = 1

x = with as = with == as

x = 3 with() x = 0x1p4 with() x = nil with() x = ... with()

x = a and with or not with x = #with x = -with x = ~with

x = {with, as; with = 1, as = 2, [with] = as, with(), [ [[with]] ] = 1}

x = {[[with a as b do]], [=[with a do]=]}

x = function() with() end x = function(with, as) with(as) end

f(with)(as) f{with}:with"as"

if with then with() elseif as then as() else with = 1 end

while with do with() break end repeat local with until with

do return with end

return with, as;

return function() with() end

-- with a as b do

--[[ with a as b do ]] x = 1 --[==[
with a as b do ]] ]==] y = 2

x = "with a as b do" y = 'with a do\'' z = "\"with a do"

x = "\
with a as b do" y = '\z
  with a do' z = [[
with a as b do]]

within = 1 with_as = 2 aswith() _with() with1() x = 1 ..with
]=====]

describe("the translator leaves alone", function()
  it("whatever is valid Lua", function()
    local count = 0
    for text in (PLAIN .. "\n"):gmatch "(.-\n)\n%f[^\n]" do
      assert(load(text), text)
      assert.equal(text, lower(text))
      count = count + 1
    end
    assert.is_true(count > 50)
  end)

  it("line ends and white space of every kind", function()
    for _, text in ipairs {
      "with(x)\r\ndo end\r\n", "\f\vwith\t(x)\n\rdo end\r",
      "x = '\\\r\nwith a do'",
    } do
      assert(load(text))
      assert.equal(text, lower(text))
    end
  end)

  it("every Lua file of this machine", function()
    local paths <close> =
      assert(io.popen "find . /usr/share/lua /usr/share/doc -name '*.lua' 2>&1")
    for path in paths:lines() do
      local file <close> = io.open(path, "rb")
      local text = file and file:read "a"
      if text and compiles(text) then
        assert.equal(text, lower(text), path)
      end
    end
  end)

  it("precompiled chunks", function()
    local binary = string.dump(function() return "with a do end" end)
    assert.equal("with a do end", nd.load(binary)())
  end)

  it("texts in which every name is `with`", function()
    local text = "local with = with; with.with[with], with = #with.with, "
      .. "function(...) with:with(...) with{with}(with) return with end with() "
    assert(load(text))
    assert.equal(text, lower(text))
  end)
end)

describe("the translator writes", function()
  local head = 'local _nd <const> = require("nadir.with"); '

  it("a name as a local of the enclosing block", function()
    assert.equal(head
      .. "local x = f() do local _nd_name, _nd_close <close> = _nd.open(x) "
      .. "x = _nd_name; g(x) end", lower "with f() as x do g(x) end")
  end)

  it("no local of the enclosing block without a name", function()
    assert.equal(head
      .. "do local _nd_name, _nd_close <close> = _nd.open( f() ); g() end",
      lower "with f() do g() end")
  end)

  it("all tokens on the lines where they were", function()
    local text = "-- one\nwith\n  f {\n  1,\n}\nas\n  x,\n  -- two\n  g()\n"
      .. "as\n  y do\n  h()\nend\ni()\n"
    local lowered = lower(text)
    local wanted = lowered:gmatch "[^\n]*"
    for line in text:gmatch "[^\n]*" do
      local there = wanted()
      for token in line:gmatch "[%w{}(),]+" do
        local ours = token == "with" or token == "as" or token == "do"
        assert.is_true(ours or there:find(token:gsub(",", ""), 1, true) ~= nil)
      end
    end
    assert.is_nil(wanted())
  end)

  it("names that the text does not have", function()
    local text = "with M 'a' as _nd do local _nd_name = _nd.name\n"
      .. "with M 'b' as _nd__x do return _nd_name .. _nd__x.name end end"
    local log, result = run_logged(text)
    assert.equal("ab", result)
    assert.same({ "b", "a" }, log)
  end)

  it("its local behind a byte order mark and a '#' line", function()
    local start = "\xEF\xBB\xBF#!nadir\n"
    local lowered = lower(start .. "with f() do end")
    assert.equal(start .. head, lowered:sub(1, #start + #head))
  end)

  it("plain Lua that comes through a second time", function()
    local lowered = lower "with a as b, c as d, e do f() end"
    assert.equal(lowered, lower(lowered))
  end)
end)

describe("a with statement", function()
  it("takes any expression", function()
    local m = manager({}, "m")
    local function f() return m end
    local env = { m = m, f = f, o = { p = { q = f } } }
    for _, header in ipairs {
      "m", "f()", "o.p.q()", "o.p:q()", "o['p'].q()", "f'x'", "f{}", "f[[x]]",
      "(m) as x", "(f)() as x", "(nil or f()) as x", "(m), m", "(nil) or m",
      "(o).p.q() as x", "({m})[1]", "({m = m}).m", "(m) as as", "m as with",
      "nil or f()", "true and m", "not 1 or m", "-1 and m", "#'' and m",
      "~0 and m", "0x10 and m", ".5 and m", "...", "... or m", "'' and m",
      "function() end and m", "{} and m", "[[]] and m", "--[[x]] m --\n",
      "m as --[[x]] x", "'x' and m as x", "f() as a, o.p and a as b",
    } do
      local text = "with " .. header .. " do return 'entered' end"
      local chunk, err = nd.load(text, "=f", "t", env)
      assert(chunk, (err or "") .. ": " .. text)
    end
  end)
end)

describe("a value that cannot be closed", function()
  it("is told by its type, or its type's name, at the script's line", function()
    local why = "value; a manager needs a __close metamethod"
    local _, err = run_logged "\nwith 1 do end"
    assert.equal("script:2: with: cannot close a number " .. why, err)
    _, err = run_logged "with setmetatable({}, { __name = 'Box' }) as x do end"
    assert.equal("script:1: with: cannot close a Box " .. why, err)
    _, err = run_logged "with M 'a' as x,\n  nil as y do end"
    assert.equal("script:2: with: cannot close a nil " .. why, err)
  end)
end)

describe("a syntax error", function()
  local function says(wanted, text)
    assert.equal(wanted, message(text))
    local lowered, explain = syntax.translate(text)
    local chunk, err = load(lowered, "=f")
    assert.is_nil(chunk)
    assert.equal(wanted, explain and explain(err) or err)
  end

  it("in the header is told in Lua's words", function()
    says("f:2: 'do' expected near 'x'", "with a\nx = 1")
    says("f:1: 'do' expected near 'x'", "with a as b x = 1")
    says("f:1: 'do' expected near 'and'", "with a as b and c do end")
    says("f:2: 'do' expected near 'e'", "with a as b, c as d\ne do end")
    says("f:1: 'do' expected near <eof>", "with (a) as b")
    says("f:1: <name> expected near 'do'", "with a as do end")
    says("f:1: <name> expected near '5'", "with (a) as 5 do end")
    says("f:1: unexpected symbol near 'do'", "with do end")
    says("f:1: unexpected symbol near ')'", "with ) do end")
    says("f:3: unexpected symbol near 'do'", "with a as b,\n\ndo end")
    says("f:1: unexpected symbol near <eof>", "with")
    says("f:1: unfinished string near ''a'", "with 'a\n' as b do end")
  end)

  it("in the block leaves the statements before it translated", function()
    says("f:3: unexpected symbol near '='",
      "with a as b, c do\nwith d do end\nx = = 1\nend")
    says("f:1: 'end' expected near 'x'", "with a do return 1 x() end")
    says("f:1: <eof> expected near 'end'", "with a do end return end end")
  end)

  it("for a missing end names the with", function()
    local eof = " near <eof>"
    says("f:3: 'end' expected (to close 'with' at line 1)" .. eof,
      "with\na as b do\n")
    says("f:4: 'end' expected (to close 'with' at line 3)" .. eof,
      "with a do end\ndo\nwith a do\nx()")
    says("f:3: 'end' expected (to close 'do' at line 2)" .. eof,
      "with a do\ndo\n")
    says("f:2: 'end' expected (to close 'with' at line 1) near 'else'",
      "if x then with a do\nelse end")
    says("f:1: 'end' expected" .. eof, "with a do")
  end)

  it("that is Lua's is told as Lua tells it", function()
    for _, text in ipairs {
      "with = ", "with(", "with(a) do", "with.x", "x = 3with a do end",
      "with = with as", "goto with", "return with 1", "local with as",
      "x = \"with\n", "--[[ with", "x = [[ with", "with == 1", "with:x",
    } do
      local _, err = load(text, "=f")
      assert.equal(err, message(text))
    end
  end)

  it("at a jump names the user's local", function()
    assert.equal("f:1: <goto l> at line 1 jumps into the scope of local 'x'",
      message "goto l with a as x do end ::l:: f()")
  end)
end)

describe("nesting", function()
  local function first_line(text)
    return text and text:match "^[^\n]*"
  end

  it("is limited by Lua alone", function()
    for _, pair in ipairs {
      { "(", ")" }, { "{", "}" }, { "f(", ")" }, { "a[", "]" }, { "-", "" },
      { "1 + ", "" }, { "a .. ", "" }, { "function() return ", " end" },
    } do
      for _, depth in ipairs { 150, 1000, 20000 } do
        local open, close = pair[1]:rep(depth), pair[2]:rep(depth)
        local text = "return " .. open .. "1" .. close
        local plain, err = load("do end " .. text, "=f")
        local chunk, ours = nd.load("with a do end " .. text, "=f")
        assert.equal(plain == nil, chunk == nil)
        assert.equal(first_line(err), first_line(ours))
      end
    end
  end)

  it("of with statements goes as deep as Lua's blocks", function()
    local depth = 60
    local log = run_logged(("with M(#log) do "):rep(depth)
      .. ("end "):rep(depth))
    assert.equal(depth, #log)
    local text = ("with a do "):rep(50000)
    assert.is_truthy(message(text))
  end)

  it("leaves 197 locals to a function with a with", function()
    local function text(count)
      return ("local x "):rep(count) .. "with a do end"
    end
    assert(nd.load(text(197)))
    assert.matches("too many local variables", message(text(198)))
  end)

  it("leaves 254 upvalues to a function with a with", function()
    local function text(count)
      local names = {}
      for i = 1, count do
        names[i] = "x" .. i
      end
      return "local " .. table.concat(names, ", ", 1, 190)
        .. " function outer() local " .. table.concat(names, ", ", 191)
        .. " return function() with x1 do return "
        .. table.concat(names, " or ") .. " end end end"
    end
    assert(nd.load(text(254)))
    assert.matches("too many upvalues", message(text(255)))
  end)
end)

describe("load", function()
  local text = "with m do return ..., x end"

  it("takes a text, a name, a mode and an environment", function()
    local env = { m = manager({}, "m"), x = 2 }
    assert.same({ 1, 2 }, { nd.load(text, "=f", "t", env)(1) })
    local _, err = nd.load(text, "=f", "b")
    assert.equal("attempt to load a text chunk (mode is 'b')", err)
  end)

  it("needs nothing of the environment", function()
    local log = {}
    local chunk = nd.load("with ... as x do y = x end", "=f", "t", log)
    local x = manager(log, "x")
    chunk(x)
    assert.same({ "x", y = x }, log)
    chunk = nd.load("return with, ...", "=f", "t", { with = 1 })
    assert.same({ 1, 2 }, { chunk(2) })
  end)

  it("makes a main chunk where `require` is at hand", function()
    local chunk = nd.load("with ... do end\nerror 'here'", "=f")
    assert.equal("main", debug.getinfo(chunk, "S").what)
    local _, err = pcall(chunk, manager({}, "x"))
    assert.equal("f:2: here", err)
  end)

  it("reads from a function, as Lua does", function()
    local function reader(...)
      local pieces, i = { ... }, 0
      return function()
        i = i + 1
        return pieces[i]
      end
    end
    local env = { m = manager({}, "m"), x = 2 }
    local chunk = nd.load(reader("wi", "th m do return", " x end", "", "="),
      nil, nil, env)
    assert.equal(2, chunk())
    local _, err = nd.load(reader "with a")
    assert.equal("[string \"=(load)\"]:1: 'do' expected near <eof>",
      (err:gsub("^%(load%)", '[string "=(load)"]')))
    _, err = nd.load(reader({}))
    assert.equal("reader function must return a string", err)
    _, err = nd.load(function() error("no more", 0) end)
    assert.equal("no more", err)
  end)

  it("names a chunk by its text", function()
    assert.equal("[string \"with a\"]:1: 'do' expected near <eof>",
      select(2, nd.load "with a"))
  end)

  it("raises what Lua raises for a bad argument", function()
    assert.has_error(function() nd.load(nil) end)
    assert.has_error(function() nd.load({}) end)
  end)
end)

describe("loadfile", function()
  it("skips a byte order mark and a first line with '#'", function()
    with_file("\xEF\xBB\xBF#!nadir with a\nwith ... as x do\n  return x\nend",
      function(path)
        local x = manager({}, "x")
        assert.equal(x, assert(loadfile(path))(x))
      end)
    with_file("# with\n\nx = =", function(path)
      local _, err = loadfile(path)
      assert.equal(path .. ":3: unexpected symbol near '='", err)
    end)
  end)

  it("takes a mode and an environment, and precompiled chunks", function()
    with_file("with m do return x end", function(path)
      local env = { m = manager({}, "m"), x = 2 }
      assert.equal(2, loadfile(path, "t", env)())
      assert.is_nil(loadfile(path, "b"))
    end)
    with_file(string.dump(function() return "with" end), function(path)
      assert.equal("with", loadfile(path)())
    end)
  end)
end)

describe("require", function()
  local path = package.path

  after_each(function()
    package.path = path
  end)

  -- Calls `use` with the name and the path of a module that has the text.
  local function with_module(text, use)
    with_file(text, function(file)
      local dir, name = file:match "^(.*/)([^/]*)$"
      package.path = dir .. "?"
      use(name, file)
      package.loaded[name] = nil
    end)
  end

  it("takes a module that has the statement", function()
    with_module("with io.tmpfile() as f do\n end return {io.type(f), ...}",
      function(name, file)
        local result, where = require(name)
        assert.same({ "closed file", name, file }, result)
        assert.equal(file, where)
      end)
  end)

  it("says where it looked, as Lua does", function()
    package.path = "./?.x;./?.y"
    local _, err = pcall(require, "a.b")
    assert.matches("no file './a/b.x'\n\tno file './a/b.y'", err, 1, true)
  end)

  it("raises a syntax error as Lua does", function()
    with_module("\nwith a", function(name, file)
      local ok, err = pcall(require, name)
      assert.is_false(ok)
      assert.equal(("error loading module '%s' from file '%s':\n\t%s:2: "
        .. "'do' expected near <eof>"):format(name, file, file), err)
    end)
  end)
end)
