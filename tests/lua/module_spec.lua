--- nd.Module: objects that own Variables.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"

assert(_VERSION == "Lua 5.4")

local function names(variables)
  local list = {}
  for i, variable in ipairs(variables) do
    list[i] = variable.name
  end
  return table.concat(list, " ")
end

local function named(name, trainable)
  return nd.Variable(0., { name = name, trainable = trainable })
end

-- With Variables, lists, tables and modules within.
local function tree()
  local Part, Tree = nd.Module:extend "Part", nd.Module:extend "Tree"
  function Part:init(name)
    self.steps = named(name .. ".steps", false)
    self.w = named(name .. ".w")
  end
  function Tree:init()
    self.z = named "z"
    self.parts_of = { Part "one", Part "two" }
    self.a = named "a"
    self.by_name = { b = named "table.b", a = named "table.a" }
    self._hidden = named "hidden"
    self.again = self.a
    self.number = 3
  end
  return Tree()
end

describe("a module", function()
  it("has the Variables of its fields in the order they were set", function()
    assert.equal("z a table.a table.b one.w one.steps two.w two.steps",
      names(tree().variables))
  end)

  it("parts those that are trainable from others", function()
    assert.equal("z a table.a table.b one.w two.w",
      names(tree().trainable_variables))
    assert.equal("one.steps two.steps", names(tree().non_trainable_variables))
  end)

  it("says where each stands", function()
    local _, paths = tree():parts()
    assert.same({ "z", "parts_of/1", "parts_of/2", "a", "by_name/a",
                  "by_name/b" }, paths)
  end)

  it("sees what a list gets later, and what replaced a field", function()
    local it_ = tree()
    it_.parts_of[3] = named "late"
    it_.z = named "y"
    assert.equal("y late a table.a table.b one.w one.steps two.w two.steps",
      names(it_.variables))
  end)

  it("sees what stands behind a gap of a list", function()
    local it_ = tree()
    it_.parts_of[1] = nil
    assert.equal("z a table.a table.b two.w two.steps", names(it_.variables))
  end)

  it("has modules within, and does not lose itself in circles", function()
    local it_ = tree()
    it_.parts_of[1].parent = it_
    it_.by_name.again = it_.by_name
    assert.equal(2, #it_.submodules)
    assert.equal(it_.parts_of[2], it_.submodules[2])
    assert.equal(8, #it_.variables)
  end)

  it("takes no object of others for one of ours", function()
    local module = nd.Module:extend "Odd"()
    module.odd = setmetatable({}, { __classes = setmetatable({}, {
      __index = function() return true end,
    }) })
    module.own = nd.Variable(1)
    assert.equal(1, #module.variables)
  end)

  it("has a name of its own", function()
    for class, name in pairs { DeepNet2D = "deep_net2d", GRUCell = "gru_cell",
                               DeepNet2DTwice = "deep_net2d_twice" } do
      local Deep = nd.Module:extend(class)
      assert.equal(name, Deep().name)
      assert.equal(name .. "_1", Deep().name)
      assert.equal(('%s "%s_2"'):format(class, name), tostring(Deep()))
    end
  end)

  it("is the same in every process", function()
    local support = require "support"
    local text = [[
      local nd = require "nadir"
      local M = nd.Module:extend "M"
      function M:init()
        for _, key in ipairs { "q", "b", "xyz", "k", "a" } do
          self[key] = nd.Variable(1, { name = key })
        end
        self.t = { q = nd.Variable(1, { name = "tq" }),
                   c = nd.Variable(1, { name = "tc" }) }
      end
      for _, v in ipairs(M().variables) do io.write(v.name, " ") end]]
    for _ = 1, 10 do
      assert.equal("q b xyz k a tc tq ", support.output(text))
    end
  end)
end)
