--- nd.safetensors: files of tensors by name, as the safetensors library of
-- Python reads and writes them. docs/files.md has the format.
--
--   nd.safetensors.save_file({ w = w, b = b }, "model.safetensors")
--   local tensors, metadata = nd.safetensors.load_file "model.safetensors"
local arguments = require "nadir.autodiff.arguments"
local tensor_file = require "nadir.tensor_file"

local safetensors = {}

safetensors.save_file = arguments.callable("save_file", {
  doc = "writes tensors by name, and metadata, to a file; all or nothing",
  { "tensors", "nested", doc = "tensors or Variables by name" },
  { "path", "text" },
  { "metadata", "nested", false, doc = "strings by name" },
}, function(tensors, path, metadata)
  tensor_file.write("save_file", path, tensors, metadata)
end)

safetensors.load_file = arguments.callable("load_file", {
  doc = "the tensors of a file by name, and its metadata",
  { "path", "text" },
}, function(path)
  return tensor_file.read("load_file", path)
end)

safetensors.safe_open = arguments.callable("safe_open", {
  doc = "a file whose tensors are read one by one: keys, info_of, get_tensor, "
    .. "metadata, close",
  { "path", "text" },
}, function(path)
  return tensor_file.open("safe_open", path)
end)

return safetensors
