--- What weights add to the loss.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local near, refuses = support.near, support.refuses
local regularizers = nd.regularizers

assert(_VERSION == "Lua 5.4")

local W = { { 1, -2 }, { 3, 4 } }

describe("a regularizer", function()
  it("gives a scalar for a tensor", function()
    near(.1, regularizers.L1()(W))
    near(.3, regularizers.L2()(W))
    near(0, regularizers.L1L2()(W))
    near(1 + 6, regularizers.L1L2 { l1 = .1, l2 = .2 }(W), 1e-5)
    near(6, regularizers.l2(.2)(nd.Variable(nd.constant(W, "float64"))), 1e-12)
    assert.equal("float64", regularizers.l1_l2()(nd.ones(2, "float64")).dtype)
  end)

  it("measures angles between rows, or columns", function()
    local cosine = (1 * 3 - 2 * 4) / (math.sqrt(5) * 5)
    near(.01 * -cosine, regularizers.OrthogonalRegularizer()(W))
    near(.5 / math.sqrt(10 * 20), regularizers.OrthogonalRegularizer {
      factor = .05, mode = "columns" }(W))
    near(0, regularizers.OrthogonalRegularizer()(nd.eye(3)))
    near(0, regularizers.OrthogonalRegularizer()({ { 1., 2. } }))
  end)

  it("has its share of the losses of a layer, and of gradients", function()
    local layer = nd.layers.Dense(1, { use_bias = false,
      kernel_regularizer = regularizers.l2(.5) })
    layer({ { 1., 1. } })
    local w = layer.weights[1]
    near(.5 * nd.reduce_sum(nd.square(w)):item(), layer.losses[1])
    local tape <close> = nd.GradientTape()
    local loss = layer.losses[1]
    near(w:read_value():totable(), tape:gradient(loss, w))
  end)

  it("is what a name, a class, a configuration or a function stands for",
    function()
      for _, value in ipairs { "l2", "L2", regularizers.L2,
                               { class_name = "L2", config = { l2 = .01 } } } do
        near(.3, regularizers.get(value)(W))
      end
      local function sum(w) return nd.reduce_sum(nd.abs(w)) end
      near(10, regularizers.get(sum)(nd.constant(W)))
      assert.same({ l2 = .5 }, regularizers.l2(.5):get_config())
    end)

  it("may be of a class of one's own", function()
    local Largest = regularizers.Regularizer:extend "Largest"
    function Largest:call(w) return nd.reduce_max(nd.abs(w)) end
    near(4, Largest()(W))
    refuses("Empty: has no call(x)",
      function() regularizers.Regularizer:extend "Empty" ()(W) end)
  end)

  it("refuses a mistake", function()
    refuses("L2: l2 must be finite, and 0 or more, got -1",
      function() regularizers.l2(-1) end)
    refuses("L1L2: l1 must be finite, and 0 or more, got inf",
      function() regularizers.l1_l2(math.huge) end)
    refuses("OrthogonalRegularizer: factor must be finite, and 0 or more, got "
      .. "-1", function() regularizers.OrthogonalRegularizer(-1) end)
    refuses("OrthogonalRegularizer: no such mode: 'row'; did you mean 'rows'?",
      function() regularizers.OrthogonalRegularizer { mode = "row" } end)
    refuses("OrthogonalRegularizer: x needs 2 axes: it is [2]",
      function() regularizers.OrthogonalRegularizer()({ 1., 2. }) end)
    refuses("regularizers.get: no such regularizer: 'l3'; did you mean 'l1'?",
      function() regularizers.get "l3" end)
  end)
end)
