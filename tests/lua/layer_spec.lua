--- Classes of layers, made from a name and a signature.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local layer = require "nadir.layer"
local refuses = require "support".refuses

assert(_VERSION == "Lua 5.4")

-- A layer with weights of both kinds.
local function scale_class()
  local Scale = layer("ScaleBy", { { "factor", "number", 2 } })
  function Scale:build(shape)
    self.scale = self:add_weight("scale", shape, "ones")
    self.steps = self:add_weight("steps", {}, "zeros", false)
  end
  function Scale:call(x)
    return self.factor * self.scale * x
  end
  return Scale
end

describe("a layer", function()
  it("has its settings as fields, and computes by call", function()
    local Scale = scale_class()
    assert.equal(2, Scale().factor)
    assert.equal(3, Scale(3).factor)
    assert.same({ 5, 10 }, Scale { factor = 5 } ({ 1., 2. }):totable())
  end)

  it("is built by its first call, with the shape of what it gets", function()
    local built = {}
    local Probe = layer("Probe", {})
    function Probe.build(_, shape) built[#built + 1] = shape end
    function Probe.call(_, x, more) return x, more end
    local probe = Probe()
    assert.is_false(probe.built)
    local _, more = probe(nd.zeros { 2, 3 }, "more")
    probe(nd.zeros { 4 })
    assert.equal("more", more)
    assert.equal(1, #built)
    assert.same({ 2, 3 }, built[1])
  end)

  it("has weights, of which a tape sees the trainable ones", function()
    local it_ = scale_class() { name = "it" }
    assert.same({}, it_.weights)
    it_(nd.zeros { 3 })
    assert.equal("it/scale", it_.weights[1].name)
    assert.equal("it/steps", it_.weights[2].name)
    assert.equal(1, #it_.trainable_variables)
    assert.equal(it_.scale, it_.trainable_variables[1])
  end)

  it("has the weights of the layers that it lists", function()
    local Scale = scale_class()
    local Twice = layer("Twice", {})
    function Twice:build() self.layers = { Scale(1), nd.abs, Scale(2) } end
    function Twice:call(x)
      return self.layers[3](self.layers[1](x))
    end
    local twice = Twice()
    assert.same({ 2 }, twice({ 1. }):totable())
    assert.equal(4, #twice.weights)
    assert.equal(twice.layers[3].scale, twice.trainable_variables[2])
  end)

  it("drops what a build that failed has made", function()
    local ready = false
    local Late = layer("Late", {})
    function Late:build()
      self.w = self:add_weight("w", { 1 }, "ones")
      assert(ready)
    end
    function Late:call(x) return self.w * x end
    local late = Late()
    assert.is_false(pcall(late, nd.ones { 1 }))
    ready = true
    late(nd.ones { 1 })
    assert.equal(1, #late.weights)
  end)

  it("has a name of its own, or that which it is given", function()
    local Scale = scale_class()
    local first, second = Scale(), Scale()
    local n = tonumber(first.name:match "^scale_by_?(%d*)$") or 0
    assert.equal(("scale_by_%d"):format(n + 1), second.name)
    assert.equal("mine", Scale { name = "mine" }.name)
  end)

  it("shows what it was given", function()
    local Scale = scale_class()
    assert.equal('ScaleBy { factor = 3, name = "s" }',
      tostring(Scale(3, { name = "s" })))
    assert.equal("ScaleBy(factor = 2, name = nil)", tostring(Scale))
  end)

  it("refuses a mistake at the script's line", function()
    local Scale = scale_class()
    refuses("ScaleBy: factor must be a number, got string",
      function() Scale("3") end)
    refuses("ScaleBy: no such name: 'scal'; did you mean 'scale'?", function()
      local scale = Scale()
      scale(nd.ones { 1 })
      return scale.scal
    end)
    refuses("ScaleBy: no such name: 'cal'; did you mean 'call'?",
      function() return Scale.cal end)
  end)

  it("refuses a weight that cannot be", function()
    for message, weight in pairs {
      ["add_weight: name must be a string, got 3"] = { 3, { 1 } },
      ["add_weight: shape is missing: it must be a whole number or a list of "
        .. "them"] = { "k" },
      ["add_weight: no such initializer: 'onse'; did you mean 'ones'?"] =
        { "k", { 1 }, "onse" },
    } do
      local Bad = layer("Bad", {})
      function Bad:build() self:add_weight(table.unpack(weight)) end
      refuses(message, function() Bad() (1) end)
    end
  end)
end)
