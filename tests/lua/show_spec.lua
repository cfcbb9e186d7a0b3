--- Values as a console shows them.
local show = require "nadir.show"

assert(_VERSION == "Lua 5.4")

describe("a shown value", function()
  it("is the contents of a table, unless it has a text of its own", function()
    local own = setmetatable({}, { __tostring = function() return "own" end })
    local shown = table.pack(show.values({ 1, x = "y" }, own, 2, nil))
    assert.equal(4, shown.n)
    assert.equal('{ 1, x = "y" }', shown[1])
    assert.is_true(rawequal(own, shown[2]))
    assert.equal(2, shown[3])
    assert.is_nil(shown[4])
  end)

  it("is in one text with the others, a tab between them", function()
    assert.equal("1\tnil\t{}\tx", show.text(1, nil, {}, "x"))
    assert.equal("", show.text())
  end)
end)
