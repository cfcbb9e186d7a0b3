--- JSON as text, and back, for what is kept in files. Keys are sorted, whole
-- numbers have 64 bits, floats come back as they were; nan and inf are written
-- as Python's json writes them.
local fail = require "nadir.fail"

local find, match, sub = string.find, string.match, string.sub

local json = {}

--- Stands for null, which no table can hold.
json.null = setmetatable({}, { __tostring = function() return "null" end })

-- Deeper values are refused: a table may contain itself.
local DEEPEST = 100

-- ----------------------------------------------------------------- writing --

local ESCAPES = {
  ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f",
  ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t",
}

local function escape(char)
  return ESCAPES[char] or ("\\u%04x"):format(char:byte())
end

--- A string as JSON, in quotes.
---@param text string  UTF-8
---@param who string   the function that the error is of
---@return string
function json.quote(text, who)
  if not utf8.len(text) then
    fail("%s: '%s' is no UTF-8", who, (text:gsub("[\128-\255]", "?")))
  end
  return '"' .. text:gsub('[%c"\\]', function(char)
    return char ~= "\127" and escape(char) or nil
  end) .. '"'
end

-- The shortest of those that read back, whatever the point of the locale is.
local function float_text(x)
  local text
  for digits = 15, 17 do
    text = ("%%.%dg"):format(digits):format(x):gsub("[^%d+e-]+", ".")
    if tonumber(text) == x then
      break
    end
  end
  return find(text, "[.e]") and text or text .. ".0"
end

local function number_text(x)
  if math.type(x) == "integer" then
    return ("%d"):format(x)
  elseif x ~= x then
    return "NaN"
  elseif x == math.huge or x == -math.huge then
    return x > 0 and "Infinity" or "-Infinity"
  end
  return float_text(x)
end

local write

local function write_list(list, who, depth)
  local items = {}
  for i = 1, #list do
    items[i] = write(list[i], who, depth + 1)
  end
  return "[" .. table.concat(items, ",") .. "]"
end

-- The names that a table has as keys, sorted; nil if it is a list.
local function names_of(t, who)
  local list, count = {}, 0
  for key in pairs(t) do -- any order: sorted below
    list[#list + 1] = type(key) == "string" and key or nil
    count = count + 1
  end
  if count == #t and count > 0 then
    return nil
  elseif #list < count then
    fail("%s: a table mixes values with names, or has gaps", who)
  end
  table.sort(list)
  return list
end

local function write_table(t, who, depth)
  if depth > DEEPEST then
    fail("%s: tables are nested deeper than %d", who, DEEPEST)
  end
  local names, items = names_of(t, who), {}
  if not names then
    return write_list(t, who, depth)
  end
  for i, name in ipairs(names) do
    items[i] = json.quote(name, who) .. ":" .. write(t[name], who, depth + 1)
  end
  return "{" .. table.concat(items, ",") .. "}"
end

function write(value, who, depth)
  local kind = type(value)
  if kind == "string" then
    return json.quote(value, who)
  elseif kind == "number" then
    return number_text(value)
  elseif kind == "boolean" or value == json.null then
    return tostring(value)
  elseif kind == "table" and getmetatable(value) == nil then
    return write_table(value, who, depth)
  end
  fail("%s: a %s is no text, number, boolean or table of these", who,
    require "nadir.describe".value(value))
end

--- A value as JSON. A table is a list, or has names as keys; an empty one is
-- written as `{}`.
---@param value any
---@param who string  the function that errors are of
---@return string
function json.encode(value, who)
  return write(value, who, 1)
end

-- ----------------------------------------------------------------- reading --

local UNESCAPES = { ["/"] = "/" }
for char, text in pairs(ESCAPES) do -- any order: each its own
  UNESCAPES[sub(text, 2)] = char
end

local WORDS = {
  ["true"] = true, ["false"] = false, null = json.null, NaN = 0 / 0,
  Infinity = math.huge, ["-Infinity"] = -math.huge,
}

local function refuse(r, at, what)
  fail("%s: no JSON: %s at byte %d", r.who, what, at)
end

-- The character of \uXXXX, whose digits begin at `at`, and what comes next.
-- What UTF-16 writes as two is one.
local function read_code(r, at)
  local digits = match(r.text, "^%x%x%x%x", at)
  local code = digits and tonumber(digits, 16)
  local low = match(r.text, "^\\u([dD][c-fC-F]%x%x)", at + 4)
  if code and code >= 0xd800 and code < 0xdc00 and low then
    code = 0x10000 + (code - 0xd800) * 1024 + tonumber(low, 16) - 0xdc00
    return utf8.char(code), at + 10
  elseif not code or code >= 0xd800 and code < 0xe000 then
    refuse(r, at, "no such character")
  end
  return utf8.char(code), at + 4
end

-- The string whose quote is before `at`.
local function read_string(r, at)
  local parts = {}
  while true do
    local stop = find(r.text, '["\\\0-\31]', at)
    if not stop then
      refuse(r, #r.text + 1, "a string does not end")
    end
    parts[#parts + 1] = sub(r.text, at, stop - 1)
    local char = sub(r.text, stop, stop)
    at = stop + 1
    if char == '"' then
      return table.concat(parts), at
    elseif char ~= "\\" then
      refuse(r, stop, "a control character in a string")
    end
    local name = sub(r.text, at, at)
    local part = UNESCAPES[name]
    if name == "u" then
      part, at = read_code(r, at + 1)
    elseif part then
      at = at + 1
    else
      refuse(r, stop, "no such escape")
    end
    parts[#parts + 1] = part
  end
end

local function read_number(r, at)
  local _, last = find(r.text, "^-?%d+", at)
  if not last or find(r.text, "^-?0%d", at) then
    refuse(r, at, "no value")
  end
  local _, fraction = find(r.text, "^%.%d+", last + 1)
  local _, exponent = find(r.text, "^[eE][+-]?%d+", (fraction or last) + 1)
  last = exponent or fraction or last
  return tonumber(sub(r.text, at, last)), last + 1
end

-- The first byte from `at` on that is no blank, and its place.
local function look(r, at)
  local place = find(r.text, "[^ \t\r\n]", at) or #r.text + 1
  return sub(r.text, place, place), place
end

local read

-- Items of a list or of what has names, up to `last`; each(at) reads one.
local function read_items(r, at, last, each)
  local char, place = look(r, at)
  if char == last then
    return place + 1
  end
  repeat
    char, place = look(r, each(place))
    at = place + 1
    if char == last then
      return at
    end
    place = select(2, look(r, at))
  until char ~= ","
  refuse(r, at - 1, ("'%s' or ',' is missing"):format(last))
end

local function read_list(r, at, depth)
  local list = {}
  at = read_items(r, at, "]", function(place)
    list[#list + 1], place = read(r, place, depth)
    return place
  end)
  return list, at
end

local function read_named(r, at, depth)
  local t, seen = {}, {}
  at = read_items(r, at, "}", function(place)
    if sub(r.text, place, place) ~= '"' then
      refuse(r, place, "a name is missing")
    end
    local name, char
    local start = place
    name, place = read_string(r, place + 1)
    if seen[name] then
      refuse(r, start, ("the name '%s' again"):format(name))
    end
    seen[name] = true
    char, place = look(r, place)
    if char ~= ":" then
      refuse(r, place, "':' is missing")
    end
    t[name], place = read(r, select(2, look(r, place + 1)), depth)
    return place
  end)
  return t, at
end

-- The value that begins at `at`, and what comes next.
function read(r, at, depth)
  local char = sub(r.text, at, at)
  if depth == DEEPEST then
    refuse(r, at, ("values deeper than %d"):format(DEEPEST))
  elseif char == "{" then
    return read_named(r, at + 1, depth + 1)
  elseif char == "[" then
    return read_list(r, at + 1, depth + 1)
  elseif char == '"' then
    return read_string(r, at + 1)
  end
  local word = match(r.text, "^-?%a+", at)
  if WORDS[word] ~= nil then
    return WORDS[word], at + #word
  end
  return read_number(r, at)
end

--- The value that the text is.
---@param text string
---@param who string  the function that errors are of
---@return any value  json.null for null
function json.decode(text, who)
  local r = { text = text, who = who }
  local _, bad = utf8.len(text)
  if bad then
    refuse(r, bad, "no UTF-8")
  end
  local _, at = look(r, 1)
  local value, stop = read(r, at, 0)
  local char, last = look(r, stop)
  if char ~= "" then
    refuse(r, last, "more follows")
  end
  return value
end

return json
