--- Rewrites `with` statements as plain Lua 5.4.
--
--     with E as x do ... end
--
-- becomes, on one line,
--
--     local x = E do local _nd_name, _nd_close <close> = _nd.open(x)
--       x = _nd_name; ... end
--
-- Every token of the user's keeps its line, blocks stay blocks (so `return`,
-- `break`, `goto` and `...` mean what they meant), and whoever jumps into the
-- scope of `x` is told so by that name. A manager without a name adds no local
-- to the block around the statement:
--
--     with E do ... end
--     do local _nd_name, _nd_close <close> = _nd.open(E); ... end
--
-- In a list the names belong to that outer block too, but F must be evaluated
-- where `y` is not yet in scope and E is already guarded. So the guard stands
-- in the outer block, and closes everything at the end of the inner one. What
-- is left of it there is harmless, save that no later call is a tail call.
--
--     with E as x, F as y do ... end
--     local x = E local _nd_list <close> = _nd.list() x = _nd_list(x);
--       local y = F; y = _nd_list(y); do local _nd_close <close> = _nd_list;
--       ... end
--
-- `_nd` is a local in front of the text: one of the 200 that Lua allows the
-- main chunk, and one of the 255 upvalues of each function that needs it.

local grammar = require "nadir.syntax.grammar"

local find, gsub, match, sub =
  string.find, string.gsub, string.match, string.sub

local OPEN = "local _nd_name, _nd_close <close> = _nd.open("
local LIST = "local _nd_list <close> = _nd.list()"

-- What stands in place of the user's tokens. `first` precedes a first manager
-- without a name, `as` follows one that has a name, and `named` is assigned to
-- that name.
local BLOCK_FORM = {
  first = "do ",
  as = "do " .. OPEN .. "NAME)",
  named = "_nd_name;",
  unnamed = OPEN,
  body = "",
}
local LIST_FORM = {
  first = LIST .. " ",
  as = LIST,
  named = "_nd_list(NAME);",
  unnamed = "_nd_list(",
  body = " do local _nd_close <close> = _nd_list;",
}

-- A beginning for our names that the text has nowhere.
local function find_prefix(text)
  local prefix = "_nd"
  while find(text, prefix, 1, true) do
    prefix = prefix .. "_"
  end
  return prefix
end

local function line_at(text, position)
  local before = gsub(sub(text, 1, position - 1), "\r\n?", "\n")
  return select(2, gsub(before, "\n", "")) + 1
end

--
-- A Writer copies the text up to each mark and leaves a slot in place of the
-- marked token. The slots of a header are filled when all of it is known.
--
local Writer = {}
Writer.__index = Writer

local function new_writer(text, from)
  return setmetatable({
    text = text,
    copied = from,      -- position of the first character not yet copied
    pieces = {},
    open = {},          -- the statements that have no `end` yet
    prefix = find_prefix(text),
  }, Writer)
end

-- Returns the index in `pieces` of a copy of the token.
function Writer:add_slot(start, stop)
  local pieces = self.pieces
  pieces[#pieces + 1] = sub(self.text, self.copied, start - 1)
  pieces[#pieces + 1] = sub(self.text, start, stop - 1)
  self.copied = stop
  return #pieces
end

function Writer:expand(template, name)
  return (gsub(gsub(template, "_nd", self.prefix), "NAME", name or ""))
end

-- Fills the slots of one manager, and returns what must follow it.
function Writer:fill_manager(manager, form, is_first, before)
  local pieces, name = self.pieces, manager.name
  local opening, after
  if name then
    opening, after = "local NAME =", form.named
    pieces[manager.as] = self:expand(is_first and form.as or ";", name)
  elseif manager.is_lost then
    -- Lua misses the rest of the expression, or a name after this `local`.
    opening, after = "local _nd_name =", ""
    if manager.as then
      pieces[manager.as] = "local"
    end
  else
    opening = (is_first and form.first or "") .. form.unnamed
    after = ");"
  end
  pieces[manager.opening] = before .. self:expand(opening, name)
  return self:expand(after, name)
end

function Writer:fill_header(statement)
  local form = BLOCK_FORM
  for i = 2, #statement do
    form = statement[i].name and LIST_FORM or form
  end
  local after = ""
  for i, manager in ipairs(statement) do
    local before = i == 1 and "" or " " .. after .. " "
    after = self:fill_manager(manager, form, i == 1, before)
  end
  if statement.body then
    self.pieces[statement.body] = after .. self:expand(form.body)
  end
end

-- One function a kind of mark, see grammar.lua. Beside the writer and the
-- ends of the token they get the innermost statement that is still open.
local on = {}

function on.with(writer, start, stop)
  local opening = writer:add_slot(start, stop)
  table.insert(writer.open, { { opening = opening }, start = start })
end

function on.lua(writer)
  table.remove(writer.open)
end

function on.ours(writer, _, _, statement)
  statement.is_ours = true
  writer.has_with = true
end

function on.as(writer, start, stop, statement)
  statement[#statement].as = writer:add_slot(start, stop)
end

function on.name(writer, start, stop, statement)
  local name = sub(writer.text, start, stop - 1)
  statement[#statement].name = name
  writer.pieces[writer:add_slot(start, stop)] = name .. " ="
end

function on.comma(writer, start, stop, statement)
  table.insert(statement, { opening = writer:add_slot(start, stop) })
end

on["do"] = function(writer, start, stop, statement)
  statement.body = writer:add_slot(start, stop)
  writer:fill_header(statement)
end

on["end"] = function(writer)
  table.remove(writer.open)
end

-- Half a label makes Lua miss the other half where we miss the `do`.
function on.no_do(writer, start, _, statement)
  on["do"](writer, start, start, statement)
  table.insert(writer.pieces, " ::_nd ")
  writer.wording = { "'::' expected", "'do' expected" }
  return true
end

-- The block of a `with` is a `do` to Lua.
function on.no_end(writer, _, _, statement)
  local line = line_at(writer.text, statement.start)
  writer.wording = {
    "%(to close 'do' at line %d+%)", "(to close 'with' at line " .. line .. ")"
  }
  return true
end

function on.lost()
  return true
end

-- Ends where the grammar could read no more of the text.
function Writer:follow(marks)
  for i = 1, #marks, 3 do
    local kind, start, stop = marks[i], marks[i + 1], marks[i + 2]
    if on[kind](self, start, stop, self.open[#self.open]) then
      return
    end
  end
end

function Writer:finish()
  for _, statement in ipairs(self.open) do
    if statement.is_ours and not statement.body then
      statement[#statement].is_lost = true
      self:fill_header(statement)
    end
  end
  table.insert(self.pieces, sub(self.text, self.copied))
  return table.concat(self.pieces)
end

--
-- The module
--

---@class nadir.syntax.Lowered
---@field body string      plain Lua, without what `head` and `guard` stand for
---@field head string      what Lua's `loadfile` skips: byte order mark, # line
---@field guard? string    the local that `body` expects to hold "nadir.with"
---@field wording? string[]  what Lua then says, as a pattern, and should say

local lower = {}

-- The text in front of the first line that Lua reads.
local function head_length(text)
  local stop = match(text, "^\xEF\xBB\xBF()") or 1
  return (match(text, "^#[^\n]*\n?()", stop) or stop) - 1
end

lower.find_prefix = find_prefix

---@param text string
---@return nadir.syntax.Lowered
function lower.lower(text)
  local length = head_length(text)
  local lowered = { head = sub(text, 1, length), body = sub(text, length + 1) }
  local marks = grammar.marks(text, length + 1)
  if not marks then
    return lowered      -- unread, so what is wrong with it is for Lua to say
  end
  local writer = new_writer(text, length + 1)
  writer:follow(marks)
  if writer.has_with then
    lowered.body = writer:finish()
    lowered.guard = writer.prefix
    lowered.wording = writer.wording
  end
  return lowered
end

return lower
