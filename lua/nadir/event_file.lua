--- Files of events, as TensorBoard reads them: records, each an Event of
-- TensorFlow in protobuf. Numbers are of the kind `simple_value`, which all
-- readers know; TensorBoard takes it for what its dashboard of scalars shows.
--
-- `who`, the function that scripts call, is what errors begin with.
local nd = require "nadir"
local fail = require "nadir.fail"
local file = require "nadir.file"
local host = require "nadir.host"
local records = require "nadir.records"

local char, pack = string.char, string.pack

-- What stands before a field: its number and kind.
local WALL_TIME <const>, STEP <const> = "\x09", "\x10"      -- of an Event
local FILE_VERSION <const>, SUMMARY <const> = "\x1a", "\x2a"
local VALUE <const> = "\x0a"                                -- of a Summary
local TAG <const>, SIMPLE_VALUE <const> = "\x0a", "\x15"    -- of a Value

-- ----------------------------------------------------------------- protobuf --

-- A whole number, seven bits a byte; one below 0 as one of 64 bits.
local function varint(n)
  local text = ""
  while n & ~0x7f ~= 0 do
    text = text .. char(n & 0x7f | 0x80)
    n = n >> 7
  end
  return text .. char(n)
end

local function block(field, text)
  return field .. varint(#text) .. text
end

-- ------------------------------------------------------------------ writing --

local EventFile = {}
EventFile.__index = EventFile

local function check_open(self, who)
  if not self.file then
    fail("%s: the file is closed", who)
  end
end

local function add(self, time, event)
  local pending = self.pending
  pending[#pending + 1] = records.frame(WALL_TIME .. pack("<d", time) .. event)
end

--- Adds a number, as float32. It is in the file when more than `max_queue` have
--- come, `flush_millis` have passed, or after `flush` or `close`.
---@param who string
---@param tag string
---@param value number
---@param step integer
function EventFile:add(who, tag, value, step)
  check_open(self, who)
  if not utf8.len(tag) then
    fail("%s: name must be UTF-8, got %q", who, tag)
  end
  local time = nd.timestamp()
  local at = step ~= 0 and STEP .. varint(step) or "" -- as all that is 0
  add(self, time, at .. block(SUMMARY, block(VALUE,
    block(TAG, tag) .. SIMPLE_VALUE .. pack("<f", value))))
  if #self.pending > self.max_queue
    or (time - self.flushed) * 1000 >= self.flush_millis then
    self:flush(who)
  end
end

--- Writes what waits, all or nothing.
---@param who string
function EventFile:flush(who)
  check_open(self, who)
  if #self.pending > 0 then
    local text, none = table.concat(self.pending), {} -- or there is no memory
    file.append(who, self.path, self.file, text)
    self.pending = none
  end
  self.flushed = nd.timestamp()
end

--- Writes what waits and ends the file, even if the first fails.
---@param who string
function EventFile:close(who)
  local handle = self.file
  if not handle then
    return
  end
  local written, message = pcall(self.flush, self, who)
  self.file = false
  local closed, why = handle:close()
  if not written then
    error(message, 0)
  elseif not closed then
    fail("%s: cannot write %s: %s", who, self.path, why)
  end
end

function EventFile:__gc()
  self:close "close"
end

-- --------------------------------------------------------------- the module --

local event_file = {}

-- A new file, whose name tells the moment and the machine, and is no other's.
local function create(who, logdir, suffix)
  local head = ("%s/events.out.tfevents.%010d.%s"):format(logdir,
    nd.timestamp() // 1 | 0, (host:gsub("[^%w.-]", "_")))
  local path, handle
  local n = 0
  repeat
    path = ("%s.%d%s"):format(head, n, suffix)
    handle = file.create(who, path)
    n = n + 1
  until handle
  return path, handle
end

--- Makes a file in a folder, and the folder.
---@param who string
---@param logdir string
---@param options? table  max_queue, flush_millis, filename_suffix
---@return table file
function event_file.open(who, logdir, options)
  options = options or {}
  local path, handle = create(who, logdir, options.filename_suffix or "")
  local self = setmetatable({
    path = path, file = handle, pending = {},
    max_queue = options.max_queue or 10,
    flush_millis = options.flush_millis or 120000,
  }, EventFile)
  add(self, nd.timestamp(), block(FILE_VERSION, "brain.Event:2"))
  self:flush(who)
  return self
end

return event_file
