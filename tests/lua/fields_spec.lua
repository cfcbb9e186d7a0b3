--- Ops as fields and methods: made when they are asked for, which a script
-- cannot tell from their being there. Each text has a process of its own.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local output = require "support".output

assert(_VERSION == "Lua 5.4")

-- What a text prints, which has `nd` and `asked`, whether there is a name.
local function said(text)
  return output([[local nd = require "nadir"
    local function asked(t, name)
      return pcall(function() return t[name] end)
    end
    ]] .. text)
end

describe("an op", function()
  it("is made when it is asked for", function()
    assert.equal("nil\n1.0\nfunction\n", said [[
      print(rawget(nd, "cos"))
      print(nd.cos(0.):item())
      print(type(rawget(nd, "cos")))]])
  end)

  it("is one function wherever it is found", function()
    assert.equal("true\ttrue\ttrue\n", said [[
      local x, v = nd.ones { 2 }, nd.Variable(1.)
      local tanh = v.tanh
      print(tanh == x.tanh, tanh == nd.tanh, tanh == nd.nn.tanh)]])
  end)

  it("is in nd.math too, unless it is in a module alone", function()
    assert.equal("true\ttrue\tfalse\n", said [[
      print(nd.math.cos == nd.cos, nd.math.tanh == nd.nn.tanh,
        (asked(nd.math, "truncated_normal")))]])
  end)

  it("is gone when a script removes it, made or not", function()
    assert.equal("false\tfalse\n1.0\n1.0\n", said [[
      local cos = nd.cos
      nd.cos = nil
      nd.sin = nil
      print((asked(nd, "cos")), (asked(nd, "sin")))
      print(nd.constant(0.):cos():item())
      nd.cos = cos
      print(nd.cos(0.):item())]])
  end)

  it("is what a script made of it", function()
    assert.equal("mine\tmine\tmine\tmine\n", said [[
      nd.cos = "mine"
      rawset(nd, "sin", "mine")
      local all = {}
      for name, value in pairs(nd) do all[name] = value end
      print(nd.cos, nd.sin, all.cos, all.sin)]])
  end)

  it("is where it belongs only", function()
    assert.equal("false\tfalse\tfalse\tfalse\n", said [[
      print((asked(nd, "truncated_normal")), (asked(nd.nn, "cos")),
        (asked(nd.zeros(1), "zeros")), (asked(nd, "cos\0")))]])
  end)
end)

describe("pairs", function()
  it("gives every op, in the order of letters", function()
    local text = said [[
      nd[1] = 1
      local last
      for name, value in pairs(nd) do
        assert(last == nil or name == 1 or last < name)
        assert(rawequal(value, rawget(nd, name)))
        last = name
      end
      print(last)
      local seen = {}
      for name in pairs(nd) do seen[name] = true end
      for _, op in ipairs(nd.ops()) do
        for name in pairs(op.module and nd[op.module] or {}) do
          seen[name] = true
        end
        if not seen[op.name] then print(op.name) end
      end]]
    assert.equal("1\n", text)
  end)

  it("goes on when what it gives is removed", function()
    assert.equal("nil\tnil\n", said [[
      for name in pairs(nd.nn) do nd.nn[name] = nil end
      print((next(nd.nn)), (pairs(nd.nn)()))]])
  end)
end)

describe("a new name in nd", function()
  it("is what it was set to, and no other", function()
    nd.twice = function(x) return x + x end
    assert.equal(4, nd.twice(2))
    nd.twice = nil
    assert.is_false(pcall(function() return nd.twice end))
  end)
end)
