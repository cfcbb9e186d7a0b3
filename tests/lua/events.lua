--- Reads event files, as their format is described and not as they are written
-- here: the check is divided bit by bit.
local events = {}

--- CRC-32C by its definition.
function events.crc(text)
  local rest = 0xffffffff
  for i = 1, #text do
    for bit = 0, 7 do
      local carry = (rest ~ text:byte(i) >> bit) & 1
      rest = rest >> 1 ~ carry * 0x82f63b78
    end
  end
  return rest ~ 0xffffffff
end

local function is_checked(text, check)
  local turned = check - 0xa282ead8 & 0xffffffff
  return events.crc(text) == (turned << 15 | turned >> 17) & 0xffffffff
end

-- The texts of all records; raises for one that is not whole.
local function records_of(text)
  local list, at = {}, 1
  while at <= #text do
    local length, check = ("<I8I4"):unpack(text, at)
    assert(is_checked(text:sub(at, at + 7), check), "length")
    list[#list + 1] = text:sub(at + 12, at + 11 + length)
    assert(is_checked(list[#list], ("<I4"):unpack(text, at + 12 + length)),
      "text")
    at = at + 16 + length
  end
  return list
end

local function varint(text, at)
  local n, shift = 0, 0
  repeat
    local byte = text:byte(at)
    n = n | (byte & 0x7f) << shift
    at, shift = at + 1, shift + 7
  until byte < 0x80
  return n, at
end

-- By kind: how a field is read.
local kinds = {
  [0] = varint,
  [1] = function(text, at) return ("<d"):unpack(text, at) end,
  [2] = function(text, at)
    local length, first = varint(text, at)
    return text:sub(first, first + length - 1), first + length
  end,
  [5] = function(text, at) return ("<f"):unpack(text, at) end,
}

-- The fields of a message by number.
local function fields_of(text)
  local fields, at = {}, 1
  while at <= #text do
    local key
    key, at = varint(text, at)
    fields[key >> 3], at = kinds[key & 7](text, at)
  end
  return fields
end

--- The events of a file, each { time, version } or { time, tag, value, step }.
function events.of(path)
  local file <close> = assert(io.open(path, "rb"))
  local list = {}
  for i, record in ipairs(records_of(file:read "a")) do
    local event = fields_of(record)
    list[i] = { time = event[1], version = event[3] }
    if event[5] then
      local value = fields_of(fields_of(event[5])[1])
      list[i].tag, list[i].value = value[1], value[2]
      list[i].step = event[2] or 0
    end
  end
  return list
end

--- The paths of the event files in a folder, in order.
function events.files(folder)
  local pipe <close> = io.popen(("ls %s 2>&1"):format(folder))
  local list = {}
  for name in pipe:lines() do
    list[#list + 1] = folder .. "/" .. name
  end
  return list
end

--- Calls use(folder) with a folder that there is not yet, and removes it.
function events.with_folder(use)
  local folder = os.tmpname()
  os.remove(folder)
  local ok, message = pcall(use, folder)
  os.execute("rm -rf " .. folder)
  assert(ok, message)
end

return events
