--- nd.callbacks.TensorBoard: which numbers it writes where, and when.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local events = require "events"
local support = require "support"
local refuses = support.refuses
local TensorBoard = nd.callbacks.TensorBoard

assert(_VERSION == "Lua 5.4")

local x = nd.range(1., 6.):reshape { 6, 1 }

local function one_layer(optimizer, metrics)
  local model = nd.Sequential {
    nd.Input { 1 }, nd.layers.Dense(1, { kernel_initializer = "ones" }),
  }
  model:compile { optimizer = optimizer or nd.optimizers.SGD(0.01),
                  loss = "mse", metrics = metrics or { "mae" } }
  return model
end

-- Trains for two epochs of three batches each; gives the history.
local function train_twice(model, callbacks, held)
  return model:fit(x, 2 * x, { epochs = 2, batch_size = 2, verbose = 0,
    shuffle = false, validation_data = held and { x, 3 * x } or nil,
    callbacks = callbacks }).history
end

-- The events of the only file in a folder, without the first: lists of tag,
-- step and value.
local function numbers_in(folder)
  local files = events.files(folder)
  assert.equal(1, #files)
  local list = {}
  for i, event in ipairs(events.of(files[1])) do
    list[i - 1] = { event.tag, event.step, event.value }
  end
  list[0] = nil
  return list
end

local function float32(value)
  return (("<f"):unpack(("<f"):pack(value)))
end

-- Rows of tags, and of values by tag, as `numbers_in` gives them.
local function rounded(...)
  local list = {}
  for i, row in ipairs { ... } do
    list[i] = { row[1], row[2], float32(row[3]) }
  end
  return list
end

-- The tags of events, each with its step.
local function tags_of(list)
  local tags = {}
  for i, event in ipairs(list) do
    tags[i] = ("%s %d"):format(event[1], event[2])
  end
  return tags
end

describe("TensorBoard", function()
  it("writes the numbers of epochs, of training and validation", function()
    events.with_folder(function(folder)
      local h = train_twice(one_layer(), { TensorBoard(folder) }, true)
      assert.same({ folder .. "/train", folder .. "/validation" },
        events.files(folder))
      assert.same(rounded(
        { "epoch_learning_rate", 1, 0.01 }, { "epoch_loss", 1, h.loss[1] },
        { "epoch_mae", 1, h.mae[1] },
        { "epoch_learning_rate", 2, 0.01 }, { "epoch_loss", 2, h.loss[2] },
        { "epoch_mae", 2, h.mae[2] }), numbers_in(folder .. "/train"))
      local loss, mae = h.val_loss, h.val_mae
      assert.same(rounded(
        { "evaluation_loss_vs_iterations", 3, loss[1] },
        { "evaluation_mae_vs_iterations", 3, mae[1] },
        { "epoch_loss", 1, loss[1] }, { "epoch_mae", 1, mae[1] },
        { "evaluation_loss_vs_iterations", 6, loss[2] },
        { "evaluation_mae_vs_iterations", 6, mae[2] },
        { "epoch_loss", 2, loss[2] }, { "epoch_mae", 2, mae[2] }),
        numbers_in(folder .. "/validation"))
    end)
  end)

  it("writes those of batches as often as it is told", function()
    for freq, steps in pairs { batch = { 1, 2, 3, 4, 5, 6 }, epoch = {},
                               [2] = { 2, 4, 6 }, [4] = { 4 } } do
      events.with_folder(function(folder)
        local want, got, batch = {}, {}, 0
        local notes = nd.callbacks.LambdaCallback {
          on_train_batch_end = function(_, logs)
            batch = batch + 1
            want[batch] = { float32(logs.loss), float32(logs.mae) }
          end }
        train_twice(one_layer(), { notes, TensorBoard { log_dir = folder,
                                                update_freq = freq } })
        for _, event in ipairs(numbers_in(folder .. "/train")) do
          local name = event[1]:match "^batch_(.*)"
          if name then
            got[#got + 1] = event[2]
            assert.equal(want[event[2]][name == "loss" and 1 or 2], event[3])
          end
        end
        local twice = {}
        for _, step in ipairs(steps) do
          table.move({ step, step }, 1, 2, #twice + 1, twice)
        end
        assert.same(twice, got)
      end)
    end
  end)

  it("tells how many batches a second are done", function()
    events.with_folder(function(folder)
      local keys
      train_twice(one_layer(nil, {}), { TensorBoard(folder, { update_freq = 3,
        write_steps_per_second = true }), nd.callbacks.LambdaCallback {
          on_train_batch_end = function(_, logs)
            keys = require "nadir.structure".keys(logs)
          end } })
      local list = numbers_in(folder .. "/train")
      assert.same({
        "batch_loss 3", "batch_steps_per_second 3", "epoch_learning_rate 1",
        "epoch_loss 1", "epoch_steps_per_second 1",
        "batch_loss 6", "batch_steps_per_second 6", "epoch_learning_rate 2",
        "epoch_loss 2", "epoch_steps_per_second 2",
      }, tags_of(list))
      assert.is_true(list[2][3] > 1 and list[5][3] > 1)
      assert.same({ "loss" }, keys)
    end)
  end)

  it("writes each number of a metric that has several", function()
    events.with_folder(function(folder)
      local model = nd.Model:extend "Own" ()
      function model.train_step() return { f1 = nd.constant { 0.5, 0.25 } } end
      model:fit(nd.ones { 1, 1 }, { verbose = 0,
                                    callbacks = { TensorBoard(folder) } })
      assert.same({ { "epoch_f1/1", 1, 0.5 }, { "epoch_f1/2", 1, 0.25 } },
        numbers_in(folder .. "/train"))
    end)
    events.with_folder(function(folder)
      local model = nd.Model:extend "Own" ()
      function model.train_step() return { note = "fine" } end
      refuses("TensorBoard: epoch_note must be a number, got string",
        model.fit, model, nd.ones { 1, 1 }, { verbose = 0,
          callbacks = { TensorBoard(folder) } })
    end)
  end)

  it("has the rates of several optimizers, and of one inside", function()
    local function rates(optimizer)
      local list = {}
      events.with_folder(function(folder)
        train_twice(one_layer(optimizer, {}), { TensorBoard(folder) })
        for _, event in ipairs(numbers_in(folder .. "/train")) do
          if event[2] == 1 then
            list[event[1]] = event[3]
          end
        end
      end)
      list.epoch_loss = nil
      return list
    end
    local O = nd.optimizers
    local first, second = O.SGD(0.5), O.SGD(0.25)
    assert.same({ epoch_learning_rate_SGD = 0.5,
                  epoch_learning_rate_SGD_2 = 0.25 },
      rates(O.MultiOptimizer(function(variable)
        return variable.name:find "kernel" and first or second
      end)))
    assert.same({ epoch_learning_rate = 0.5 },
      rates(O.LossScaleOptimizer(O.SGD(0.5))))
    local Own = require "nadir.class" "Own"
    function Own.apply_gradients() end
    function Own.scale_loss(_, loss) return loss end
    assert.same({}, rates(Own()))
  end)

  it("writes an evaluation without a training to a file of its own", function()
    events.with_folder(function(folder)
      local model, board = one_layer(), TensorBoard(folder)
      local loss, mae = model:evaluate(x, x, { callbacks = { board },
                                               verbose = 0 })
      assert.same({ folder .. "/validation" }, events.files(folder))
      assert.same(rounded({ "evaluation_loss_vs_iterations", 0, loss },
          { "evaluation_mae_vs_iterations", 0, mae }),
        numbers_in(folder .. "/validation"))
      model:evaluate(x, x, { callbacks = { board }, verbose = 0 })
      assert.equal(2, #events.files(folder .. "/validation"))
    end)
  end)

  it("has what an epoch gave in the file when it ends", function()
    events.with_folder(function(folder)
      local counts = {}
      local notes = nd.callbacks.LambdaCallback { on_epoch_end = function(epoch)
        counts[epoch] = #numbers_in(folder .. "/train")
      end }
      train_twice(one_layer(), { TensorBoard(folder), notes })
      assert.same({ 3, 6 }, counts)
    end)
  end)

  it("leaves no file open, even if a training is broken off", function()
    events.with_folder(function(folder)
      local function count_open()
        local pipe <close> = io.popen("ls -l /proc/$PPID/fd")
        return select(2, pipe:read "a":gsub(folder, ""))
      end
      local function use()
        local board, seen = TensorBoard(folder), nil
        train_twice(one_layer(), { board, nd.callbacks.LambdaCallback {
          on_epoch_end = function() seen = count_open() end } }, true)
        assert.equal(2, seen)
        assert.equal(0, count_open())
        local breaks = { board, nd.callbacks.LambdaCallback {
          on_epoch_end = function() error "broken off" end } }
        for _ = 1, 2 do
          assert.is_false(pcall(train_twice, one_layer(), breaks))
          assert.equal(1, count_open())
        end
      end
      use()
      collectgarbage()
      collectgarbage()
      assert.equal(0, count_open())
    end)
  end)

  it("refuses what Keras's has and this has not, and folders that cannot be",
    function()
      local takes = "it takes log_dir, write_steps_per_second, update_freq"
      for _, name in ipairs { "histogram_freq", "write_graph", "write_images",
          "profile_batch", "embeddings_freq", "embeddings_metadata" } do
        refuses(("TensorBoard: unknown option '%s': %s"):format(name, takes),
          TensorBoard, { [name] = 1 })
      end
      for _, freq in ipairs { 0, 1.5, "never" } do
        refuses("TensorBoard: update_freq must be 'epoch', 'batch' or a whole "
          .. "number, 1 or more, got " .. (type(freq) == "number" and freq
            or "string"), TensorBoard, { update_freq = freq })
      end
      for _, folder in ipairs { "", "a\0b" } do
        refuses("TensorBoard: log_dir names no folder", TensorBoard, folder)
      end
      assert.matches("^TensorBoard: cannot make the folders of /proc/none/train"
        .. "/events%.out%.tfevents%.%S+: No such file or directory$",
        support.refusal(train_twice, one_layer(), { TensorBoard "/proc/none" }))
    end)

  it("writes to logs if nothing else is said", function()
    assert.equal("logs", TensorBoard().log_dir)
  end)
end)
