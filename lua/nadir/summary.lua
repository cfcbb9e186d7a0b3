--- nd.summary: files of numbers by step, which TensorBoard draws.
--
--   with nd.summary.create_file_writer "logs/one" as writer do
--     for step = 1, 100 do
--       writer:scalar("loss", train(), step)
--     end
--   end
--
-- docs/files.md has the format.
local nd = require "nadir"
local class = require "nadir.class"
local describe = require "nadir.describe"
local event_file = require "nadir.event_file"
local fail = require "nadir.fail"
local file_names = require "nadir.file_names"
local signature = require "nadir.signature"

local Writer = class("create_file_writer", {
  doc = "a new file in a folder, which is made, for scalar(name, data, step); "
    .. "flush and close write what waits",
  { "logdir", "text", doc = "TensorBoard shows each folder as a run" },
  { "max_queue", "integer", 10, doc = "how many numbers wait to be written" },
  { "flush_millis", "integer", 120000, doc = "how long they wait, at most" },
  { "filename_suffix", "text", false, doc = "what the file's name ends in" },
})

function Writer:init()
  file_names.check_folder("create_file_writer", "logdir", self.logdir)
  local suffix = self.filename_suffix
  if suffix and suffix:find "[/\0]" then
    fail("create_file_writer: filename_suffix must be part of a name, got %q",
      suffix)
  end
  self._events = event_file.open("create_file_writer", self.logdir, self)
  self.path = self._events.path
end

local takes_scalar = signature.new("scalar", {
  { "name", "text" }, { "data", "nested" }, { "step", "integer" },
})

local function to_number(data)
  local is_tensor = nd.is_tensor(data) or nd.is_variable(data)
  if is_tensor and data.size == 1 then
    return nd.cast(data, "float32"):item()
  elseif type(data) ~= "number" then
    fail("scalar: data must be a number or a tensor of one element, got %s",
      is_tensor and ("shape [%s]"):format(table.concat(data.shape, " "))
        or describe.type(data))
  end
  return data
end

--- Adds a number, which is kept as float32.
---@param name string
---@param data number|userdata  a tensor or Variable of one element, too
---@param step integer
function Writer:scalar(...)
  local v = takes_scalar:read(...)
  self._events:add("scalar", v.name, to_number(v.data), v.step)
end

--- Writes what waits.
function Writer:flush()
  self._events:flush "flush"
end

--- Writes what waits, and ends the file; `with` and `<close>` do it too.
function Writer:close()
  self._events:close "close"
end

class.metatable(Writer).__close = Writer.close

return { create_file_writer = Writer }
