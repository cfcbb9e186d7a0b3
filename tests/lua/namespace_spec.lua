--- Fields of nd that are modules of ours: opened when they are asked for, and
-- seen before.
local nd = require "nadir"

assert(_VERSION == "Lua 5.4")

-- Modules of ours by the table and the name that scripts reach them by.
local function modules_of(t)
  return getmetatable(t).__properties
end

local function keys(t)
  local set = {}
  for key in pairs(t) do
    set[key] = true
  end
  return set
end

describe("a module of ours", function()
  it("is a field of nd where its first line says so", function()
    assert.equal("nadir.layers.dense", modules_of(nd.layers).Dense)
    for _, t in ipairs { nd, nd.layers } do
      for name, module in pairs(modules_of(t)) do
        local value = require(module)
        local family = type(value) == "table" and getmetatable(value) == nil
          and value[name]
        assert.is_true(rawequal(family or value, t[name]), name)
      end
    end
  end)

  it("is no field where it says nothing", function()
    assert.is_nil(rawget(nd, "fail"))
    assert.is_false(pcall(function() return nd.fail end))
  end)

  it("is among the pairs of its table", function()
    for _, t in ipairs { nd, nd.layers } do
      for name in pairs(modules_of(t)) do
        assert.is_true(keys(t)[name], name)
      end
    end
  end)
end)
