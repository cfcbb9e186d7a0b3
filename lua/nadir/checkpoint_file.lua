--- Checkpoints in a file: tensors by name, and values of Lua beside them. It is
-- a safetensors file, so that any reader of those gets the tensors; values are
-- the strings of its metadata, each as JSON. docs/files.md says more.
--
--   checkpoint_file.write(path, { ["model/w"] = w }, { step = 3 })
--   local tensors, values = checkpoint_file.read(path)
local fail = require "nadir.fail"
local json = require "nadir.json"
local tensor_file = require "nadir.tensor_file"

local checkpoint_file = {}

-- What says that metadata are ours, and how they are written.
local FORMAT, VERSION = "nadir.format", "1"

--- Writes a file, as a whole or not at all.
---@param path string
---@param tensors table  tensors or Variables by name
---@param values? table  by name; numbers, strings, booleans, tables of these
---@param who? string    the function that errors are of
function checkpoint_file.write(path, tensors, values, who)
  local metadata = { [FORMAT] = VERSION }
  for name, value in pairs(values or {}) do -- any order: each its own
    metadata[name] = json.encode(value, who or "write")
  end
  tensor_file.write(who or "write", path, tensors, metadata)
end

--- Reads a file, whoever wrote it: of one that is none of ours values are the
-- strings that it has.
---@param path string
---@param who? string  the function that errors are of
---@return table tensors  by name
---@return table values   by name
---@return boolean ours
function checkpoint_file.read(path, who)
  local tensors, metadata = tensor_file.read(who or "read", path)
  local version = metadata[FORMAT]
  if version == nil then
    return tensors, metadata, false
  elseif version ~= VERSION then
    fail("%s: %s is written in version %s of the format, this is version %s",
      who or "read", path, version, VERSION)
  end
  metadata[FORMAT] = nil
  for name, text in pairs(metadata) do -- any order: each its own
    metadata[name] = json.decode(text, ("%s: '%s' of %s"):format(
      who or "read", name, path))
  end
  return tensors, metadata, true
end

return checkpoint_file
