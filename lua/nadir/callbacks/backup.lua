--- nd.callbacks.BackupAndRestore: has a training that was broken off go on from
-- the end of its last epoch, with the same bits.
local nd = require "nadir"
local Callback = require "nadir.callbacks.callback".Callback
local file = require "nadir.file"
local file_names = require "nadir.file_names"
local train = require "nadir.train.checkpoint"

local open = io and io.open
local remove = os and os.remove

local BackupAndRestore = Callback:extend("BackupAndRestore", {
  doc = "keeps the state of a training in a file, and goes on from it",
  { "backup_dir", "text", doc = "where; it is made if it is not there" },
  { "delete_checkpoint", "flag", true,
    doc = "whether the file goes when the training ends" },
})

function BackupAndRestore:init()
  file_names.check_folder("BackupAndRestore", "backup_dir", self.backup_dir)
end

-- Whether there is a file.
local function exists(path)
  local handle = open(path, "rb")
  if handle then
    handle:close()
  end
  return handle ~= nil
end

-- The model goes on behind the epoch that is in the file, if there is one.
function BackupAndRestore:on_train_begin()
  local model = self.model
  if not model.built then
    self:fail("%s is not built yet; call it, or use model:build",
      model.name)
  end
  self.path = self.backup_dir .. "/training.safetensors"
  file.make_folders("BackupAndRestore", self.path)
  self.done = nd.Variable(nd.constant(0, "int64"), { trainable = false })
  self.checkpoint = train.Checkpoint { model = model, done = self.done,
                                       optimizer = model.optimizer }
  if exists(self.path) then
    self.checkpoint:read(self.path)
    model.initial_epoch = self.done:item()
  end
end

function BackupAndRestore:on_epoch_begin()
  self.batches = 0
end

function BackupAndRestore:on_train_batch_end()
  self.batches = self.batches + 1
end

-- An epoch that was broken off is done again.
function BackupAndRestore:on_epoch_end(epoch)
  if self.model.stop_training and self.batches ~= self.params.steps then
    return
  end
  self.done:assign(epoch)
  self.checkpoint:write(self.path)
end

function BackupAndRestore:on_train_end()
  if self.delete_checkpoint and not self.model.stop_training then
    remove(self.path)
  end
end

return { BackupAndRestore = BackupAndRestore }
