--- Names and options that there are none of: the message says so and names the
-- nearest, for TensorFlow's, PyTorch's and NumPy's words too.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local names = require "nadir.names"
local raise = require "cases".raise
local refusal = require "support".refusal

assert(_VERSION == "Lua 5.4")

local function asked(object, name)
  return refusal(function() return object[name] end)
end

describe("an unknown name", function()
  it("is an error in the module, at the script's line", function()
    raise [[
      nd.sum(x)      --> nd: no such name: 'sum'; did you mean 'reduce_sum'?
      nd.matmull     --> nd: no such name: 'matmull'; did you mean 'matmul'?
      nd.Zeros       --> nd: no such name: 'Zeros'; did you mean 'zeros'?
      nd.xyzzy       --> nd: no such name: 'xyzzy'
      nd.arange      --> nd: no such name: 'arange'; did you mean 'range'?
      nd.cat         --> nd: no such name: 'cat'; did you mean 'concat'?
    ]]
  end)

  it("is named with its module if it is in another", function()
    raise [[
      nd.SGD     --> nd: no such name: 'SGD'; did you mean 'optimizers.SGD'?
      nd.randn   --> nd: no such name: 'randn'; did you mean 'random.normal'?
      nd.nn.abs      --> nd.nn: no such name: 'abs'; use nd.abs
      x:zeros()      --> Tensor: no such name: 'zeros'; use nd.zeros
      nd.Dense   --> nd: no such name: 'Dense'; did you mean 'layers.Dense'?
      nd.Linear  --> nd: no such name: 'Linear'; did you mean 'layers.Dense'?
    ]]
  end)

  it("is an error in its modules", function()
    raise [[
      nd.optimizers.RMSPROP
        --> nd.optimizers: no such name: 'RMSPROP'; did you mean 'RMSprop'?
      nd.optimizers.adam
        --> nd.optimizers: no such name: 'adam'; did you mean 'Adam'?
      nd.random.unifrom
        --> nd.random: no such name: 'unifrom'; did you mean 'uniform'?
      nd.nn.rulu     --> nd.nn: no such name: 'rulu'; did you mean 'relu'?
      nd.layers.Dens --> nd.layers: no such name: 'Dens'; did you mean 'Dense'?
      nd.layers.relu --> nd.layers: no such name: 'relu'; use nd.relu
      nd.plot.scater
        --> nd.plot: no such name: 'scater'; did you mean 'scatter'?
    ]]
  end)

  it("is an error in tensors and Variables", function()
    raise [[
      x.T            --> Tensor: no such name: 'T'; did you mean 'transpose'?
      x:mean()     --> Tensor: no such name: 'mean'; did you mean 'reduce_mean'?
      m.shap         --> Tensor: no such name: 'shap'; did you mean 'shape'?
      x[1].foo       --> Tensor: no such name: 'foo'
      x:assign(1)
        --> assign: tensors never change, only Variables and parts of them do,
        ... as in v[{1, 2}]:assign(x)
      nd.assign(x, 1)
        --> nd: no such name: 'assign'; use assign of a Variable;
        ... tensors never change
      nd.std(x)
        --> nd: no such name: 'std'; did you mean 'reduce_std'?
      nd.sorted(x)  --> nd: no such name: 'sorted'; did you mean 'sort'?
      nd.truediv(x) --> nd: no such name: 'truediv'; did you mean 'divide'?
      nd.linalg.adjoint
        --> nd.linalg: no such name: 'adjoint'; did you mean 'matrix_transpose'?
      nd.linalg.tensor_diag
        --> nd.linalg: no such name: 'tensor_diag'; did you mean 'diag'?
      x:get_shape()
        --> Tensor: no such name: 'get_shape'; did you mean 'shape'?
      nd.power(x, 2)  --> nd: no such name: 'power'; did you mean 'pow'?
      nd.clip(x, 0, 1)
        --> nd: no such name: 'clip'; did you mean 'clip_by_value'?
      nd.set_random_seed(1)
        --> nd: no such name: 'set_random_seed';
        ... did you mean 'random.set_seed'?
      x:t()  --> Tensor: no such name: 't'; did you mean 'transpose'?
      x:backward()
        --> Tensor: no such name: 'backward';
        ... use tape:gradient(loss, variables)
      nd.Variable(1.):asign()
        --> Variable: no such name: 'asign'; did you mean 'assign'?
      nd.Variable(1.).requires_grad
        --> Variable: no such name: 'requires_grad'; did you mean 'trainable'?
    ]]
  end)

  it("is an error in objects of every class", function()
    local Dense = require "nadir.layers.dense"
    local Sequential = nd.Sequential
    local sgd, layer = nd.optimizers.SGD {}, Dense(2)
    assert.equal("SGD: no such name: 'lr'; did you mean 'learning_rate'?",
      asked(sgd, "lr"))
    assert.equal("SGD: no such name: '1'", asked(sgd, 1))
    assert.equal("GradientTape: no such name: 'gradien'; "
      .. "did you mean 'gradient'?", asked(nd.GradientTape(), "gradien"))
    assert.equal("RandomState: no such name: 'rnad'; did you mean 'rand'?",
      asked(nd.random.RandomState(1), "rnad"))
    assert.equal("Dense: no such name: 'weight'; did you mean 'weights'?",
      asked(layer, "weight"))
    assert.equal("Dense: no such name: 'trainable_variable'; "
      .. "did you mean 'trainable_variables'?",
      asked(layer, "trainable_variable"))
    assert.equal("Dense: no such name: 'extent'; did you mean 'extend'?",
      asked(Dense, "extent"))
    assert.equal("Sequential: no such name: 'layer'; did you mean 'layers'?",
      asked(Sequential { layer }, "layer"))
    assert.equal("plot.figure: no such name: 'sav'; did you mean 'save'?",
      asked(nd.plot.figure(), "sav"))
  end)

  it("can be asked for without an error", function()
    assert.is_nil(rawget(nd, "sum"))
    assert.is_nil(nd[1])
    assert.is_false(pcall(function() return nd.zeros(2).sum end))
    for name in pairs(nd) do
      assert.is_string(name)
    end
  end)

  it("may be given a meaning", function()
    nd.cube = function(x) return x * x * x end
    assert.equal(8, nd.cube(nd.constant(2)):item())
    nd.cube = nil
    assert.equal("nd: no such name: 'cube'", asked(nd, "cube"))
  end)
end)

describe("an unknown option", function()
  it("is an error that names the known ones and the nearest", function()
    raise [[
      nd.optimizers.SGD { lr = .1 }
        --> SGD: unknown option 'lr': it takes learning_rate, momentum,
        ... nesterov, weight_decay, clipnorm, clipvalue, global_clipnorm,
        ... use_ema, ema_momentum, ema_overwrite_frequency, loss_scale_factor,
        ... gradient_accumulation_steps, lazy; did you mean 'learning_rate'?
      (function() nd.optimizers.SGD {}.lr = 1 end)()
        --> SGD: unknown option 'lr': it takes learning_rate, momentum,
        ... nesterov, weight_decay, clipnorm, clipvalue, global_clipnorm,
        ... use_ema, ema_momentum, ema_overwrite_frequency, loss_scale_factor,
        ... gradient_accumulation_steps, lazy; did you mean 'learning_rate'?
      nd.reduce_sum(x, { dim = 1 })
        --> reduce_sum: unknown option 'dim': it takes x, axis, keepdims;
        ... did you mean 'axis'?
      nd.Variable(1, { trainabel = false })
        --> Variable: unknown option 'trainabel': it takes value, trainable,
        ... name, dtype, constraint, shape; did you mean 'trainable'?
      nd.random.RandomState(1, { seed = 1 })
        --> RandomState: seed is given twice
      nd.random.RandomState(1):normal { mean = 1 }
        --> normal: unknown option 'mean': it takes loc, scale, size, dtype;
        ... did you mean 'loc'?
      nd.plot.figure { titel = "x" }
        --> figure: unknown option 'titel': it takes grid, height, legend,
        ... title, width, xlabel, xlim, ylabel, ylim; did you mean 'title'?
      require "nadir.layers.dense" (1, { activaton = "relu" })
        --> Dense: unknown option 'activaton': it takes units, activation,
        ... use_bias, kernel_initializer, bias_initializer,
        ... kernel_regularizer, bias_regularizer, kernel_constraint,
        ... bias_constraint, name, trainable, dtype, activity_regularizer; did
        ... you mean 'activation'?
    ]]
  end)

  it("is the first of several in the order of letters", function()
    for _ = 1, 20 do
      raise [[
        nd.Variable(1, { b = 1, d = 1, a = 1, c = 1 })
          --> Variable: unknown option 'a': it takes value, trainable, name,
          ... dtype, constraint, shape
        nd.plot.figure { b = 1, d = 1, a = 1, c = 1 }
          --> figure: unknown option 'a': it takes grid, height, legend, title,
          ... width, xlabel, xlim, ylabel, ylim
      ]]
    end
  end)
end)

describe("a name with a NUL in it", function()
  it("is none that there is", function()
    local x = nd.zeros { 2 }
    assert.has_error(function() return x["shape\0"] end)
    assert.has_error(function() return nd.Variable(x)["shape\0x"] end)
  end)
end)

describe("the nearest name", function()
  local function nearest(word, ...)
    return names.missing("it", word, { ... }):match "did you mean '(.*)'%?"
  end

  it("lacks, adds, changes or swaps few letters for its length", function()
    local list = { "reduce_mean", "reduce_min", "abs" }
    for _, word in ipairs { "reduce_men", "reducemean", "erduce_mean",
      "reduce_meanx", "REDUCE_MEAN", "rdeuce_maen" } do
      assert.equal("reduce_mean", nearest(word, table.unpack(list)))
    end
    assert.equal("abs", nearest("asb", table.unpack(list)))
    assert.is_nil(nearest("xyz", table.unpack(list)))
    assert.is_nil(nearest("", table.unpack(list)))
  end)
end)

describe("the table of foreign names", function()
  local foreign = require "nadir.foreign"

  it("leads to names that there are", function()
    local known = { axis = true, keepdims = true, learning_rate = true,
      beta_1 = true, beta_2 = true, epsilon = true, minval = true,
      maxval = true, mean = true, stddev = true, loc = true, scale = true,
      trainable = true, trainable_variables = true, w = true, b = true,
      low = true, high = true, rows = true, columns = true, value = true,
      transpose_a = true, transpose_b = true, threshold = true,
      shape = true, dtype = true, rank = true, size = true, gradient = true,
      stop_recording = true, totable = true, apply_gradients = true,
      scalar = true }
    for _, t in ipairs { nd, nd.nn, nd.linalg, nd.random, nd.optimizers,
      nd.layers, nd.summary } do
      for name in pairs(t) do known[name] = true end
    end
    for name, ours in pairs(foreign) do
      for _, word in ipairs(type(ours) == "table" and ours or { ours }) do
        assert(known[word] or word:find "^use ", name .. " leads to " .. word)
      end
    end
  end)

  it("is sorted", function()
    local file <close> = assert(io.open "lua/nadir/foreign.lua")
    local last = ""
    for line in file:lines() do
      local name = line:match "^  ([%w_]+) ="
      if name then
        assert(last < name, name .. " after " .. last)
        last = name
      end
    end
    assert.not_equal("", last)
  end)
end)
