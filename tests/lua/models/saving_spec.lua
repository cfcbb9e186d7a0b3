--- Models in files: the same again, bit for bit.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local checkpoint_file = require "nadir.checkpoint_file"
local support = require "support"
local refuses = support.refuses
local L = nd.layers

assert(_VERSION == "Lua 5.4")

-- Calls use(path) with the name of a file that does not outlive it.
local function with_new_file(use)
  support.with_file("", use)
end

local function bits(x)
  return x:tobytes()
end

local Net = nd.Model:extend "Net"
function Net:init(width)
  self.hidden, self.out = L.Dense(width, { activation = "tanh" }), L.Dense(1)
end
function Net:call(x) return self.out(self.hidden(x)) end

local makers = {
  sequential = function()
    return nd.Sequential { L.Dense(4, { activation = "relu" }), L.Dropout(0.5),
                           L.BatchNormalization(), L.Dense(1) }
  end,
  ["sequential from an input"] = function()
    return nd.Sequential { nd.Input { 8 }, L.Dense(4, {
      kernel_regularizer = nd.regularizers.L2(0.1) }), L.Dense(1) }
  end,
  ["drawn up"] = function()
    local x = nd.Input { 8 }
    local a, shared = L.Dense(4)(x), L.Dense(3)
    local b = a:reshape { -1, 2, 2 } :reshape { -1, 4 }
    return nd.Model(x, L.Dense(1)(L.Concatenate() { shared(a * 2 + 1),
                                                    shared(b) }))
  end,
  ["of a class"] = function() return Net(5) end,
  nested = function() return nd.Sequential { Net(3), nd.Sequential {
    L.Dense(2) }, L.Dense(1) } end,
}

local x, y = nd.random.normal { 40, 8 }, nd.random.normal { 40, 1 }

local function go_on(model, epochs)
  nd.random.set_seed(5)
  return model:fit(x, y, { epochs = epochs, verbose = 0, batch_size = 16 })
    .history
end

local function trained(make)
  local model = make()
  model:compile { optimizer = nd.optimizers.Adam {
    learning_rate = nd.optimizers.schedules.CosineDecay(0.01, 100) },
    loss = nd.losses.Huber { delta = 2 },
    metrics = { "mae", nd.metrics.MeanSquaredError { name = "squares" } } }
  go_on(model, 2)
  return model
end

describe("a saved model", function()
  it("may have layers as activations", function()
    local model = nd.Sequential { L.Dense(3, { activation = L.PReLU {
      alpha_initializer = "ones" } }), L.Dense(1) }
    model(x)
    with_new_file(function(path)
      model:save(path)
      assert.equal(bits(model:predict(x)),
        bits(nd.models.load_model(path):predict(x)))
    end)
  end)

  for name, make in pairs(makers) do
    it("is the same when it is loaded, and trains on: " .. name, function()
      local model = trained(make)
      with_new_file(function(path)
        model:save(path)
        local again = nd.models.load_model(path, {
          custom_objects = { Net = Net } })
        assert.equal(bits(model:predict(x)), bits(again:predict(x)))
        assert.same(go_on(model, 2), go_on(again, 2))
        assert.equal(bits(model:predict(x)), bits(again:predict(x)))
        assert.equal(model.optimizer.iterations, again.optimizer.iterations)
      end)
    end)
  end

  it("may hold a model that is drawn up", function()
    local input = nd.Input { 8 }
    local inner = nd.Model(input, L.Dense(2)(input), { name = "inner" })
    local outer = nd.Input { 8 }
    for _, model in ipairs { nd.Sequential { inner, L.Dense(1) },
                             nd.Model(outer, L.Dense(1)(inner(outer))) } do
      model(x)
      with_new_file(function(path)
        model:save(path)
        local again = nd.models.load_model(path)
        assert.equal(bits(model:predict(x)), bits(again:predict(x)))
        assert.equal(2, #again:get_layer("inner").weights)
      end)
    end
  end)

  it("has its names, and is frozen where it was", function()
    local Outer = nd.Model:extend "Outer"
    function Outer:init() self.net, self.last = Net(3), L.Dense(2) end
    function Outer:call(v) return self.last(self.net(v)) end
    local model = Outer()
    model:compile("adam", "mse")
    model(x)
    local function same()
      with_new_file(function(path)
        model:fit(x, nd.ones { 40, 2 }, { verbose = 0 })
        model:save(path)
        local again = nd.models.load_model(path, {
          custom_objects = { Outer = Outer } })
        local layers = again:named_modules()
        for i, named in ipairs(model:named_modules()) do
          assert.equal(named[1], layers[i][1])
          assert.equal(named[2].trainable, layers[i][2].trainable)
        end
        local variables = again:named_variables()
        for i, named in ipairs(model:named_variables()) do
          assert.equal(named[2].trainable, variables[i][2].trainable)
        end
        assert.equal(model.name, again.name)
        again.trainable = true
        assert.equal(#model.variables, #again.trainable_variables)
      end)
    end
    same()
    model.net.hidden.trainable = false
    same()
    model.net.trainable = false
    same()
    model.net.out.trainable = true
    same()
  end)

  it("leaves the numbers that a program draws alone", function()
    local model = nd.Sequential { L.Dense(3), L.Dropout(0.5) }
    model(x)
    with_new_file(function(path)
      model:save(path)
      nd.random.set_seed(4)
      local want = bits(nd.random.normal { 3 })
      nd.random.set_seed(4)
      nd.models.load_model(path)
      assert.equal(want, bits(nd.random.normal { 3 }))
    end)
  end)

  it("has its optimizer again, whatever that is made of", function()
    local rate = nd.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    for _, optimizer in ipairs {
      nd.optimizers.LossScaleOptimizer(nd.optimizers.Adam {
        learning_rate = rate }),
      nd.optimizers.SGD { learning_rate = rate, momentum = 0.5,
                          use_ema = true },
      nd.optimizers.ScheduleFreeAdamW { warmup_steps = 3 },
      nd.optimizers.MultiOptimizer(nd.optimizers.OptimizerMap("adam", {
        [".*bias"] = nd.optimizers.SGD(rate) })),
    } do
      local model = makers["sequential from an input"]()
      model:compile(optimizer, "mse")
      go_on(model, 2)
      with_new_file(function(path)
        model:save(path)
        local again = nd.models.load_model(path)
        assert.same(go_on(model, 2), go_on(again, 2))
        assert.equal(bits(model:predict(x)), bits(again:predict(x)))
      end)
    end
  end)

  it("may leave out what it was compiled with", function()
    local model = trained(makers.sequential)
    with_new_file(function(path)
      model:save(path, { include_optimizer = false })
      refuses(("fit: %s is not compiled yet; use model:compile"):format(
        model.name), function() go_on(nd.models.load_model(path), 1) end)
      model:save(path)
      assert.is_false(nd.models.load_model(path, { compile = false })
        .optimizer)
    end)
  end)

  it("may be frozen and get another head", function()
    local model = trained(makers["sequential from an input"])
    with_new_file(function(path)
      model:save(path)
      local base = nd.models.load_model(path)
      base:pop()
      base.trainable = false
      local kernel = base.layers[1].kernel
      local before = bits(kernel:read_value())
      local head = nd.Sequential { base, L.Dense(1) }
      head:compile("sgd", "mse")
      local losses = go_on(head, 5).loss
      assert.is_true(losses[5] < losses[1])
      assert.equal(before, bits(kernel:read_value()))
      head:save(path)
      assert.same({}, nd.models.load_model(path).layers[1].trainable_variables)
    end)
  end)
end)

describe("weights in a file", function()
  it("are set by their paths, in any order of making", function()
    local one, other = trained(makers.nested), makers.nested()
    other:build { false, 8 }
    with_new_file(function(path)
      one:save_weights(path)
      assert.equal(6 + 2, other:load_weights(path))
      assert.equal(bits(one:predict(x)), bits(other:predict(x)))
      local names = {}
      for name in pairs(nd.safetensors.load_file(path)) do
        names[#names + 1] = name
      end
      table.sort(names)
      assert.same({ "dense/bias", "dense/kernel", "net/hidden/bias",
                    "net/hidden/kernel", "net/out/bias", "net/out/kernel",
                    "sequential/dense/bias", "sequential/dense/kernel" }, names)
    end)
  end)

  it("are those of a whole model, too", function()
    local one, other = trained(makers.sequential), makers.sequential()
    other:build { false, 8 }
    with_new_file(function(path)
      one:save(path)
      other:load_weights(path)
      assert.equal(bits(one:predict(x)), bits(other:predict(x)))
    end)
  end)

  it("of others are renamed, and cast", function()
    local dense = nd.Sequential { L.Dense(2) }
    dense:build { false, 1 }
    with_new_file(function(path)
      nd.safetensors.save_file({
        ["fc.weight"] = nd.cast({ { 1., 2. } }, "float16"),
        ["fc.bias"] = nd.constant { 3., 4. },
      }, path)
      assert.equal(2, dense:load_weights(path, { rename = function(name)
        return ({ ["fc.weight"] = "dense/kernel", ["fc.bias"] = "dense/bias" })
          [name]
      end }))
      assert.same({ { 4, 6 } }, dense({ { 1. } }):totable())
      refuses("load_weights: rename must give a path or nil, got 3",
        function()
          dense:load_weights(path, { rename = function() return 3 end })
        end)
      dense:save(path)
      refuses("custom_objects: needs a table of classes by name, got 3",
        function() nd.models.load_model(path, { custom_objects = 3 }) end)
    end)
  end)

  it("that do not fit are refused, and nothing is set", function()
    local dense = nd.Sequential { L.Dense(2) }
    dense:build { false, 1 }
    local before = bits(dense.weights[1]:read_value())
    with_new_file(function(path)
      nd.safetensors.save_file({ ["dense/kernel"] = nd.ones { 1, 2 } }, path)
      refuses("load_weights: the file lacks weights: dense/bias",
        function() dense:load_weights(path) end)
      nd.safetensors.save_file({ ["dense/kernel"] = nd.ones { 1, 2 },
        ["dense/bias"] = nd.ones { 3 }, other = nd.ones { 1 } }, path)
      refuses("load_weights: the file does not fit: dense/bias is [3], not "
        .. "[2], no weight is called other",
        function() dense:load_weights(path) end)
      assert.equal(before, bits(dense.weights[1]:read_value()))
      assert.equal(1, dense:load_weights(path, { skip_mismatch = true }))
      assert.same({ { 1, 1 } }, dense.weights[1]:totable())
    end)
  end)
end)

describe("saving", function()
  it("go by paths, which may be others in the file", function()
    local model = nd.Sequential { nd.Input { 2 }, L.Dense(1) }
    refuses("load_weights: unknown option 'by_name': it takes filepath, "
      .. "skip_mismatch, rename; use skip_mismatch, or rename for other paths",
      function() model:load_weights("x", { by_name = true }) end)
  end)

  it("refuses a mistake", function()
    with_new_file(function(path)
      refuses("save: m is not built yet; call it, or use model:build",
        function()
          nd.Sequential { layers = { L.Dense(1) }, name = "m" }:save(path)
        end)
      nd.safetensors.save_file({ w = nd.ones { 1 } }, path)
      refuses(("load_model: %s holds no model, only tensors; use "
        .. "model:load_weights"):format(path),
        function() nd.models.load_model(path) end)
      trained(makers.sequential):save(path)
      local tensors, values = checkpoint_file.read(path)
      values.model.frozen.layers = { 3 }
      checkpoint_file.write(path, tensors, values)
      refuses(("load_model: %s: the configuration is damaged: "
        .. "model.frozen.layers[1] is a number, not of the type string"):format(
        path), function() nd.models.load_model(path) end)
      values.model.frozen.layers = {}
      values.model.state = { dropout = { draws = { 1 } } }
      checkpoint_file.write(path, tensors, values)
      assert.is_truthy(support.refusal(nd.models.load_model, path):find(
        "is damaged: it.draws is a table, not of the type integer$"))
      trained(makers["of a class"]):save(path)
      refuses("load_model: no such model: 'Net'; a class of a script goes "
        .. "into custom_objects", function() nd.models.load_model(path) end)
      local model = nd.Sequential { L.Dense(1, { activation = function(v)
        return v
      end, name = "d" }) }
      model(x)
      refuses("get_config: Dense.activation is a function, which no file can "
        .. "hold; give it by its name, or by a class", function()
          model:save(path)
        end)
    end)
  end)
end)

it("files of models that are nearly right are refused, or sound", function()
  package.path = "tests/?.lua;" .. package.path
  with_new_file(function(path)
    assert.equal(200, require "fuzz.models".run(path, math.huge, 200, 1, 20))
  end)
end)

describe("a checkpoint", function()
  -- All that a training by hand goes on from.
  local function new_run()
    nd.random.set_seed(3)
    local run = { w = nd.Variable { 1., 2. }, layer = L.Dense(2),
                  random = nd.random.RandomState(1),
                  adam = nd.optimizers.Adam { learning_rate = 0.1 } }
    run.layer:build { false, 2 }
    return run, nd.train.Checkpoint(run)
  end

  local function take_step(run)
    run.adam:minimize(function()
      local noise = nd.random.normal { 3, 2 } + run.random:randn(3, 2)
      return nd.reduce_sum(run.layer(noise) * run.w)
    end)
    return bits(run.w:read_value()) .. bits(run.layer.kernel:read_value())
  end

  it("goes on with the same bits", function()
    local run, checkpoint = new_run()
    take_step(run)
    with_new_file(function(path)
      checkpoint:write(path)
      local first, second = take_step(run), take_step(run)
      local again, reader = new_run()
      nd.random.set_seed(77)
      reader:restore(path)
      assert.equal(first, take_step(again))
      assert.equal(second, take_step(again))
    end)
  end)

  it("is one of several that a manager keeps", function()
    local directory = os.tmpname()
    os.remove(directory)
    local run, checkpoint = new_run()
    local manager = nd.train.CheckpointManager(checkpoint, directory, 2)
    assert.is_nil(manager.latest_checkpoint)
    assert.is_nil(manager:restore_or_initialize())
    for i = 1, 3 do
      run.w:assign { i, i }
      assert.equal(("%s/ckpt-%d"):format(directory, i), manager:save())
    end
    assert.same({ directory .. "/ckpt-2", directory .. "/ckpt-3" },
      manager.checkpoints)
    assert.is_nil(io.open(directory .. "/ckpt-1"))
    assert.equal(directory .. "/ckpt-3",
      nd.train.latest_checkpoint(directory))
    local again, reader = new_run()
    local other = nd.train.CheckpointManager(reader, directory, 2)
    assert.equal(directory .. "/ckpt-3", other:restore_or_initialize())
    assert.same({ 3, 3 }, again.w:totable())
    assert.equal(directory .. "/ckpt-4", other:save())
    os.execute("rm -r " .. directory)
  end)

  it("keeps the file that was written last, where one of its name was before",
    function()
      local directory = os.tmpname()
      os.remove(directory)
      assert(os.execute("mkdir " .. directory))
      for i, saves in ipairs { 2, 1 } do
        local run, checkpoint = new_run()
        local manager = nd.train.CheckpointManager(checkpoint, directory, 2)
        run.w:assign { i, i }
        for _ = 1, saves do
          manager:save()
        end
      end
      assert.equal(directory .. "/ckpt-1",
        nd.train.latest_checkpoint(directory))
      local again, reader = new_run()
      nd.train.CheckpointManager(reader, directory, 2):restore_or_initialize()
      assert.same({ 2, 2 }, again.w:totable())
      os.execute("rm -r " .. directory)
    end)

  it("keeps as many files after one that could not be listed", function()
    local directory = os.tmpname()
    os.remove(directory)
    local run, checkpoint = new_run()
    local manager = nd.train.CheckpointManager(checkpoint, directory, 1)
    manager:save()
    os.remove(directory .. "/checkpoint")
    assert(os.execute(("mkdir %s/checkpoint"):format(directory)))
    refuses(("save: cannot write %s/checkpoint: it is no regular file")
      :format(directory), function() manager:save() end)
    os.remove(directory .. "/checkpoint")
    run.w:assign { 3, 3 }
    assert.equal(directory .. "/ckpt-3", manager:save())
    assert.same({ directory .. "/ckpt-3" }, manager.checkpoints)
    assert.is_nil(io.open(directory .. "/ckpt-1"))
    assert.is_nil(io.open(directory .. "/ckpt-2"))
    os.execute("rm -r " .. directory)
  end)

  it("counts the files that were written", function()
    local _, checkpoint = new_run()
    assert.is_false(pcall(checkpoint.save, checkpoint, "/no/where"))
    assert.equal(0, checkpoint.save_counter)
  end)

  it("sets nothing where one of all does not fit", function()
    with_new_file(function(path)
      nd.train.Checkpoint { a = nd.Variable(1.), b = nd.Variable { 1., 2. } }
        :write(path)
      local a, b = nd.Variable(5.), nd.Variable(6.)
      refuses("restore: shapes differ: the variable is [], the value is [2]",
        function() nd.train.Checkpoint { a = a, b = b }:restore(path) end)
      assert.equal(5, a:item())
      local sgd = nd.optimizers.SGD()
      nd.train.Checkpoint { a = a, sgd = nd.optimizers.Adam() }:write(path)
      a:assign(7)
      refuses("load_state_dict: the state is of Adam, not of SGD",
        function() nd.train.Checkpoint { a = a, sgd = sgd }:restore(path) end)
      assert.equal(7, a:item())
    end)
  end)

  it("keeps no file elsewhere", function()
    local directory = os.tmpname()
    os.remove(directory)
    assert(os.execute("mkdir " .. directory))
    local _, checkpoint = new_run()
    for _, name in ipairs { "../other", "a/../../other", ".." } do
      local index <close> = io.open(directory .. "/checkpoint", "w")
      index:write(('{"all":["%s"]}'):format(name))
      index:close()
      local problem = ("%s/checkpoint is damaged: it names a file elsewhere: "
        .. "%s"):format(directory, name)
      refuses("CheckpointManager: " .. problem,
        function() nd.train.CheckpointManager(checkpoint, directory, 1) end)
      refuses("latest_checkpoint: " .. problem,
        function() nd.train.latest_checkpoint(directory) end)
    end
    os.execute("rm -r " .. directory)
    for _, path in ipairs { "", "a\0b" } do
      refuses("CheckpointManager: directory names no folder",
        function() nd.train.CheckpointManager(checkpoint, path, 1) end)
      refuses("latest_checkpoint: checkpoint_dir names no folder",
        function() nd.train.latest_checkpoint(path) end)
      refuses("BackupAndRestore: backup_dir names no folder",
        function() nd.callbacks.BackupAndRestore(path) end)
    end
  end)

  it("refuses a mistake", function()
    refuses("Checkpoint: x cannot be kept: it is a number",
      function() nd.train.Checkpoint { x = 3 } end)
    refuses("Checkpoint: needs a table of what it keeps, by name",
      function() nd.train.Checkpoint(3) end)
    refuses("Checkpoint: what it keeps goes by name, as in { model = model }",
      function() nd.train.Checkpoint { nd.Variable(1.) } end)
    with_new_file(function(path)
      nd.train.Checkpoint { a = nd.Variable(1.) }:write(path)
      refuses("restore: the file lacks b",
        function() nd.train.Checkpoint { b = nd.Variable(1.) }:restore(path)
        end)
      local tensors, values = checkpoint_file.read(path)
      values.kept.a = 3
      checkpoint_file.write(path, tensors, values)
      refuses(("restore: %s is damaged: a is a number, not of the type "
        .. "userdata"):format(path),
        function() nd.train.Checkpoint { a = nd.Variable(1.) }:restore(path)
        end)
      nd.safetensors.save_file({}, path)
      refuses(("restore: %s is no checkpoint"):format(path),
        function() nd.train.Checkpoint { b = nd.Variable(1.) }:restore(path)
        end)
    end)
  end)
end)
