--- Files of tensors by name, in the format of safetensors, which docs/files.md
-- has. A file is written as a whole or not at all. Of one that is read nothing
-- is believed: sizes are checked before memory is asked for.
--
-- `who`, the function that scripts call, is what errors begin with.
local nd = require "nadir"
local describe = require "nadir.describe"
local fail = require "nadir.fail"
local file = require "nadir.file"
local json = require "nadir.json"
local names = require "nadir.names"

-- What the format calls dtypes, in the order in which tensors lie in files:
-- those with wide elements first, so that each begins at a multiple of its
-- width; and how many bytes an element has.
local CALLED = { "I64", "F64", "F32", "I32", "BF16", "F16", "U8", "BOOL" }
local DTYPES = {
  I64 = "int64", F64 = "float64", F32 = "float32", I32 = "int32",
  BF16 = "bfloat16", F16 = "float16", U8 = "uint8", BOOL = "bool",
}
local WIDTHS = {
  I64 = 8, F64 = 8, F32 = 4, I32 = 4, BF16 = 2, F16 = 2, U8 = 1, BOOL = 1,
}
local RANKS, NAMES = {}, {}
for rank, called in ipairs(CALLED) do
  RANKS[called], NAMES[DTYPES[called]] = rank, called
end

local LONGEST_HEADER = 100000000
local MOST_AXES = 8
local METADATA = "__metadata__"

-- ----------------------------------------------------------------- checking --

local function check_path(who, path)
  if type(path) ~= "string" then
    fail("%s: path must be a string, got %s", who, describe.value(path))
  elseif path == "" or path:find("\0", 1, true) then
    fail("%s: path names no file", who)
  end
end

local function check_table(who, what, t)
  if type(t) ~= "table" or getmetatable(t) then
    fail("%s: %s must be a table with names, got %s", who, what,
      describe.value(t))
  end
end

local function check_name(who, what, name)
  if type(name) ~= "string" then
    fail("%s: a name in %s must be a string, got %s", who, what,
      describe.value(name))
  end
end

-- ------------------------------------------------------------------ writing --

-- A list of { name, tensor, dtype as the format calls it }, as they are to lie.
local function sort_tensors(who, tensors)
  local list = {}
  for name, x in pairs(tensors) do -- any order: sorted below
    check_name(who, "tensors", name)
    if not nd.is_tensor(x) and not nd.is_variable(x) then
      fail("%s: '%s' must be a tensor, got %s", who, name, describe.value(x))
    elseif name == METADATA then
      fail("%s: '%s' is no name for a tensor", who, name)
    end
    list[#list + 1] = { name, x, NAMES[x.dtype] }
  end
  table.sort(list, function(a, b)
    if a[3] ~= b[3] then
      return RANKS[a[3]] < RANKS[b[3]]
    end
    return a[1] < b[1]
  end)
  return list
end

local function metadata_entry(who, metadata)
  check_table(who, "metadata", metadata)
  for name, text in pairs(metadata) do -- any order: all are checked
    check_name(who, "metadata", name)
    if type(text) ~= "string" then
      fail("%s: metadata '%s' must be a string, got %s", who, name,
        describe.value(text))
    end
  end
  return ('"%s":%s'):format(METADATA, json.encode(metadata, who))
end

-- The header, as the library writes it, and behind it the tensors.
local function pieces_of(who, tensors, metadata)
  local entries, pieces, at = {}, { "" }, 0
  if metadata ~= nil then
    entries[1] = metadata_entry(who, metadata)
  end
  for i, entry in ipairs(sort_tensors(who, tensors)) do
    local name, x, called = table.unpack(entry)
    local bytes = x.size * WIDTHS[called]
    entries[#entries + 1] =
      ('%s:{"dtype":"%s","shape":[%s],"data_offsets":[%d,%d]}'):format(
        json.quote(name, who), called, table.concat(x.shape, ","), at,
        at + bytes)
    at = at + bytes
    pieces[i + 1] = x
  end
  local header = "{" .. table.concat(entries, ",") .. "}"
  header = header .. (" "):rep(-#header % 8)
  if #header > LONGEST_HEADER then
    fail("%s: names and metadata take %d bytes, the most are %d", who,
      #header, LONGEST_HEADER)
  end
  pieces[1] = string.pack("<s8", header)
  return pieces
end

-- ------------------------------------------------------------------ reading --

local function bad(self, format, ...)
  fail("%s: %s is no safetensors file: " .. format, self.who, self.path, ...)
end

-- Of what JSON is read to, names are keys in one kind of table.
local function is_list(t)
  return #t > 0 or next(t) == nil -- any order: if there is one
end

local function is_count(n)
  return math.type(n) == "integer" and n >= 0
end

-- The product of sizes; nil if that does not fit.
local function count_of(shape)
  local count, empty = 1, false
  for _, size in ipairs(shape) do
    if not is_count(size) then
      return nil
    end
    empty = empty or size == 0
  end
  for _, size in ipairs(empty and {} or shape) do
    if count > math.maxinteger // size then
      return nil
    end
    count = count * size
  end
  return empty and 0 or count
end

-- Raises unless an entry of the header says where a tensor is.
local function check_entry(self, name, entry)
  local info = type(entry) == "table" and entry or {}
  local shape, offsets = info.shape, info.data_offsets
  if type(info.dtype) ~= "string" or type(shape) ~= "table"
    or type(offsets) ~= "table" then
    bad(self, "'%s' lacks dtype, shape or data_offsets", name)
  end
  local count = count_of(shape)
  if not count or not is_list(shape) then
    bad(self, "the shape of '%s' is no list of sizes", name)
  elseif #offsets ~= 2 or not is_count(offsets[1])
    or not is_count(offsets[2]) or offsets[1] > offsets[2] then
    bad(self, "the data_offsets of '%s' are no range", name)
  end
  local width, bytes = WIDTHS[info.dtype], offsets[2] - offsets[1]
  if width and (count > bytes or count * width ~= bytes) then
    bad(self, "'%s' is %s [%s], but has %d bytes", name, info.dtype,
      table.concat(shape, " "), bytes)
  end
  return { name = name, called = info.dtype, shape = shape,
           first = offsets[1], last = offsets[2] }
end

-- Raises unless the tensors lie one behind the other, up to the end.
local function check_order(self, size)
  table.sort(self.list, function(a, b)
    if a.first ~= b.first then
      return a.first < b.first
    elseif a.last ~= b.last then
      return a.last < b.last
    end
    return a.name < b.name
  end)
  local at = 0
  for _, entry in ipairs(self.list) do
    if entry.first ~= at then
      bad(self, "'%s' begins at byte %d, not at %d", entry.name,
        entry.first, at)
    end
    at = entry.last
  end
  if at ~= size then
    bad(self, "tensors have %d bytes, the file has %d", at, size)
  end
end

local function check_metadata(self, metadata)
  local is_table = type(metadata) == "table" and metadata ~= json.null
  if metadata ~= nil and metadata ~= json.null and not is_table then
    bad(self, "%s has no names", METADATA)
  end
  for name, text in pairs(is_table and metadata or {}) do -- any order: all
    if type(name) ~= "string" or type(text) ~= "string" then
      bad(self, "%s has a value that is no string", METADATA)
    end
    self.info[name] = text
  end
end

local function read_entries(self, header, size)
  local entries = json.decode(header, self.who .. ": " .. self.path)
  if header:byte() ~= 0x7b then
    bad(self, "its header does not begin with '{'")
  end
  check_metadata(self, entries[METADATA])
  entries[METADATA] = nil
  for name, entry in pairs(entries) do -- any order: sorted below
    local checked = check_entry(self, name, entry)
    self.list[#self.list + 1] = checked
    self.by_name[name] = checked
  end
  check_order(self, size)
end

local function read_header(self)
  local size = self.file:seek "end"
  self.file:seek "set"
  local start = self.file:read(8)
  if not start or #start < 8 then
    bad(self, "it has %d bytes", size)
  end
  local length = string.unpack("<i8", start)
  if length < 0 or length > LONGEST_HEADER or length > size - 8 then
    bad(self, "its header would have %u bytes, of %d", length, size)
  end
  self.start = 8 + length
  local header = self.file:read(length)
  if not header or #header ~= length then
    bad(self, "its header ends too early")
  end
  read_entries(self, header, size - self.start)
end

-- ------------------------------------------------------------------ readers --

local Reader = {}

local function find(self, name, who)
  if not self.file then
    fail("%s: the file is closed", who)
  end
  local entry = self.by_name[name]
  if not entry then
    fail("%s: %s", who, names.no_such("tensor", tostring(name), self.by_name))
  end
  return entry
end

local function load(self, entry, who)
  local dtype = DTYPES[entry.called]
  if not dtype then
    fail("%s: '%s' is %s, and there is no such dtype here", who, entry.name,
      entry.called)
  elseif #entry.shape > MOST_AXES then
    fail("%s: '%s' has %d axes, the most are %d", who, entry.name,
      #entry.shape, MOST_AXES)
  end
  self.file:seek("set", self.start + entry.first)
  return file.read(who, self.path, self.file, dtype, entry.shape)
end

--- The names of all tensors, in the order in which they lie.
---@return table list
function Reader:keys()
  local list = {}
  for i, entry in ipairs(self.list) do
    list[i] = entry.name
  end
  return list
end

--- What a tensor is, without reading it.
---@param name string
---@return string dtype  as the format calls it, if there is none here
---@return table shape
function Reader:info_of(name)
  local entry = find(self, name, "info_of")
  return DTYPES[entry.called] or entry.called,
    table.move(entry.shape, 1, #entry.shape, 1, {})
end

---@param name string
---@return userdata tensor
function Reader:get_tensor(name)
  return load(self, find(self, name, "get_tensor"), "get_tensor")
end

--- The strings that the file holds, by name.
---@return table
function Reader:metadata()
  local copy = {}
  for name, text in pairs(self.info) do -- any order: each its own
    copy[name] = text
  end
  return copy
end

--- Ends reading; `with` and `<close>` do it too.
function Reader:close()
  if self.file then
    self.file:close()
    self.file = false
  end
end

local metatable = {
  __name = "safe_open",
  __index = names.class("safe_open", Reader),
  __close = Reader.close,
  __tostring = function(self)
    return ("safe_open(%q): %d tensors"):format(self.path, #self.list)
  end,
}

-- --------------------------------------------------------------- the module --

local tensor_file = {}

---@param who string
---@param path string
---@return table reader
function tensor_file.open(who, path)
  check_path(who, path)
  local self = { who = who, path = path, list = {}, by_name = {}, info = {} }
  self.file = file.open(who, path)
  read_header(self)
  return setmetatable(self, metatable)
end

---@param who string
---@param path string
---@return table tensors   by name
---@return table metadata  strings by name
function tensor_file.read(who, path)
  local reader <close> = tensor_file.open(who, path)
  local tensors = {}
  for _, entry in ipairs(reader.list) do
    tensors[entry.name] = load(reader, entry, who)
  end
  return tensors, reader:metadata()
end

---@param who string
---@param path string
---@param tensors table    tensors or Variables by name
---@param metadata? table  strings by name
function tensor_file.write(who, path, tensors, metadata)
  check_table(who, "tensors", tensors)
  check_path(who, path)
  file.write(who, path, pieces_of(who, tensors, metadata))
end

return tensor_file
