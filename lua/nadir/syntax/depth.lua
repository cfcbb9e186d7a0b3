--- How deep a text that comes line by line stands in brackets, blocks, strings
-- and comments: a cheap way to know that Lua would only say "<eof>".
--
-- It reads tokens, not grammar. While something is open the text cannot be
-- whole; whether it is right, and whether it is whole when nothing is open,
-- only the compiler knows.
local depth = {}

local CHANGE = {
  ["function"] = 1, ["if"] = 1, ["do"] = 1, ["repeat"] = 1, ["end"] = -1,
  ["until"] = -1, ["("] = 1, ["["] = 1, ["{"] = 1, [")"] = -1, ["]"] = -1,
  ["}"] = -1,
}

local Scanner = {}
Scanner.__index = Scanner

-- Each reader takes a line and the position after its opening, and returns the
-- position after its end, or nil where the line ends first.

function Scanner:read_long(line, at, level)
  local closing = "]" .. level .. "]"
  local _, stop = line:find(closing, at, true)
  self.level = not stop and level or nil
  return stop and stop + 1
end

-- A string goes on in the next line after a backslash, and after `\z`.
function Scanner:read_string(line, at, quote)
  self.quote = nil
  while true do
    at = line:find("[\\" .. quote .. "]", at)
    if not at then
      self.is_wrong = true
      return nil
    elseif line:sub(at, at) == quote then
      return at + 1
    elseif at == #line or line:find("^z%s*$", at + 1) then
      self.quote = quote
      return nil
    end
    at = at + 2
  end
end

function Scanner:read_comment(line, at)
  local level, stop = line:match("^%[(=*)%[()", at)
  return level and self:read_long(line, stop, level)
end

function Scanner:count(token)
  self.depth = self.depth + (CHANGE[token] or 0)
  self.is_wrong = self.is_wrong or self.depth < 0
end

-- Passes over the next token that matters here.
function Scanner:read_token(line, at)
  at = line:find("[%a_\"'%-%[%](){}]", at)
  if not at then
    return nil
  end
  local word, stop = line:match("^([%a_][%w_]*)()", at)
  if word then
    self:count(word)
    return stop
  end
  local c = line:sub(at, at)
  if c == '"' or c == "'" then
    return self:read_string(line, at + 1, c)
  elseif c == "-" then
    local is_comment = line:sub(at + 1, at + 1) == "-"
    return is_comment and self:read_comment(line, at + 2)
      or not is_comment and at + 1 or nil
  end
  local level, inside = line:match("^%[(=*)%[()", at)
  if level then
    return self:read_long(line, inside, level)
  end
  self:count(c)
  return at + 1
end

---@param line string  the next line, without its end
function Scanner:add(line)
  local at = 1
  if self.level then
    at = self:read_long(line, at, self.level)
  elseif self.quote then
    at = self:read_string(line, at, self.quote)
  end
  while at do
    at = self:read_token(line, at)
  end
end

---@return boolean  whether the text so far cannot be whole
function Scanner:is_open()
  return not self.is_wrong
    and (self.depth > 0 or self.level ~= nil or self.quote ~= nil)
end

function depth.new()
  return setmetatable({ depth = 0, is_wrong = false }, Scanner)
end

return depth
