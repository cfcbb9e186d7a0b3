--- nd.inspect: values as text, for people; what the prompt shows of a table.
--
--   inspect { 1, 2, name = "x" }   -->  { 1, 2, name = "x" }
--
-- The order is always the same: the list first, then numbers, strings and
-- booleans as keys, each sorted. What has a `__tostring` speaks for itself, and
-- a `__name` stands before its table. No other code of the value's runs.
local fail = require "nadir.fail"
local names = require "nadir.names"

local metatable_of = debug and debug.getmetatable or getmetatable

-- How much is shown where the caller does not say.
local LIMITS = {
  depth = 5,      -- tables inside tables
  items = 100,    -- of one table
  total = 1000,   -- values in all
  bytes = 200,    -- of one string
  width = 78,     -- columns of a line
}

local WORDS = {}
for word in ([[
  and break do else elseif end false for function goto if in local nil not or
  repeat return then true until while
]]):gmatch "%a+" do
  WORDS[word] = true
end

-- ---------------------------------------------------------------- strings --

local ESCAPES = {
  ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r",
  ["\t"] = "\\t",
}

local function escape(c)
  return ESCAPES[c] or ("\\x%02X"):format(c:byte())
end

-- The bytes of s that are no UTF-8 become escapes too.
local function escape_undecodable(s)
  local pieces, from = {}, 1
  while true do
    local _, bad = utf8.len(s, from)
    if not bad then
      pieces[#pieces + 1] = s:sub(from)
      return table.concat(pieces)
    end
    pieces[#pieces + 1] = s:sub(from, bad - 1) .. escape(s:sub(bad, bad))
    from = bad + 1
  end
end

-- Where to cut, at `bytes` or a little before: not inside a character.
local function cut_at(s, bytes)
  while bytes > 0 and s:byte(bytes + 1) & 0xC0 == 0x80 do
    bytes = bytes - 1
  end
  return bytes
end

local function quote(s, bytes)
  local tail = ""
  if #s > bytes then
    tail = ("... (%d bytes)"):format(#s)
    s = s:sub(1, cut_at(s, bytes))
  end
  return '"' .. escape_undecodable((s:gsub('[%c"\\]', escape))) .. '"' .. tail
end

-- ----------------------------------------------------------------- tables --

local RANK = { number = 1, string = 2, boolean = 3 }

local function before(a, b)
  local first, second = RANK[type(a)] or 4, RANK[type(b)] or 4
  if first ~= second then
    return first < second
  elseif first <= 2 then
    return a < b
  elseif first == 3 then
    return b and not a
  end
  return type(a) < type(b)
end

-- The keys beyond the list t[1] to t[n], sorted.
local function sorted_keys(t, n)
  local keys = {}
  for key in next, t do -- any order: sorted below
    if math.type(key) ~= "integer" or key < 1 or key > n then
      keys[#keys + 1] = key
    end
  end
  table.sort(keys, before)
  return keys
end

local function list_length(t)
  local n = 0
  while rawget(t, n + 1) ~= nil do
    n = n + 1
  end
  return n
end

-- The text of a value that has a `__tostring`, or nil.
local function own_text(value)
  local metatable = metatable_of(value)
  if not metatable or rawget(metatable, "__tostring") == nil then
    return nil
  end
  local ok, text = pcall(tostring, value)
  return ok and text or ("<__tostring failed: %s>"):format(tostring(text))
end

local function name_of(t)
  local metatable = metatable_of(t)
  local name = metatable and rawget(metatable, "__name")
  return type(name) == "string" and name .. " " or ""
end

-- One printing of one value.
local Printer = {}
Printer.__index = Printer

function Printer:key(key)
  if type(key) == "string" and key:find "^[%a_][%w_]*$" and not WORDS[key] then
    return key .. " = "
  end
  return "[" .. self:value(key, math.huge) .. "] = "
end

-- The items of a table, each as text. `left` says how many are not shown.
function Printer:items(t, depth)
  local n = list_length(t)
  local keys = sorted_keys(t, n)
  local items, left, flat = {}, n + #keys, true
  for i = 1, math.min(left, self.limits.items) do
    if self.total <= 0 then
      break
    end
    local key = i
    if i > n then
      key = keys[i - n]
    end
    local text = self:value(rawget(t, key), depth + 1)
    items[i] = i > n and self:key(key) .. text or text
    flat = flat and i <= n and not text:find "[{\n]"
    left = left - 1
  end
  if left > 0 then
    items[#items + 1] = ("... %d more"):format(left)
  end
  return items, flat
end

-- Lines as full as they may be, for a list of plain values.
local function fill(items, width)
  local lines, line = {}, nil
  for _, item in ipairs(items) do
    local longer = line and line .. ", " .. item
    if longer and #longer < width then
      line = longer
    else
      lines[#lines + 1] = line
      line = item
    end
  end
  lines[#lines + 1] = line
  return lines
end

function Printer:layout(items, flat, depth)
  local room = self.limits.width - 2 * depth
  local line = "{ " .. table.concat(items, ", ") .. " }"
  if #line <= room and not line:find("\n", 1, true) then
    return line
  end
  local lines = flat and fill(items, room - 2) or items
  return "{\n  " .. table.concat(lines, ",\n"):gsub("\n", "\n  ") .. "\n}"
end

function Printer:table(t, depth)
  local name = name_of(t)
  if self.inside[t] then
    return name .. "<cycle>"
  elseif next(t) == nil then -- any order
    return name .. "{}"
  elseif depth >= self.limits.depth then
    return name .. "{ ... }"
  end
  self.inside[t] = true
  local items, flat = self:items(t, depth)
  self.inside[t] = nil
  return name .. self:layout(items, flat, depth)
end

function Printer:value(value, depth)
  self.total = self.total - 1
  if type(value) == "string" then
    return quote(value, self.limits.bytes)
  end
  local text = own_text(value)
  if not text and type(value) == "table" then
    return self:table(value, depth)
  end
  return text or tostring(value)
end

-- ------------------------------------------------------------- the module --

local function read_limits(options)
  names.check_options("inspect", options, LIMITS)
  local limits = {}
  for name, initial in pairs(LIMITS) do -- any order: each stands alone
    local value = options[name] == nil and initial or options[name]
    if type(value) ~= "number" or value < 0 or value ~= value then
      fail("inspect: %s must be a number, 0 or more, got %s", name,
        tostring(value))
    end
    limits[name] = value
  end
  return limits
end

--- The contents of a value as text. A string is quoted, a table shows what it
--- holds, anything else is as `tostring` has it. What is left out is said.
---@param value any
---@param options? table  `depth` of tables inside tables (5), `items` of one
--- table (100), values in `total` (1000), `bytes` of one string (200), `width`
--- of a line in columns (78)
---@return string
return function(value, options)
  local limits = read_limits(options or {})
  local printer = setmetatable({ limits = limits, total = limits.total,
                                 inside = {} }, Printer)
  return printer:value(value, 0)
end
