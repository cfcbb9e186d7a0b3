--- The facts of tests/facts through Lua: the same values and messages by the
-- functions that scripts call.
package.path = "tests/lua/?.lua;" .. package.path
local facts = require "facts"

assert(_VERSION == "Lua 5.4")

describe("a fact", function()
  facts.each(function(fact, place)
    it("holds at " .. place, function() facts.check(fact) end)
  end)
end)

describe("what is false", function()
  for _, text in ipairs {
    "square 3 -> 8",
    "square [1 2] -> [1 4.00001]",
    "square [1 2] -> [[1 4]]",
    "square 3 -> int32 9",
    "sin 1 -> .8414711",
    "abs -0 -> -0",
    "int64: add 9007199254740992 1 -> 9007199254740992",
    "d square 3 -> 5",
    "d square 3 -> none",
    "d square 3 -> 6 | 6",
    "dd square 3 along 2 -> 2",
    "square 3 !! square: no",
    "reduce_sum [1] axis=0 !! reduce_sum: no",
  } do
    it("is seen in " .. text, function()
      assert.is_false(pcall(facts.check, facts.read(text)))
    end)
  end
end)
