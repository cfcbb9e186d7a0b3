--- Programs in docs/: what they print is what stands there.
package.path = "tests/lua/?.lua;" .. package.path
local output = require "support".output

assert(_VERSION == "Lua 5.4")

describe("docs/coming-from-keras.md", function()
  it("has a program that prints what it says", function()
    local file <close> = assert(io.open "docs/coming-from-keras.md")
    local text = file:read "a"
    local program = text:match "\n```lua\n(.-)```\n"
    local want = text:match "\n```text\n(.-)```\n"
    assert.equal(want, output(program))
  end)
end)
