--- How good predictions are, over many batches.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local near, refuses = support.near, support.refuses
local metrics = nd.metrics

assert(_VERSION == "Lua 5.4")

-- Each row: a class, its settings, what is true and predicted, the weight, the
-- result.
local ROWS = {
  { "Mean", nil, { 1, 3, 5, 7 }, nil, nil, 4 },
  { "Sum", nil, { 1, 3, 5, 7 }, nil, nil, 16 },
  { "BinaryAccuracy", nil, { 1, 0, 0 }, { .5, .5, .6 }, nil, 1 / 3 },
  { "Accuracy", nil, { { 1 }, { 2 }, { 3 }, { 4 } },
    { { 0 }, { 2 }, { 3 }, { 4 } }, { 1, 1, 0, 0 }, .5 },
  { "Precision", nil, { 0, 1, 1, 1 }, { 1, 0, 1, 1 }, nil, 2 / 3 },
  { "Precision", nil, { 0, 1 }, { .5, .5 }, nil, 0 },
  { "Recall", { thresholds = { .7, .3 } }, { 1, 1 }, { .5, .9 }, nil,
    { .5, 1 } },
  { "F1Score", { threshold = .5 },
    { { 1, 1, 1 }, { 1, 0, 0 }, { 1, 1, 0 } },
    { { .2, .6, .7 }, { .2, .6, .6 }, { .6, .8, 0 } }, nil,
    { .5, .8, 2 / 3 } },
  { "AUC", { num_thresholds = 3 }, { 0, 0, 1, 1 }, { 0, .5, .3, .9 }, nil,
    .75 },
  { "IoU", { num_classes = 2, target_class_ids = { 1 } }, { 1, 1, 2, 2 },
    { 1, 2, 1, 2 }, { .3, .3, .3, .1 }, 1 / 3 },
  { "MeanIoU", { num_classes = 2 }, { 1, 1, 2, 2 }, { 1, 2, 1, 2 }, nil,
    1 / 3 },
}

describe("a metric has its known value:", function()
  for i, row in ipairs(ROWS) do
    local name, settings, y, p, weight, want = table.unpack(row, 1, 6)
    it(("%s, %d"):format(name, i), function()
      near(want, metrics[name](settings)(y, p, weight), 2e-6)
    end)
  end
end)

-- What some classes need.
local NEEDED = {
  MeanMetricWrapper = { fn = nd.losses.Huber() }, IoU = { num_classes = 2,
    target_class_ids = 1 }, MeanIoU = { num_classes = 2 },
  OneHotIoU = { num_classes = 2, target_class_ids = 2 },
  OneHotMeanIoU = { num_classes = 2 }, PrecisionAtRecall = { recall = .5 },
  RecallAtPrecision = { precision = .5 },
  SensitivityAtSpecificity = { specificity = .5 },
  SpecificityAtSensitivity = { sensitivity = .5 },
}

describe("a metric", function()
  it("sees batch after batch, until it is reset", function()
    local mean = metrics.Mean "loss"
    mean:update_state { 1, 3 }
    mean:update_state(8)
    near(4, mean:result())
    mean:update_state(0, 2)
    near(12 / 5, mean:result())
    mean:reset_state()
    near(0, mean:result())
    near(7, mean(7))
    mean:reset_states()
    near(0, mean:result())
  end)

  it("averages what an example has, and weighs examples", function()
    local mean = metrics.Mean()
    near(2.5, mean({ { 1, 3 }, { 2, 4 } }))
    mean:reset_state()
    near(3, mean({ { 1, 3 }, { 2, 4 } }, { 0, 2 }))
    mean:reset_state()
    near(10 / 4, mean({ { 1, 3 }, { 2, 4 } }, { { 1, 1 }, { 1, 1 } }))
    near(5, metrics.Sum()({ { 1, 3 }, { 2, 4 } }, { { 1, 0 }, { 2, 0 } }))
  end)

  it("can do without examples, and without weight", function()
    local mse = metrics.MeanSquaredError()
    near(0, mse(nd.zeros { 0, 2 }, nd.zeros { 0, 2 }))
    near(0, mse({ { 1 } }, { { 2 } }, { 0 }))
    near(4, mse({ { 1 } }, { { 3 } }))
    near(0, metrics.AUC()(nd.zeros { 0 }, nd.zeros { 0 }))
    near(0, metrics.Precision():result())
    near(0, metrics.MeanIoU(3):result())
    near(0, metrics.F1Score():result())
    near(0, metrics.R2Score():result())
  end)

  it("is 0 of no examples, whatever its class", function()
    for name, Class in pairs(metrics) do
      if name:find "^%u%l" and name ~= "Metric" then
        local metric = Class(NEEDED[name])
        local row = name:find "^Sparse" or name == "IoU" or name == "MeanIoU"
        local y = nd.zeros(row and { 0 } or { 0, 2 }, "int32")
        local same = name == "IoU" or name == "MeanIoU"
        metric:update_state(y, same and y or nd.zeros { 0, 2 })
        if name ~= "R2Score" then
          near(0, nd.reduce_max(nd.abs(metric:result())))
        end
      end
    end
  end)

  it("counts far beyond what a float32 does", function()
    local mean = metrics.Mean()
    mean:update_state(1, 2 ^ 24)
    for _ = 1, 4 do
      mean:update_state(0, 2 ^ 22)
    end
    near(.5, mean:result(), 0)
    local sum = metrics.Sum { dtype = "float64" }
    sum:update_state(2 ^ 24)
    near(2 ^ 24 + 1, sum(1), 0)
  end)

  it("is forgotten by none: every class can be made, and reset", function()
    for name, Class in pairs(metrics) do
      if name:find "^%u%l" and name ~= "Metric" then
        local metric = Class(NEEDED[name])
        metric:reset_state()
        assert.is_string(metric.name)
        assert.equal(name, getmetatable(metric).__name)
        local again = Class:from_config(metric:get_config())
        assert.equal(metric.name, again.name)
      end
    end
  end)

  it("is named as in Keras", function()
    for class, name in pairs {
      MeanSquaredError = "mean_squared_error", LogCoshError = "logcosh",
      RootMeanSquaredError = "root_mean_squared_error", F1Score = "f1_score",
      FBetaScore = "fbeta_score", R2Score = "r2_score",
      SparseCategoricalAccuracy = "sparse_categorical_accuracy",
      TopKCategoricalAccuracy = "top_k_categorical_accuracy",
      KLDivergence = "kl_divergence", Accuracy = "accuracy",
    } do
      assert.equal(name, metrics[class]().name)
    end
    local first, second = metrics.AUC().name, metrics.AUC().name
    assert.truthy(first:find "^auc")
    assert.not_equal(first, second)
    assert.truthy(metrics.MeanIoU(2).name:find "^mean_io_u")
    assert.equal("p", metrics.Precision { name = "p" }.name)
  end)

  it("is what a name, a class, a loss or a function stands for", function()
    local auc = metrics.AUC()
    assert.equal(auc, metrics.get(auc))
    for _, value in ipairs { "mse", "MSE", "mean_squared_error",
                             "MeanSquaredError", metrics.MeanSquaredError,
                             metrics.mean_squared_error,
                             { class_name = "MeanSquaredError" } } do
      assert.equal("MeanSquaredError {}", tostring(metrics.get(value)))
    end
    local huber = metrics.get(nd.losses.Huber { delta = 2 })
    assert.equal("huber_loss", huber.name)
    near(4, huber({ { 0 } }, { { 3 } }))
    local own = metrics.get(function(y, p) return nd.abs(y - p) end)
    near(2, own({ 1., 2. }, { 2., 5. }))
  end)

  it("picks the accuracy that fits", function()
    local function pick(name, y, p)
      local metric = metrics.resolve(name, nd.zeros(y), nd.zeros(p))
      return getmetatable(metric).__name
    end
    assert.equal("BinaryAccuracy", pick("accuracy", { 4, 1 }, { 4, 1 }))
    assert.equal("BinaryAccuracy", pick("accuracy", { 4 }, { 4, 1 }))
    assert.equal("SparseCategoricalAccuracy", pick("acc", { 4 }, { 4, 3 }))
    assert.equal("SparseCategoricalAccuracy", pick("acc", { 4, 1 }, { 4, 3 }))
    assert.equal("CategoricalAccuracy", pick("acc", { 4, 3 }, { 4, 3 }))
    assert.equal("SparseCategoricalCrossentropy",
      pick("crossentropy", { 4 }, { 4, 3 }))
    local y, p = nd.zeros { 4 }, nd.zeros { 4, 3 }
    assert.equal("acc", metrics.resolve("acc", y, p).name)
    assert.equal("mse", metrics.resolve("mse", "mse", p, p).name)
    local given = metrics.Precision { name = "p" }
    assert.equal(given, metrics.resolve(given, y, y))
    assert.equal("p", given.name)
  end)

  it("has a function, which gives a value for each example", function()
    near({ 2, 4.5 }, metrics.mean_squared_error({ { 0, 2 }, { 0, 0 } },
      { { 0, 0 }, { 3, 0 } }))
    assert.same({ 1, 0 }, metrics.binary_accuracy({ 1, 0 }, { .6, .6 },
      { threshold = .5 }):totable())
    assert.same({ 1, 0 }, metrics.sparse_categorical_accuracy({ 2, 2 },
      { { .1, .9 }, { .9, .1 } }):totable())
  end)

  it("leaves weights of models alone", function()
    local Holder = nd.Model:extend "Holder"
    function Holder:init()
      self.tracker = metrics.Mean()
      self.dense = nd.layers.Dense(2)
    end
    function Holder:call(x) return self.dense(x) end
    local model = Holder()
    model({ { 1., 2. } })
    assert.equal(2, #model.weights)
    assert.equal(2, #model.tracker.variables)
  end)

  it("may be of a class of one's own", function()
    local Largest = metrics.Metric:extend("Largest", {
      { "floor", "number", 0 } })
    function Largest:init() self.most = self:add_weight("most") end
    function Largest:update_state(y, p)
      self.most:assign(nd.maximum(self.most, nd.reduce_max(nd.abs(y - p))))
    end
    function Largest:result() return nd.maximum(self.most, self.floor) end
    local largest = Largest { floor = 1 }
    near(3, largest(nd.constant { 1., 2 }, nd.constant { 2., 5 }))
    near(3, largest(nd.constant { 1. }, nd.constant { 1. }))
    assert.truthy(largest.name:find "^largest")
    assert.truthy(largest.variables[1].name:find "^largest.*/most$")
    refuses("Empty: has no update_state(y_true, y_pred, sample_weight)",
      function() metrics.Metric:extend "Empty" ():update_state(1) end)
    refuses("Empty: has no result()",
      function() metrics.Metric:extend "Empty" ():result() end)
  end)

  it("does not grow with what it sees", function()
    local y, p = nd.ones { 64, 1 }, nd.random.uniform { 64, 1 }
    for _, metric in ipairs { metrics.AUC(), metrics.MeanSquaredError(),
                              metrics.BinaryAccuracy() } do
      metric:update_state(y, p)
      collectgarbage()
      local before = nd.memory()
      for _ = 1, 50 do
        metric:update_state(y, p)
      end
      collectgarbage()
      assert.is_true(nd.memory() <= before + 4096)
    end
  end)

  it("is above no threshold where a prediction is nan", function()
    near(0, metrics.Precision()({ 1 }, { 0 / 0 }))
    near({ 1 }, { metrics.FalseNegatives()({ 1 }, { 0 / 0 }):item() })
  end)

  it("gives what is ignored, or masked, no weight", function()
    local masks = require "nadir.masks"
    local p = nd.constant { { { .9, .1 }, { .9, .1 } } }
    masks.note(p, nd.constant { { true, false } })
    near(1, metrics.SparseCategoricalAccuracy()({ { 1, 2 } }, p))
    near(math.log(2), metrics.SparseCategoricalCrossentropy {
      ignore_class = 0 }({ 1, 0 }, { { .5, .5 }, { .1, .9 } }))
    near(1, metrics.MeanIoU { num_classes = 2, ignore_class = 255 }(
      { 1, 2, 255 }, { 1, 2, 1 }))
  end)

  it("refuses a mistake", function()
    local four = nd.zeros { 4, 3 }
    refuses("BinaryAccuracy: shapes differ: y_true is [4 1], y_pred [4 3]",
      function() metrics.BinaryAccuracy()(nd.zeros { 4, 1 }, four) end)
    refuses("CategoricalAccuracy: shapes differ: y_true is [4], y_pred [4 3]; "
      .. "for classes as numbers there is SparseCategoricalAccuracy",
      function() metrics.CategoricalAccuracy()(nd.zeros { 4 }, four) end)
    refuses("MeanSquaredError: sample_weight [3] does not fit what it weighs, "
      .. "[4 3]", function() metrics.MeanSquaredError()(four, four, { 1, 2, 3 })
      end)
    refuses("BinaryAccuracy: threshold must be between 0 and 1, got 2",
      function() metrics.BinaryAccuracy { threshold = 2 } end)
    refuses("Precision: thresholds must be within 0..1, got 3",
      function() metrics.Precision { thresholds = { .5, 3 } } end)
    refuses("Precision: thresholds must be a number or a list of them, got "
      .. "string", function() metrics.Precision { thresholds = "high" } end)
    refuses("Recall: class_id is 4, y_pred [4 3]",
      function() metrics.Recall { class_id = 4 }(four, four) end)
    refuses("Recall: top_k is 2, y_pred [4]", function()
      metrics.Recall { top_k = 2 }(nd.zeros { 4 }, nd.zeros { 4 })
    end)
    refuses("PrecisionAtRecall: recall must be within 0..1, got 2",
      function() metrics.PrecisionAtRecall(2) end)
    refuses("AUC: no such curve: 'x': there are PR, PRGAIN, ROC",
      function() metrics.AUC { curve = "x" } end)
    refuses("AUC: no such summation_method: 'x': there are interpolation, "
      .. "majoring, minoring", function()
        metrics.AUC { summation_method = "x" }
      end)
    refuses("AUC: num_thresholds must be 2 or more, got 1",
      function() metrics.AUC { num_thresholds = 1 } end)
    refuses("AUC: num_thresholds must be at most 1048576, got 1048577",
      function() metrics.AUC { num_thresholds = 1048577 } end)
    refuses("AUC: num_labels is for multi_label only",
      function() metrics.AUC { num_labels = 2 } end)
    refuses("AUC: y_pred must be [n labels], got [4]", function()
      metrics.AUC { multi_label = true }(nd.zeros { 4 }, nd.zeros { 4 })
    end)
    refuses("AUC: y_pred has 3 labels, and had 2", function()
      metrics.AUC { multi_label = true, num_labels = 2 }(four, four)
    end)
    refuses("F1Score: no such average: 'all': there are macro, micro, none, "
      .. "weighted",
      function() metrics.F1Score "all" end)
    refuses("FBetaScore: beta must be above 0, got 0",
      function() metrics.FBetaScore { beta = 0 } end)
    refuses("F1Score: threshold must be above 0, and at most 1, got 2",
      function() metrics.F1Score { threshold = 2 } end)
    refuses("F1Score: y_pred must be [n classes], got [4]",
      function() metrics.F1Score()(nd.zeros { 4 }, nd.zeros { 4 }) end)
    refuses("IoU: target_class_ids must be within 1..2, got 0", function()
      metrics.IoU { num_classes = 2, target_class_ids = { 0 } }
    end)
    refuses("confusion_matrix: labels must be within 1..2, got 3",
      function() metrics.MeanIoU(2)({ 3 }, { 1 }) end)
    refuses("R2Score: no such class_aggregation: 'x': there are none, "
      .. "uniform_average, variance_weighted_average",
      function() metrics.R2Score "x" end)
    refuses("R2Score: num_regressors must be 0 or more, got -1",
      function() metrics.R2Score { num_regressors = -1 } end)
    refuses("R2Score: y_pred must be [n outputs], got [4]",
      function() metrics.R2Score()(nd.zeros { 4 }, nd.zeros { 4 }) end)
    refuses("metrics.get: no such metric: 'accurcy'; did you mean 'accuracy'?",
      function() metrics.get "accurcy" end)
  end)
end)
