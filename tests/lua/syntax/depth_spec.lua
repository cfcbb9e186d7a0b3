--- Whether a text that comes line by line has something open.
local depth = require "nadir.syntax.depth"

assert(_VERSION == "Lua 5.4")

local function is_open(text)
  local scanner = depth.new()
  for line in (text .. "\n"):gmatch "([^\n]*)\n" do
    scanner:add(line)
  end
  return scanner:is_open()
end

describe("depth", function()
  it("is open inside blocks and brackets", function()
    for _, text in ipairs {
      "do", "if x then", "if x then y() elseif z then", "for i = 1, 2 do",
      "while x do", "repeat", "function f()", "local f = function(x)",
      "with x as y do", "f(", "f(1, {", "x[", "do do end", "repeat do end",
    } do
      assert.is_true(is_open(text), text)
    end
  end)

  it("is closed where all of them are", function()
    for _, text in ipairs {
      "", "x = 1", "do end", "if x then y() else z() end", "repeat until x",
      "for i = 1, 2 do print(i) end", "f({ [1] = 2 })", "x = (a - b)",
      "doing = ending", "with x do\nend", "x = 0xend1",
    } do
      assert.is_false(is_open(text), text)
    end
  end)

  it("reads over what strings and comments hold", function()
    for _, text in ipairs {
      "x = 'do'", 'x = "(" -- {', "--[[ do\n do ]]", "x = [==[ ( ]] ]==]",
      "x = 'it\\'s (' ", '-- "', "x = '\\\\'", "--[ do", "a = b --[=[ ]] ]=]",
    } do
      assert.is_false(is_open(text), text)
    end
    assert.is_true(is_open "f('do end', -- )")
  end)

  it("is open inside strings and comments of several lines", function()
    for _, text in ipairs {
      "x = [[", "x = [==[ ]] ]=]", "--[[", "x = 'a\\", "x = 'a\\z  ",
      "x = [[\n(]] .. f(",
    } do
      assert.is_true(is_open(text), text)
    end
    assert.is_false(is_open "x = 'a\\\nb'")
    assert.is_false(is_open "x = 'a\\z\n  b'")
  end)

  it("leaves to the compiler what is wrong", function()
    for _, text in ipairs { "end do", ") (", "x = 'no end\ndo" } do
      assert.is_false(is_open(text), text)
    end
  end)
end)
