--- What nd.help prints: an op's entry, or the names of all ops.
local nd = require "nadir"

assert(_VERSION == "Lua 5.4")

-- The lines that help prints.
local function help(...)
  local lines = {}
  local print_ = print
  _G.print = function(...)
    lines[#lines + 1] = table.concat({ ... }, "\t")
  end
  local ok, message = pcall(nd.help, ...)
  _G.print = print_
  assert(ok, message)
  return table.concat(lines, "\n")
end

describe("help", function()
  it("tells the call, the text, the gradient and the method", function()
    assert.equal([[
nd.matmul(a, b, transpose_a = false, transpose_b = false)
  ]] .. help("matmul"):match("\n  ([^\n]*)") .. [[

  gradient: linear in each input
  also a method: a:matmul()]], help("matmul"))
    assert.equal([[
nd.reduce_sum(x, axis = nil, keepdims = false)
  sum over axes, or over all of them; integers wrap; 0 of none
  gradient: linear
  also a method: x:reduce_sum()]], help("reduce_sum"))
  end)

  it("tells what an op with several outputs gives", function()
    assert.equal("nd.top_k(x, k = 1) -> values, indices",
                 help("top_k"):match("[^\n]*"))
    assert.equal("nd.unstack(x, axis = 1) -> list",
                 help("unstack"):match("[^\n]*"))
  end)

  it("says when there is no gradient and no method", function()
    assert.equal([[
nd.zeros(shape, dtype = float32)
  zeros of that shape
  no gradient]], help("zeros"))
  end)

  it("knows an op of one line", function()
    assert.equal([[
nd.log_sigmoid(x)
  log(sigmoid(x)) without overflow
  gradient: elementwise slope
  also a method: x:log_sigmoid()]], help("log_sigmoid"))
  end)

  it("takes the function too, wherever it is found", function()
    assert.equal(help("exp"), help(nd.exp))
    assert.equal(help("range"), help(nd.range))
    assert.equal(help("softmax"), help(nd.nn.softmax))
    assert.equal(help("softmax"), help("nn.softmax"))
    assert.equal(help("softmax"), help("nd.nn.softmax"))
    assert.equal(help("square"), help("nd.math.square"))
    assert.equal(help("square"), help(nd.math.square))
    assert.equal(help("add"), help("nd.add"))
    assert.equal(help("normal"), help(nd.random.normal))
    assert.matches("^nd%.random%.normal%(shape, ", help("normal"))
  end)

  it("describes every op", function()
    for _, op in ipairs(nd.ops()) do
      local text = help(op.name)
      assert.is_truthy(text:find(op.doc, 1, true), op.name)
      for _, p in ipairs(op.params) do
        assert.is_truthy(text:find(p.name, 1, true), op.name)
      end
    end
  end)

  it("lists the names of all ops", function()
    local names = {}
    for name in help():match("[^\n]*"):gmatch("%S+") do
      names[#names + 1] = name
    end
    assert.equal(#nd.ops(), #names)
    for i = 2, #names do
      assert.is_true(names[i - 1] < names[i])
    end
  end)

  it("lists what else there is, by its table", function()
    local text = help()
    assert.matches("\nnd%.layers: [%w ]*Dense [%w ]*Sequential", text)
    assert.matches("\nnd%.initializers: Constant GlorotNormal ", text)
    assert.matches("\nnd: [%w ]*GradientTape [%w ]*Variable", text)
    assert.matches("\nnd%.optimizers: Adadelta Adafactor [%w ]*SGD", text)
    assert.matches("\nGradientTape: [%w_ ]*gradient [%w_ ]*watch", text)
  end)

  it("lists each method once", function()
    local text = "\n" .. help() .. "\n"
    assert.matches("\nTensor: assign item release tobytes totable\n", text)
    assert.matches("\nGradientTape: batch_jacobian explain gradient hessian "
      .. "jacobian pause release reset stop_recording watch "
      .. "watched_variables\n", text)
    assert.matches("\nVariable: [%w_ ]*read_value [%w_ ]*value\n", text)
    assert.matches("\nModel: build compile [%w_ ]*fit [%w_ ]*metrics", text)
  end)

  it("tells the methods of a class", function()
    local text = help("GradientTape")
    assert.matches("^nd%.GradientTape%(", text)
    assert.matches("\n  methods:\n    batch_jacobian: the same for each",
      text)
    assert.matches("\n    watch: records what [^\n]*\n"
      .. "    watched_variables: [^\n]*$", text)
    assert.matches("^GradientTape:reset%(%)\n  forgets ", help("reset"))
    assert.equal(text, help(nd.GradientTape()))
    assert.matches("^Tensor:assign%(value, .*\nTensor:item%(%)\n",
      help("Tensor"))
    assert.equal(help("Tensor"), help(nd.constant { 1, 2 }))
    assert.matches("Optimizer:apply_gradients", help("Optimizer"))
    assert.equal("nd.is_tensor(value)\n  whether it is a tensor\n"
      .. "  value: is looked at (anything)", help("is_tensor"))
  end)

  it("tells what a module holds", function()
    local text = help("nd.debugging")
    assert.matches("^nd%.debugging%.[%w_]+%(", text)
    assert.matches("\nnd%.debugging%.assert_all_finite%(", text)
    assert.equal(text, help("debugging"))
    assert.equal(text, help(nd.debugging))
  end)

  it("tells what a class takes", function()
    assert.equal([[
nd.Sequential(layers = {}, name = nil, trainable = true, dtype = nil, ]]
  .. [[activity_regularizer = nil)
  calls each layer with what the one before it returned
  layers: anything that can be called (a list of layers)
  name: names of weights begin with it (a string)
  trainable: whether its weights may change (true or false)
  dtype: of its weights; that of its input (float32 or float64)
  activity_regularizer: what the result adds to the loss ]]
  .. [[(the name of a regularizer or a function)
  methods:
    add: Adds a layer to the end
    pop: Takes the last layer off]],
      help("nd.Sequential"):match "^(.-)\n  from ")
    local Dense = nd.layers.Dense
    assert.matches("^nd%.layers%.Dense%(units, activation = nil, "
      .. "use_bias = true, kernel_initializer = glorot_uniform, ",
      help("Dense"))
    for _, what in ipairs { "layers.Dense", "nd.layers.Dense", Dense,
                            Dense(3) } do
      assert.equal(help("Dense"), help(what))
    end
    local Mine = nd.layers.Layer:extend("Mine", {})
    assert.equal("Mine(name = nil, trainable = true, dtype = nil, "
      .. "activity_regularizer = nil)", help(Mine):match "[^\n]*")
  end)

  it("tells what a class in C takes", function()
    assert.equal([[
nd.Variable(value, trainable = true, name = nil, dtype = nil, ]]
      .. [[constraint = nil, shape = nil)
  a place for tensors of one shape
  value: what it begins with, or a function that gives it (a tensor)
  trainable: whether tapes watch it without being told (true or false)
  name: what prints and messages call it (a string)
  dtype: of the value; nil: its own (the name of a dtype)
  constraint: ]]
      .. "what a step of an optimizer gives the value to, and takes it from "
      .. [[(a function)
  shape: those it may have; nil: that of the value ]]
      .. "(a shape, where false is any size, or false for any shape)",
      (help("Variable"):match "(.-)\n  methods:\n    assign: sets the value\n"))
    assert.equal([[
nd.optimizers.SGD(learning_rate = 0.01, momentum = 0, nesterov = false, ]]
      .. "weight_decay = nil, clipnorm = nil, clipvalue = nil, "
      .. "global_clipnorm = nil, use_ema = false, ema_momentum = 0.99, "
      .. "ema_overwrite_frequency = nil, loss_scale_factor = nil, "
      .. "gradient_accumulation_steps = nil, lazy = false)",
      help("SGD"):match "[^\n]*")
    assert.matches("\n  learning_rate: how far a step goes; "
      .. "a function gives it for each %(a number, 0 or more%)\n",
      help("SGD"))
    assert.matches("^nd%.GradientTape%(persistent = false, ",
      help("GradientTape"))
    assert.matches("^nd%.random%.RandomState%(seed = nil%)\n",
      help("random.RandomState"))
    for _, what in ipairs { "nd.optimizers.Adam", "Adam",
                            nd.optimizers.Adam } do
      assert.equal(help("optimizers.Adam"), help(what))
    end
    assert.equal(help("Variable"), help(nd.Variable(1)))
    assert.equal(help("GradientTape"), help(nd.GradientTape()))
  end)

  it("tells what a method takes", function()
    local r = nd.random.RandomState(0)
    assert.equal([[
RandomState:rand(sizes..., dtype = float32)
  evenly distributed, 0 up to 1
  dtype: float32 or float64 (the name of a dtype)]], help(r.rand))
    assert.equal(help(r.choice), help("RandomState:choice"))
    assert.equal(help(r.choice), help("RandomState.choice"))
    assert.matches("unconnected_gradients = none%)", help("gradient"))
    assert.matches("%('none' or 'zero' or 'error'%)$", help("gradient"))
    assert.matches("%(a whole number, a tensor or a list%)", help(r.choice))
  end)

  it("tells something of every parameter of every function", function()
    for _, takes in ipairs(require "nadir.signature".list()) do
      local text = help(takes.path .. takes.name)
      assert.is_truthy(text:find(takes:text(), 1, true), takes.name)
      assert.is_truthy(text:find(takes.doc, 1, true), takes.name)
      for _, p in ipairs(takes.params) do
        assert.is_string(p.doc, takes.name .. " " .. p.name)
        assert.is_truthy(text:find(p.doc, 1, true), takes.name)
      end
    end
  end)

  it("prefers an op to what has its name elsewhere", function()
    assert.matches("^nd%.zeros%(", help("zeros"))
    assert.matches("^nd%.initializers%.zeros%(shape%)\n",
      help("initializers.zeros"))
  end)

  it("says what it does not know", function()
    for _, what in ipairs { 3, {}, print, function() end } do
      assert.has_error(function() nd.help(what) end,
        "help: there is none for a " .. type(what))
    end
    assert.has_error(function() nd.help "qqqqqq" end,
      "help: no such name: 'qqqqqq'")
  end)

  it("tells names that have the words of one that there is not", function()
    assert.has_error(function() nd.help "sparse_crossentropy" end,
      "help: no such name: 'sparse_crossentropy'; did you mean "
      .. "nd.losses.SparseCategoricalCrossentropy, "
      .. "nd.metrics.SparseCategoricalCrossentropy, "
      .. "nd.losses.sparse_categorical_crossentropy, "
      .. "nd.metrics.sparse_categorical_crossentropy?")
    assert.has_error(function() nd.help "tape" end,
      "help: no such name: 'tape'; did you mean nd.GradientTape?")
    assert.has_error(function() nd.help "matmull" end,
      "help: no such name: 'matmull'; did you mean 'matmul'?")
  end)
end)

describe("help of what is written in Lua", function()
  it("tells of a method what its comment and its signature say", function()
    local text = help "fit"
    assert.matches("^Model:fit%(x, y = nil, batch_size = 32, epochs = 1", text)
    assert.matches("\n  Trains the model for a number of epochs%.\n", text)
    assert.matches("\n  batch_size: how many examples a step has "
      .. "%(a whole number, 1 or more%)\n", text)
    assert.matches("\n  returns history: `history%.history%.loss%[1%]` is that "
      .. "of the first epoch %(table%)$", text)
    for _, what in ipairs { nd.Model.fit, nd.Sequential({}).fit, "Model:fit",
                            "Model.fit", "Sequential:fit" } do
      assert.equal(text, help(what))
    end
  end)

  it("tells of one without a signature what its comment says", function()
    assert.equal([[
Layer:set_weights(values)
  Sets the weights to the values, in the order of `weights`, all or none.
  values: table]], help "set_weights")
    assert.equal([[
nd.keras.utils.to_categorical(x, num_classes = nil)
  Rows with a 1 in the place of each label, which count from 1.
  x: whole numbers of any shape (any)
  num_classes: the largest label (integer)
  returns float32 (tensor)]], help(nd.keras.utils.to_categorical))
  end)

  it("tells of a method in a module that is opened later", function()
    assert.matches("^Model:save%(filepath, include_optimizer = true%)\n"
      .. "  Writes the model to one file: ", help "Model:save")
    assert.matches("^Model:summary%(line_length = nil, .*\n"
      .. "  print_fn: called with each line %(a function%)\n", help "summary")
  end)

  it("tells of a class what its module begins with, and its methods", function()
    local text = help "Model"
    assert.matches("^nd%.Model%(inputs, outputs, options = nil%)\n"
      .. "  a layer that is trained as a whole, ", text)
    assert.matches("\n    local model = nd%.Model%(x, y%)\n", text)
    assert.matches("\n  methods:\n    build: [^\n]*\n    compile: Says ", text)
    assert.matches("\n  fields:\n    layers: The layers ", text)
    assert.matches("\n  from Layer: [%w_ ]*add_weight [%w_ ]*\n", text)
    assert.matches("\n  from Module: ", text)
    assert.matches("\n  also: nd%.models%.Model$", text)
    assert.not_matches("held_metrics", text)
    for line in text:gmatch "    [^\n]*" do
      assert.is_true(#line <= 80, line)
    end
  end)

  it("tells of classes of scripts what they have from ours", function()
    local Net = nd.Model:extend "Net"
    assert.matches("^Net%(inputs, outputs, options = nil%)\n", help(Net))
    function Net:init(width) self.width = width end
    assert.matches("^Net%(%.%.%.%)\n  from Model: build ", help(Net))
    local Largest = nd.metrics.Metric:extend("Largest", {})
    assert.matches("\n  from Metric: add_sum ", help(Largest()))
  end)

  it("tells fields, and modules sooner", function()
    assert.equal("Layer.trainable\n  Whether its weights may change, with "
      .. "those of all within; may be set.", help "trainable")
    assert.matches("^nd%.metrics%.AUC%(.*\n  also: Model%.metrics$",
      help "metrics")
  end)

  it("tells the methods of each kind of object that is trained with", function()
    assert.matches("\n  from Optimizer: apply_gradients ", help "Adam")
    assert.matches("\n    add_weight: Makes a Variable ", help "metrics.Metric")
    assert.matches("\n    restore: Sets all that it keeps, ", help "Checkpoint")
    assert.matches("\n  from Callback: ", help "EarlyStopping")
    assert.matches("\n    reset_states: Begins with ", help "Bidirectional")
  end)

  it("knows all that scripts reach but for a few functions in C", function()
    local few = { linear = true, load = true, ops = true, range = true }
    local namespace = require "nadir.namespace"
    local function visit(t, seen)
      seen[t] = true
      for name, value in pairs(t) do
        if namespace.is(value) and not seen[value] then
          visit(value, seen)
        elseif type(value) == "function" and not few[name]
          and name ~= "resolve" then
          assert.is_true(#help(value) > 0, name)
        end
      end
    end
    visit(nd, {})
  end)
end)
