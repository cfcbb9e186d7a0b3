--- What errors within layers and models say of where they happened.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local refusal, refuses = support.refusal, support.refuses
local L = nd.layers

assert(_VERSION == "Lua 5.4")

local function new_dense(name, units)
  return L.Dense(units or 3, { name = name })
end

local function differ(a, b)
  return ("matmul: inner sizes differ: a is %s, b is %s; in "):format(a, b)
end

-- Two layers, "a" and a model "inner" of "b", in a model "outer".
local function model_in_model()
  local model = nd.Sequential({ new_dense("a", 4),
    nd.Sequential({ new_dense "b" }, { name = "inner" }) }, { name = "outer" })
  model(nd.zeros { 2, 4 })
  return model
end

describe("an error within a layer", function()
  it("names the layer, its class and its input, and what it was built for",
    function()
      local layer = new_dense "d"
      layer(nd.zeros { 2, 4 })
      refuses(differ("[2 5]", "[4 3]") .. 'layer "d" (Dense), whose input is '
        .. "float32 [2 5] where it was built for [nil 4]", layer,
        nd.zeros { 2, 5 })
    end)

  it("has the layer's path through the calls of models", function()
    local inner = model_in_model().layers[2]
    refuses(differ("[2 5]", "[4 3]") .. 'layer "inner/b" (Dense), whose input '
      .. "is float32 [2 5] where it was built for [nil 4]", inner,
      nd.zeros { 2, 5 })
    local Shrink = nd.Model:extend "Shrink"
    function Shrink:init() self.model = inner end
    function Shrink:call(x) return self.model(x[{ {}, { 1, 2 } }]) end
    refuses(differ("[2 2]", "[4 3]") .. 'layer "shrink/inner/b" (Dense), '
      .. "whose input is float32 [2 2] where it was built for [nil 4]",
      Shrink(), nd.zeros { 2, 4 })
  end)

  it("says so of what the layer refuses itself, in a model", function()
    local hint = "Dense: x needs 2 axes or more: it is [4]; use nd.reshape(x, "
      .. "{-1, 1})"
    refuses(hint .. '; in layer "m/d" (Dense), whose input is float32 [4]',
      nd.Sequential({ new_dense "d" }, { name = "m" }), nd.zeros { 4 })
    refuses(hint, new_dense "d", nd.zeros { 4 })
  end)

  it("shows several inputs, and what is none", function()
    local add = L.Add { name = "s" }
    refuses('add: shapes do not broadcast: [2] and [3]; in layer "s" (Add), '
      .. "whose input is { float32 [2], float32 [3] }", add,
      { nd.zeros { 2 }, nd.zeros { 3 } })
    local list = {}
    for i = 1, 5 do list[i] = nd.zeros { i } end
    assert.truthy(refusal(add, list):find("float32 [3], ... }", 1, true))
    refuses("constant: a value must be a number or a boolean, got string; in "
      .. 'layer "d" (Dense), whose input is { 1, string }',
      new_dense "d", { 1, "a" })
  end)

  it("knows open sizes while a model is drawn up", function()
    local layer = new_dense "d"
    layer(nd.Input { 4 })
    refuses(differ("[0 5]", "[4 3]") .. 'layer "d" (Dense), whose input is '
      .. "float32 [nil 5] where it was built for [nil 4]", layer,
      nd.Input { 5 })
    refuses(differ("[0 5]", "[4 4]") .. 'layer "outer/a" (Dense), whose input '
      .. "is float32 [nil 5] where it was built for [nil 4]", model_in_model(),
      nd.Input { 5 })
    local x = nd.Input { 2 }
    local ok, message = pcall(function() return x + nd.zeros { 3 } end)
    assert.is_false(ok)
    assert.truthy(message:find('[3]; in layer "add', 1, true)
      and message:find "%(Operation%), whose input is float32 %[nil 2%]$",
      message)
  end)

  it("is told of in fit, and in models that were drawn up", function()
    local x = nd.Input { 4 }
    local model = nd.Model(x, new_dense "d"(x), { name = "m" })
    model:compile("sgd", "mse")
    refuses(differ("[2 5]", "[4 3]") .. 'layer "m/d" (Dense), whose input is '
      .. "float32 [2 5] where it was built for [nil 4]", model.fit, model,
      nd.zeros { 2, 5 }, nd.zeros { 2, 3 }, { verbose = 0 })
  end)

  it("names the model whose own code it is, at its line", function()
    local Net = nd.Model:extend "Net"
    function Net.call(_, x)
      local y = nd.matmul(x, nd.zeros { 3, 3 })
      return y
    end
    local ok, message = pcall(Net(), nd.zeros { 2, 4 })
    assert.is_false(ok)
    local line = debug.getinfo(Net.call, "S").linedefined + 1
    assert.equal(("tests/lua/within_spec.lua:%d: "):format(line)
      .. differ("[2 4]", "[3 3]") .. 'model "net" (Net), whose input is '
      .. "float32 [2 4]", message)
  end)

  it("is the script's own where its code raises it", function()
    local Net = nd.Model:extend "Net"
    function Net.call() error("mine", 0) end
    local ok, message = pcall(Net(), nd.zeros { 1 })
    assert.is_false(ok)
    assert.equal("mine", message)
    local problem = {}
    function Net.call() error(problem) end
    assert.equal(problem, select(2, pcall(Net(), nd.zeros { 1 })))
    function Net.call(_, x) return x.shape.none.none end
    assert.truthy(select(2, pcall(Net(), nd.zeros { 1 })):find "attempt to")
  end)

  it("says nothing once the call is left", function()
    pcall(new_dense "d", nd.zeros { 3 })
    refuses("add: shapes do not broadcast: [2] and [3]", function()
      return nd.zeros { 2 } + nd.zeros { 3 }
    end)
  end)

  it("is found in the coroutine where it happens", function()
    local layer = new_dense "d"
    layer(nd.zeros { 2, 4 })
    local run = coroutine.wrap(function()
      return pcall(layer, nd.zeros { 2, 5 })
    end)
    assert.truthy(select(2, run()):find('in layer "d" (Dense)', 1, true))
  end)
end)
