--- How far predictions are from what is true.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local near, refuses = support.near, support.refuses
local losses = nd.losses

assert(_VERSION == "Lua 5.4")

-- The data that Keras's own tests of most losses share.
local Y = { { 1, 9, 2 }, { -5, -2, 6 } }
local P = { { 4, 8, 12 }, { 8, 1, 3 } }
local YES, SCORE = { { 0, 1 }, { 0, 0 } }, { { .6, .4 }, { .4, .6 } }

local STEPS_Y = nd.reshape(Y, { 2, 3, 1 })
local STEPS_P = nd.reshape(P, { 2, 3, 1 })
local STEP_WEIGHTS = { { 3, 6, 5 }, { 0, 4, 2 } }

-- Each row: a class, its settings, what is true and predicted, the weight, the
-- value, how near it must be.
local ROWS = {
  { "MeanSquaredError", {}, Y, P, nil, 49.5 },
  { "MeanSquaredError", {}, Y, P, 2.3, 113.85, 1e-4 },
  { "MeanSquaredError", {}, Y, P, { 1.2, 3.4 }, 127.96667, 1e-4 },
  { "MeanSquaredError", { reduction = "none" }, Y, P, 2.3,
    { 84.3333, 143.3667 }, 1e-4 },
  { "MeanSquaredError", { reduction = "sum" }, Y, P, 2.3, 227.7, 1e-4 },
  { "MeanSquaredError", {}, STEPS_Y, STEPS_P, STEP_WEIGHTS, 97.833336, 1e-5 },
  { "MeanSquaredError", { reduction = "mean_with_sample_weight" }, Y, P,
    { 1.2, 3.4 }, 55.637676, 1e-5 },
  { "MeanAbsoluteError", {}, Y, P, nil, 5.5 },
  { "MeanAbsoluteError", {}, Y, P, 2.3, 12.65, 1e-5 },
  { "MeanAbsoluteError", {}, Y, P, { 1.2, 3.4 }, 13.56667, 1e-5 },
  { "MeanAbsoluteError", { reduction = "none" }, Y, P, 2.3,
    { 10.7333, 14.5667 }, 1e-4 },
  { "MeanAbsoluteError", { reduction = "sum" }, Y, P, 2.3, 25.3, 1e-5 },
  { "MeanAbsoluteError", {}, STEPS_Y, STEPS_P, STEP_WEIGHTS, 13.833333, 1e-5 },
  { "MeanAbsolutePercentageError", {}, Y, P, nil, 211.8518, 1e-4 },
  { "MeanAbsolutePercentageError", {}, Y, P, 2.3, 487.259, 1e-3 },
  { "MeanAbsolutePercentageError", {}, Y, P, { 1.2, 3.4 }, 422.8888, 1e-3 },
  { "MeanSquaredLogarithmicError", {}, Y, P, nil, 1.4370, 1e-4 },
  { "MeanSquaredLogarithmicError", {}, Y, P, 2.3, 3.3052, 1e-3 },
  { "MeanSquaredLogarithmicError", {}, Y, P, { 1.2, 3.4 }, 3.7856, 1e-4 },
  { "Hinge", {}, YES, SCORE, nil, 1.3 },
  { "Hinge", { reduction = "sum" }, YES, SCORE, nil, 2.6 },
  { "Hinge", { reduction = "none" }, YES, SCORE, nil, { 1.1, 1.5 } },
  { "SquaredHinge", {}, YES, SCORE, nil, 1.86 },
  { "SquaredHinge", { reduction = "sum" }, YES, SCORE, nil, 3.72 },
  { "SquaredHinge", { reduction = "none" }, YES, SCORE, nil, { 1.46, 2.26 } },
  { "CategoricalHinge", {}, YES, SCORE, nil, 1.4 },
  { "CategoricalHinge", { reduction = "sum" }, YES, SCORE, nil, 2.8 },
  { "CategoricalHinge", { reduction = "none" }, YES, SCORE, nil, { 1.2, 1.6 } },
  { "BinaryCrossentropy", {}, { { 1, 0 } }, { { 0, 1 } }, nil, 16.0302, 1e-4 },
  { "BinaryCrossentropy", {}, { { 0, 1 } }, { { 0, 1 } }, nil, 1.19e-7, 1e-9 },
  { "BinaryCrossentropy", { label_smoothing = .2 }, { { 0, 1 } },
    { { .3, .8 } }, nil, .401589 },
  { "BinaryCrossentropy", { from_logits = true }, { { 0, 1 } },
    { { 1.5, -2 } }, nil, 1.914171 },
  { "CategoricalCrossentropy", {}, { { 1, 0, 0 } }, { { 1, 2, 1 } }, nil,
    math.log(4) },
  { "CategoricalCrossentropy", {}, { { 0, 1, 0 } }, { { 1, 2, 1 } }, nil,
    .693147 },
  { "SparseCategoricalCrossentropy", {}, { 2 }, { { 1, 2, 1 } }, nil,
    1.098612 },
  { "CategoricalCrossentropy", {}, { { 0, 1, 0 } }, { { 1, 0, 1 } }, nil,
    16.1181, 1e-4 },
  { "SparseCategoricalCrossentropy", {}, { 2 }, { { 1, 0, 1 } }, nil, 16.8112,
    1e-4 },
  { "SparseCategoricalCrossentropy", { ignore_class = 1 }, { 1, 2 },
    { { .1, .8, .1 }, { .2, .5, .3 } }, nil, .693147 },
  { "CategoricalCrossentropy", { label_smoothing = .3 }, { { 0, 1, 0 } },
    { { .2, .5, .3 } }, nil, .835859 },
  { "Huber", {}, YES, SCORE, nil, .155 },
  { "KLDivergence", {}, YES, SCORE, nil, .458143 },
  { "Huber", { delta = 2 }, { { 0, 0 } }, { { 3, 1 } }, nil, 2.25 },
  { "LogCosh", {}, { { 0, 0 } }, { { 3, 1 } }, nil, 1.371555 },
  { "Poisson", {}, YES, { { 1, 1 }, { 0, 0 } }, nil, .5 },
  { "CosineSimilarity", {}, { { 0, 1 }, { 1, 1 } }, { { 1, 0 }, { 1, 1 } }, nil,
    -.5 },
  { "BinaryFocalCrossentropy", {}, YES, SCORE, nil, .267832 },
  { "BinaryFocalCrossentropy", { apply_class_balancing = true }, YES, SCORE,
    nil, .159641 },
  { "CategoricalFocalCrossentropy", {}, { { 0, 1, 0 }, { 0, 0, 1 } },
    { { .05, .95, 0 }, { .1, .8, .1 } }, nil, .233153 },
  { "Dice", nil, { { 1, 0 }, { 0, 1 } }, { { .6, .4 }, { .3, .7 } }, nil, .35 },
  { "Tversky", {}, { { 1, 0 }, { 0, 1 } }, { { .6, .4 }, { .3, .7 } }, nil,
    .35 },
}

describe("a loss has its known value:", function()
  for i, row in ipairs(ROWS) do
    local name, settings, y, p = table.unpack(row, 1, 4)
    local weight, want, tolerance = table.unpack(row, 5, 7)
    it(("%s, %d"):format(name, i), function()
      near(want, losses[name](settings)(y, p, weight), tolerance or 2e-6)
    end)
  end
end)

describe("a loss", function()
  it("has a function, which gives a value for each example", function()
    near({ 110 / 3, 187 / 3 }, losses.mean_squared_error(Y, P), 1e-5)
    near({ 7.5, 32 / 3 }, losses.huber(Y, P, { delta = 2 }), 1e-5)
    near({ 7.5, 32 / 3 }, losses.huber(Y, P, 2), 1e-5)
    assert.equal("huber(y_true, y_pred, delta = 1)", tostring(losses.huber))
    local y, p = nd.constant(Y), nd.constant(P)
    near({ 110 / 3, 187 / 3 }, losses.mse(y, p), 1e-5)
    refuses("huber: unknown option 'gamma': it takes y_true, y_pred, delta",
      function() losses.huber(Y, P, { gamma = 2 }) end)
  end)

  it("goes by the names that others use", function()
    for alias, name in pairs { mse = "mean_squared_error", MAE =
      "mean_absolute_error", mape = "mean_absolute_percentage_error", MSLE =
      "mean_squared_logarithmic_error", kld = "kl_divergence", bce =
      "binary_crossentropy", logcosh = "log_cosh" } do
      assert.equal(losses[name], losses[alias])
    end
  end)

  it("is named as in Keras", function()
    for class, name in pairs { MeanSquaredError = "mean_squared_error",
      Huber = "huber_loss", KLDivergence = "kl_divergence", CTC = "ctc",
      LogCosh = "log_cosh", CategoricalGeneralizedCrossEntropy =
        "categorical_generalized_cross_entropy" } do
      assert.equal(name, losses[class]().name)
    end
    assert.equal("mine", losses.Huber { name = "mine" }.name)
  end)

  it("is what a name, a class, a configuration or a function stands for",
    function()
      local huber = losses.Huber { delta = 3 }
      assert.equal(huber, losses.get(huber))
      assert.equal("Huber {}", tostring(losses.get(losses.Huber)))
      assert.equal("Huber {}", tostring(losses.get "huber"))
      assert.equal("Huber {}", tostring(losses.get "Huber"))
      assert.equal("Huber {}", tostring(losses.get(losses.huber)))
      assert.equal("Huber { delta = 3 }", tostring(losses.get { class_name =
        "Huber", config = huber:get_config() }))
      local own = losses.get(function(y, p) return nd.abs(y - p) end)
      near(2, own({ 1, 2 }, { 2., 5 }))
      assert.equal("loss", own.name)
    end)

  it("has slopes at infinite errors", function()
    local p = nd.Variable { -1 / 0, -1e30, -2., -.5, 0, .5, 2, 1e30, 1 / 0 }
    local y
    with nd.GradientTape() as tape do
      y = losses.Huber { reduction = "sum" }(nd.zeros { 9, 1 },
        nd.reshape(p, { 9, 1 }))
    end
    near({ -1, -1, -1, -.5, 0, .5, 1, 1, 1 }, tape:gradient(y, p))
  end)

  it("may be of a class of one's own", function()
    local Distance = losses.Loss:extend("Distance", {
      { "power", "number", 2 } })
    function Distance:call(y, p)
      return nd.reduce_sum(nd.abs(y - p) ^ self.power, 2)
    end
    near(2, Distance { power = 1 }({ { 1, 0 }, { 0, 2 } },
      { { 0., 0 }, { 0, 5 } }))
    near({ 1, 18 }, Distance { reduction = "none" }({ { 1, 0 }, { 0, 2 } },
      { { 0., 0 }, { 0, 5 } }, { 1, 2 }))
    assert.truthy(Distance().name:find "^distance")
    refuses("Empty: has no call(y_true, y_pred)", function()
      losses.Loss:extend "Empty" ()({ 1. }, { 1. })
    end)
  end)

  it("takes labels of any dtype, and computes in that of predictions",
    function()
      for _, dtype in ipairs { "float32", "float64" } do
        local p = nd.cast({ { .25 }, { .75 } }, dtype)
        for _, y in ipairs { { { 0 }, { 1 } }, { { false }, { true } },
                             nd.constant({ { 0. }, { 1. } }, "float64") } do
          local value = losses.MeanSquaredError()(y, p)
          assert.equal(dtype, value.dtype)
          near(.0625, value)
        end
      end
      near(4, losses.MeanSquaredError()({ { 1 } }, { { 3 } }))
      near(.693147, losses.SparseCategoricalCrossentropy()({ 1., 2. },
        { { .5, .5 }, { .5, .5 } }))
    end)

  it("takes shapes that differ by a last axis of 1, and no others", function()
    near(2, losses.MeanSquaredError()({ { 0 }, { 0 } }, { 0., 2 }))
    near({ 0, 4 }, losses.MeanSquaredError "none" ({ 0, 0 },
      { { 0. }, { 2. } }))
    near(2, losses.MeanSquaredError()(nd.zeros { 2, 1, 1 }, { { 0. }, { 2. } }))
    local four = nd.zeros { 4, 3 }
    refuses("MeanSquaredError: shapes differ: y_true is [4 1], y_pred [4 3]",
      function() losses.MeanSquaredError()(nd.zeros { 4, 1 }, four) end)
    refuses("MeanSquaredError: shapes differ: y_true is [4 2 1], y_pred [4]",
      function()
        losses.MeanSquaredError()(nd.zeros { 4, 2, 1 }, nd.zeros { 4 })
      end)
    refuses("CategoricalCrossentropy: shapes differ: y_true is [4], y_pred "
      .. "[4 3]; for classes as numbers there is "
      .. "SparseCategoricalCrossentropy",
      function() losses.CategoricalCrossentropy()({ 1, 2, 3, 1 }, four) end)
    refuses("SparseCategoricalCrossentropy: shapes differ: y_true is [4 3], "
      .. "y_pred [4 3]; y_true has a class for each row of y_pred",
      function() losses.SparseCategoricalCrossentropy()(four, four) end)
    refuses("MeanSquaredError: y_pred needs an axis: it is []",
      function() losses.MeanSquaredError()(1, 2) end)
    refuses("SparseCategoricalCrossentropy: y_pred needs an axis of classes: "
      .. "it is []", function()
        losses.SparseCategoricalCrossentropy { axis = -1 }(1, 2)
      end)
  end)

  it("takes weights for all, for each value, or for parts along the first axes",
    function()
      local mse = losses.MeanSquaredError "sum"
      local y, p = nd.zeros { 2, 3, 1 }, nd.ones { 2, 3, 1 }
      near(12, mse(y, p, 2))
      near(9, mse(y, p, { 1, 2 }))
      near(9, mse(y, p, { { 1 }, { 2 } }))
      near(6, mse(y, p, { { 0, 1, 2 }, { 3, 0, 0 } }))
      near(6, mse(y, p, nd.constant { { { 0 }, { 1 }, { 2 } },
                                      { { 3 }, { 0 }, { 0 } } }))
      refuses("MeanSquaredError: sample_weight [3] does not fit what it "
        .. "weighs, [2 3]", function() mse(y, p, { 1, 2, 3 }) end)
      refuses("MeanSquaredError: sample_weight [2] does not fit what it "
        .. "weighs, []; y_pred needs an axis of examples and another one",
        function() mse({ 1, 2 }, { 1., 2. }, { 1, 2 }) end)
    end)

  it("is 0 of no examples, and where nothing has a weight", function()
    for _, reduction in ipairs { "mean", "sum", "mean_with_sample_weight" } do
      local mse = losses.MeanSquaredError(reduction)
      near(0, mse(nd.zeros { 0, 3 }, nd.zeros { 0, 3 }))
      near(0, mse(nd.zeros { 0, 3 }, nd.zeros { 0, 3 }, nd.zeros { 0 }))
      near(0, mse(Y, P, { 0, 0 }))
      near(0, losses.SparseCategoricalCrossentropy(nil, nil, nil, reduction)(
        nd.cast(nd.zeros { 0 }, "int32"), nd.zeros { 0, 3 }))
    end
    assert.same({ 0 }, losses.mse(nd.zeros { 0, 3 }, nd.zeros { 0, 3 }).shape)
  end)

  it("is a number of no examples, whatever its class, and has a gradient",
    function()
      local sparse = { SparseCategoricalCrossentropy = true, Circle = true,
                       CategoricalGeneralizedCrossEntropy = true }
      for name, Class in pairs(losses) do
        if name:find "^%u%l" and name ~= "Loss" then
          local y = nd.zeros(sparse[name] and { 0 } or { 0, 3 }, "int32")
          local p = nd.Variable(nd.zeros({ 0, 3 }, "float64"))
          local tape <close> = nd.GradientTape()
          local value = Class()(y, p)
          assert.equal("float64", value.dtype)
          assert.is_true(value:item() == value:item(), name)
          assert.same({ 0, 3 }, tape:gradient(value, p).shape)
        end
      end
    end)

  it("keeps nan, and what is huge finite where it can be", function()
    local value = losses.MeanSquaredError()({ { 0 } }, { { 0 / 0 } }):item()
    assert.is_true(value ~= value)
    near(1e4, losses.BinaryCrossentropy { from_logits = true }(
      { { 0 } }, { { 1e4 } }))
    near(2e4, losses.SparseCategoricalCrossentropy { from_logits = true }(
      { 1 }, { { -1e4, 1e4 } }))
    near(1e4 - math.log(2), losses.LogCosh()({ { 0 } }, { { -1e4 } }), 1e-3)
  end)

  it("leaves out what is ignored, also nan, and its gradient", function()
    for _, marker in ipairs { 0, -1, 255, 2 } do
      local loss = losses.SparseCategoricalCrossentropy {
        from_logits = true, ignore_class = marker }
      local z = nd.Variable { { 0., 0. }, { 0 / 0, 1 / 0 } }
      local tape <close> = nd.GradientTape()
      local value = loss({ 1, marker }, z)
      near(math.log(2), value)
      near({ { -.5, .5 }, { 0, 0 } }, tape:gradient(value, z))
    end
    near(0, losses.SparseCategoricalCrossentropy { ignore_class = 1 }(
      { 1, 1 }, { { .5, .5 }, { .5, .5 } }))
  end)

  it("computes with what sigmoid and softmax were given", function()
    local z = nd.constant { { 200., -200. } }
    near(200, losses.BinaryCrossentropy()({ { 0, 1 } },
      nd.activations.sigmoid(z)))
    near(400, losses.SparseCategoricalCrossentropy()({ 2 },
      nd.activations.softmax(z)))
    near(400, losses.CategoricalCrossentropy()({ { 0, 1 } },
      nd.activations.softmax(z)))
    near(16.118, losses.CategoricalCrossentropy()({ { 0, 1 } }, nd.softmax(z)),
      1e-3)
  end)

  it("does not count steps that are masked", function()
    local masks = require "nadir.masks"
    local p = nd.constant { { { 1. }, { 2. } }, { { 3. }, { 4. } } }
    masks.note(p, nd.constant { { true, false }, { true, false } })
    local y = nd.zeros { 2, 2, 1 }
    near(5, losses.MeanSquaredError()(y, p))
    near(10, losses.MeanSquaredError "sum" (y, p))
    near({ { 1, 0 }, { 9, 0 } }, losses.MeanSquaredError "none" (y, p))
    near(19 / 3, losses.MeanSquaredError "mean_with_sample_weight" (y, p,
      { { 1, 5 }, { 2, 5 } }))
  end)

  it("ends labels of CTC with no label, or 0", function()
    local p = nd.reshape(nd.range(1., 24.), { 1, 6, 4 })
    local want = losses.CTC()({ { 2, 3, 1 } }, p):item()
    near(want, losses.CTC()({ { 2, 3, 0 } }, p))
    near(want, losses.CTC()({ { 2, 3 } }, p))
    refuses("CTC: y_true must be [n length], got [2]",
      function() losses.CTC()({ 2, 3 }, p) end)
    refuses("CTC: y_pred must be [n time classes], got [6 4]",
      function() losses.CTC()({ { 2, 3 } }, p[1]) end)
  end)

  it("of a circle hides no nan", function()
    local value = losses.Circle()({ 1, 2 }, { { 0 / 0, 0. }, { 0., 1. } })
    assert.is_true(value:item() ~= value:item())
  end)

  it("pulls what is near of a circle alone where nothing is to compare",
    function()
      local p = nd.Variable { { 1., 0. }, { 0., 1. } }
      local tape <close> = nd.GradientTape()
      local value = losses.Circle()({ 1, 2 }, p)
      near(0, value)
      near({ { 0, 0 }, { 0, 0 } }, tape:gradient(value, p))
    end)

  it("refuses a mistake", function()
    refuses("MeanSquaredError: no such reduction: 'auto': there are mean, "
      .. "mean_with_sample_weight, none, sum, sum_over_batch_size",
      function() losses.MeanSquaredError "auto" end)
    refuses("Huber: unknown option 'deltas': it takes delta, reduction, name; "
      .. "did you mean 'delta'?", function() losses.Huber { deltas = 1 } end)
    refuses("losses.get: no such loss: 'mean_square_error'; did you mean "
      .. "'mean_squared_error'?",
      function() losses.get "mean_square_error" end)
    refuses("losses.get: value must be the name of a loss or a function, got 3",
      function() losses.get(3) end)
    refuses("losses.get: value is missing: it must be the name of a loss or a "
      .. "function", function() losses.get(nil) end)
    refuses("CategoricalGeneralizedCrossEntropy: q must be between 0 and 1",
      function() losses.CategoricalGeneralizedCrossEntropy(1) end)
    refuses("CategoricalCrossentropy: axis 3 is outside 1..2", function()
      losses.CategoricalCrossentropy { axis = 3 }({ { 1 } }, { { 1. } })
    end)
    refuses("sparse_softmax_cross_entropy_with_logits: label 0 is outside "
      .. "1..2; labels count from 1 here", function()
        losses.SparseCategoricalCrossentropy()({ 0 }, { { .5, .5 } })
      end)
    refuses("Circle: y_pred must be [n d], got [2]",
      function() losses.Circle()({ 1, 2 }, { 1., 2. }) end)
  end)
end)
