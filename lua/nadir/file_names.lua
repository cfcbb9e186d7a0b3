--- Paths that scripts give: an empty one would lead to the root of all files,
-- and behind a zero byte systems do not read on.
local fail = require "nadir.fail"

local file_names = {}

local function names_nothing(path)
  return path == "" or path:find("\0", 1, true) ~= nil
end

--- Raises unless a path may be one of a file.
---@param who string
---@param what string  the parameter
---@param path string
function file_names.check_file(who, what, path)
  if names_nothing(path) then
    fail("%s: %s names no file", who, what)
  end
end

--- Raises unless a path may be one of a folder.
---@param who string
---@param what string  the parameter
---@param path string
function file_names.check_folder(who, what, path)
  if names_nothing(path) then
    fail("%s: %s names no folder", who, what)
  end
end

return file_names
