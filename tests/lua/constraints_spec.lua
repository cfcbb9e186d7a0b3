--- What keeps weights within bounds.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local near, refuses = support.near, support.refuses
local constraints = nd.constraints

assert(_VERSION == "Lua 5.4")

local W = { { 3, .6 }, { 4, .8 } }  -- columns of norms 5 and 1

describe("a constraint", function()
  it("bounds norms along an axis, the first if none is given", function()
    near({ { 1.2, .6 }, { 1.6, .8 } }, constraints.MaxNorm()(W))
    near({ { 1.8, .6 }, { 2.4, .8 } }, constraints.max_norm(3)(W))
    near({ { 3, 4 } }, constraints.MaxNorm { max_value = 5, axis = 2 }(
      { { 6, 8 } }))
    near({ { { .6 }, { .8 } } }, constraints.MaxNorm(1, { 1, 2 })(
      { { { 3 }, { 4 } } }))
    near({ { 0 } }, constraints.MaxNorm()({ { 0 } }))
  end)

  it("sets norms to 1, or between two, or nearer", function()
    near({ { .6, .6 }, { .8, .8 } }, constraints.UnitNorm()(W))
    near({ { 1.2, 1.2 }, { 1.6, 1.6 } }, constraints.MinMaxNorm(2, 2)(W), 1e-5)
    near({ { .6, .6 }, { .8, .8 } }, constraints.min_max_norm()(W))
    near({ { 1.8, .6 }, { 2.4, .8 } }, constraints.MinMaxNorm { rate = .5 }(W))
  end)

  it("leaves nothing below 0", function()
    near({ 0, 2 }, constraints.NonNeg()({ -1., 2. }))
    near({ 0, 2 }, constraints.non_neg()({ -1, 2 }))
  end)

  it("holds after each step of an optimizer", function()
    local layer = nd.layers.Dense(1, { use_bias = false,
                                       kernel_initializer = "ones" })
    layer({ { 1. } })
    local w = nd.Variable({ 1., 1. }, { constraint = constraints.UnitNorm() })
    nd.optimizers.SGD(1):apply_gradients { { nd.constant { -2., -3. }, w } }
    near({ .6, .8 }, w)
  end)

  it("is what a name, a class, a configuration or a function stands for",
    function()
      for _, value in ipairs { "max_norm", "MaxNorm", constraints.MaxNorm,
                               constraints.MaxNorm(), { class_name = "MaxNorm",
                                 config = { max_value = 2 } } } do
        near({ { 1.2, .6 }, { 1.6, .8 } }, constraints.get(value)(W))
      end
      assert.equal(nd.relu, constraints.get(nd.relu))
    end)

  it("may be of a class of one's own", function()
    local Whole = constraints.Constraint:extend "Whole"
    function Whole:call(w) return nd.round(w) end
    near({ 1 }, Whole()({ 1.2 }))
    refuses("Empty: has no call(w)",
      function() constraints.Constraint:extend "Empty" ()({ 1. }) end)
  end)

  it("refuses a mistake", function()
    refuses("MaxNorm: axis must be a whole number or a list of them, got "
      .. "string", function() constraints.MaxNorm { axis = "rows" } end)
    refuses("constraints.get: no such constraint: 'max_nrm'; did you mean "
      .. "'max_norm'?", function() constraints.get "max_nrm" end)
  end)
end)
