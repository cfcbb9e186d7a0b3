--- Forms that values of files have.
local problem = require "nadir.form".problem

assert(_VERSION == "Lua 5.4")

local FORM <const> = {
  steps = { "integer" }, ["name?"] = "string", inner = { ["*"] = "number" },
  what = "any",
}

local function value(changes)
  local t = { steps = { 1, 2 }, inner = { a = 1, b = 2.5 }, what = false }
  for key, one in pairs(changes) do t[key] = one end
  return t
end

describe("a form", function()
  it("is that of what fits", function()
    assert.is_nil(problem(FORM, value {}, "it"))
    assert.is_nil(problem(FORM, value { name = "a", more = 3 }, "it"))
    assert.is_nil(problem("integer", 3, "it"))
  end)

  it("says where a value is another", function()
    for text, changed in pairs {
      ["it.steps is a number, not a table"] = { steps = 3 },
      ["it.steps[2] is a number, not of the type integer"] =
        { steps = { 1, 2.5 } },
      ["it.steps is no list"] = { steps = { a = 1 } },
      ["it.name is a number, not of the type string"] = { name = 3 },
      ["it.inner.a is a string, not of the type number"] =
        { inner = { a = "x" } },
      ["it.inner is a list"] = { inner = { 1 } },
    } do
      assert.equal(text, problem(FORM, value(changed), "it"))
    end
    local lacking = value {}
    lacking.what = nil
    assert.equal("it.what is missing",
      problem(FORM, lacking, "it"))
    assert.equal("it is a string, not a table", problem(FORM, "x", "it"))
  end)
end)
