-- Whatever writes files, to be killed while it does: tests/cli/kill.sh.
--
--   nadir writers.lua names         what there is
--   nadir writers.lua old NAME      writes into the folder NAME
--   nadir writers.lua new NAME      writes again, other values
--   nadir writers.lua read NAME...  says what is there: old, new, or what is
--                                   wrong with it
local nd = require "nadir"
local L = nd.layers

local x, y = nd.ones { 4, 2 }, nd.ones { 4, 2 }

local function new_model()
  local model = nd.Sequential { nd.Input { 2 }, L.Dropout(0.2), L.Dense(2) }
  model:compile("adam", "mse")
  return model
end

-- A model after so many steps.
local function trained(steps)
  nd.random.set_seed(1)
  local model = new_model()
  for _ = 1, steps do model:train_on_batch(x, y) end
  return model
end

local function bits(model)
  local list = {}
  for i, w in ipairs(model:get_weights()) do list[i] = w:tobytes() end
  return table.concat(list)
end

-- After how many steps the weights are those of a model, and its optimizer.
local function steps_of(model, has_optimizer)
  for steps = 1, 2 do
    local one = trained(steps)
    if bits(one) == bits(model) then
      assert(not has_optimizer or model.optimizer.iterations == steps, "mixed")
      return steps
    end
  end
  error "weights of nobody"
end

local function checkpoint_of(model)
  return nd.train.Checkpoint { model = model, optimizer = model.optimizer }
end

local function exists(path)
  local file = io.open(path, "rb")
  return file ~= nil and file:close()
end

-- A model after so many epochs, and their losses.
local function fit(epochs, ...)
  nd.random.set_seed(1)
  local model = new_model()
  local history = model:fit(x, y, { epochs = epochs, batch_size = 2,
                                    verbose = 0, callbacks = { ... } })
  return model, history.history.loss
end

local function lines_of(path)
  local list = {}
  for line in io.lines(path, "L") do list[#list + 1] = line end
  return list
end

-- How many whole records an event file has, and whether it ends with one.
local function count_records(path)
  local file <close> = assert(io.open(path, "rb"))
  local text, count, at = file:read "a", 0, 1
  while at + 15 <= #text and at + 15 + ("<I8"):unpack(text, at) <= #text do
    count, at = count + 1, at + 16 + ("<I8"):unpack(text, at)
  end
  return count, at > #text
end

-- `write(folder, n)` writes what n says, 1 or 2; `read(folder)` gives that n.
local writers = {
  ["save_file"] = {
    write = function(folder, n)
      nd.safetensors.save_file({ a = nd.ones { 3, 2 } * n,
        b = nd.transpose(nd.fill({ 30, 20 }, n)) }, folder .. "/x",
        { n = tostring(n) })
    end,
    read = function(folder)
      local all, metadata = nd.safetensors.load_file(folder .. "/x")
      local n = tonumber(metadata.n)
      for _, t in pairs(all) do -- any order: all are the same
        assert(nd.reduce_all(nd.equal(t, n)):item(), "mixed")
      end
      return n
    end,
  },
  ["save_weights"] = {
    write = function(folder, n) trained(n):save_weights(folder .. "/x") end,
    read = function(folder)
      local model = new_model()
      model:load_weights(folder .. "/x")
      return steps_of(model)
    end,
  },
  ["model:save"] = {
    write = function(folder, n) trained(n):save(folder .. "/x") end,
    read = function(folder)
      return steps_of(nd.models.load_model(folder .. "/x"), true)
    end,
  },
  ["Checkpoint:write"] = {
    write = function(folder, n)
      checkpoint_of(trained(n)):write(folder .. "/x")
    end,
    read = function(folder)
      local model = new_model()
      checkpoint_of(model):read(folder .. "/x")
      return steps_of(model, true)
    end,
  },
  ["Checkpoint:save"] = {
    write = function(folder, n)
      local checkpoint = checkpoint_of(trained(n))
      checkpoint.save_counter = n - 1
      checkpoint:save(folder .. "/x")
    end,
    read = function(folder)
      local model, n = new_model(), exists(folder .. "/x-2") and 2 or 1
      checkpoint_of(model):read(("%s/x-%d"):format(folder, n))
      assert(steps_of(model, true) == n, "of another step")
      return n
    end,
  },
  ["CheckpointManager"] = {
    write = function(folder, n)
      local checkpoint = checkpoint_of(trained(n))
      checkpoint.save_counter = n - 1
      nd.train.CheckpointManager(checkpoint, folder, 1):save()
    end,
    read = function(folder)
      local model = new_model()
      local manager = nd.train.CheckpointManager(checkpoint_of(model), folder,
        1)
      assert(manager:restore_or_initialize(), "nothing to restore")
      local n = steps_of(model, true)
      manager:save()
      assert(#manager.checkpoints == 1, "old files stay")
      return n
    end,
  },
  ["ModelCheckpoint"] = {
    write = function(folder, n)
      local model = trained(n - 1)
      model:fit(x, y, { verbose = 0, shuffle = false, callbacks = {
        nd.callbacks.ModelCheckpoint(folder .. "/x") } })
    end,
    read = function(folder)
      return steps_of(nd.models.load_model(folder .. "/x"), true)
    end,
  },
  -- The file goes when the training ends; what comes after is the same.
  ["BackupAndRestore"] = {
    write = function(folder, n)
      fit(n, nd.callbacks.BackupAndRestore { backup_dir = folder,
                                             delete_checkpoint = n == 2 })
    end,
    read = function(folder)
      local was_there = exists(folder .. "/training.safetensors")
      local first = fit(2, nd.callbacks.BackupAndRestore(folder))
      assert(bits(first) == bits(fit(2)), "other bits")
      return was_there and 1 or 2
    end,
  },
  -- Lines are whole when it goes on, as many as epochs that ended.
  ["CSVLogger"] = {
    write = function(folder, n)
      fit(n, nd.callbacks.CSVLogger { filename = folder .. "/x",
                                      append = true })
    end,
    read = function(folder)
      local _, want = fit(2)
      fit(1, nd.callbacks.CSVLogger { filename = folder .. "/x",
                                      append = true })
      local lines = lines_of(folder .. "/x")
      assert(lines[1] == "epoch,loss\n", "header")
      for i = 2, #lines do
        local epoch, loss = lines[i]:match "^(%d+),([%d.e-]+)\n$"
        local difference = tonumber(loss) - want[tonumber(epoch)]
        assert(math.abs(difference) < 1e-9, "line " .. i)
      end
      return #lines < 5 and 1 or 2
    end,
  },
  -- A file for each training, whose records are whole, but for the last one:
  -- readers leave it out.
  ["TensorBoard"] = {
    write = function(folder, n) fit(n, nd.callbacks.TensorBoard(folder)) end,
    read = function(folder)
      local files = {}
      for name in io.popen("ls " .. folder .. "/train"):lines() do
        files[#files + 1] = ("%s/train/%s"):format(folder, name)
      end
      local first, is_whole = count_records(files[1])
      assert(first == 3 and is_whole, "the old file is another one")
      local second = files[2] and count_records(files[2]) or 0
      return second == 5 and 2 or 1
    end,
  },
}

local function names()
  local list = {}
  for name in pairs(writers) do list[#list + 1] = name end -- any order: sorted
  table.sort(list)
  return list
end

local what = arg[1]
if what == "names" then
  print(table.concat(names(), "\n"))
elseif what == "read" then
  for i = 2, #arg do
    local ok, n = pcall(writers[arg[i]].read, arg[i])
    print(("%s: %s"):format(arg[i], ok and (n == 1 and "old" or "new") or n))
  end
else
  io.open "armed"
  writers[arg[2]].write(arg[2], what == "old" and 1 or 2)
end
