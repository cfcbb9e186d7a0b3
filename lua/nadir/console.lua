--- A console without a terminal: text goes in line by line, functions come out,
-- and what a text declares as `local` stays for the texts that follow.
--
--   local session = console.new("=stdin")
--   session:feed "local x = 1"        --> "ready", a function to call
--   session:feed "for i = 1, 3 do"    --> "more"
--   session:feed "print(i + x) end"   --> "ready", a function to call
--   session:feed "x ="                --> "more"
--   session:finish()                  --> "failed", the message
--
-- A text becomes a function in a function. The outer one declares the names of
-- the session that the text mentions, so the inner one has them as upvalues,
-- and these are joined to the variables that they mean:
--
--   local keep <const>, x, y <const> = ... return function(...) TEXT
--   end
--
-- In the other direction, a call of `keep` follows each `local` statement of
-- the outer block and hands out its variables in a closure. So they are there
-- when a later statement of the same text fails, a closure of the text shares
-- them, and no function sees more names than its text has.
local nd = require "nadir"
local fail = require "nadir.fail"
local depth = require "nadir.syntax.depth"
local grammar = require "nadir.syntax.grammar"
local lower = require "nadir.syntax.lower"

-- Those of the script.
local globals = _G

-- Lua allows 200 locals a function, and one is `keep`.
local NAMES_PER_FUNCTION = 190

-- Up to so many lines each one is compiled with those before it, so that a
-- mistake is told at once. Beyond, only when the text may be whole or has grown
-- by a quarter, which keeps a long text's cost linear.
local LINES_AT_ONCE = 64

local console = {}

local Console = {}
Console.__index = Console
Console.__name = "Console"

-- -------------------------------------------------------------- variables --

-- A variable is an upvalue: number `index` of the function `holder`.

local function holder_of(value)
  return { holder = function() return value end, index = 1 }
end

local function find_upvalue(f, wanted)
  for i = 1, 255 do
    local name = debug.getupvalue(f, i)
    if name == wanted or not name then
      return name and i
    end
  end
end

local function read(variable)
  local _, value = debug.getupvalue(variable.holder, variable.index)
  return value
end

-- The variable called `name` in the closure that `keep` was given. A constant
-- that the compiler folded is no upvalue.
local function find_variable(closure, names, name)
  local index = find_upvalue(closure, name)
  if index then
    return { holder = closure, index = index }
  end
  local position = 1
  while names[position].name ~= name do
    position = position + 1
  end
  return holder_of((select(position, closure())))
end

local function closer_of(value)
  local metatable = debug.getmetatable(value)
  return metatable and rawget(metatable, "__close")
end

-- Forgets a variable that has to be closed when its name is declared again.
function Console:close_variable(variable, err)
  for i, open in ipairs(self.open) do
    if open == variable then
      table.remove(self.open, i)
      closer_of(read(variable))(read(variable), err)
      return
    end
  end
end

function Console:declare(declared, variable, line)
  local name, attribute = declared.name, declared.attribute
  variable.is_const = attribute ~= nil
  if attribute == "close" and read(variable) then
    if not closer_of(read(variable)) then
      error(("%s:%d: variable '%s' got a non-closable value"):format(
        self.name:sub(2), line, name), 0)
    end
    self.open[#self.open + 1] = variable
  end
  local former = self.variables[name]
  self.variables[name] = variable
  if former then
    self:close_variable(former)
  end
end

-- ------------------------------------------------------------ translating --

local function has_word(text, word)
  return text:find("%f[%w_]" .. word .. "%f[^%w_]") ~= nil
end

-- A text that compiles, as plain Lua, and the name that it has for the module
-- "nadir.with", if any.
local function to_plain(text)
  if not has_word(text, "with") then
    return text
  end
  local lowered = lower.lower(text)
  return lowered.head .. lowered.body, lowered.guard
end

-- The `local` statements of the outer block that the user wrote.
local function find_declarations(text, guard)
  if not has_word(text, "local") then
    return {}
  end
  local mine = {}
  for _, names in ipairs(grammar.declarations(text) or {}) do
    if not (guard and names[1].name:find(guard, 1, true) == 1) then
      mine[#mine + 1] = names
    end
  end
  return mine
end

local function line_at(text, position)
  local _, breaks = text:sub(1, position - 1):gsub("\n", "")
  return breaks + 1
end

-- Closing is ours to do. Both words have five letters, so columns stay.
local function without_close(text, names)
  for _, declared in ipairs(names) do
    if declared.attribute == "close" then
      local at = declared.at
      text = text:sub(1, at - 1) .. "const" .. text:sub(at + 5)
    end
  end
  return text
end

local function call_of_keep(keep, number, names)
  local words = {}
  for i, declared in ipairs(names) do
    words[i] = declared.name
  end
  return (" %s(%d, function() return %s end) "):format(keep, number,
    table.concat(words, ", "))
end

-- The text with a call of `keep` after each declaration. At the end of the text
-- a comment may come before it.
local function add_keeping(text, declarations, keep)
  local pieces, copied = {}, 1
  for number, names in ipairs(declarations) do
    names.line = line_at(text, names.from)
    text = without_close(text, names)
    pieces[#pieces + 1] = text:sub(copied, names.stop - 1)
    pieces[#pieces + 1] = names.stop > #text and "\n" or nil
    pieces[#pieces + 1] = call_of_keep(keep, number, names)
    copied = names.stop
  end
  pieces[#pieces + 1] = text:sub(copied)
  return table.concat(pieces)
end

-- The names of variables that a text may mean, each once. Every global means
-- `_ENV`.
function Console:mentioned(text)
  local names, seen = {}, {}
  for name in ("_ENV " .. text):gmatch "[%a_][%w_]*" do
    if self.variables[name] and not seen[name] then
      seen[name] = true
      names[#names + 1] = name
    end
  end
  return names
end

-- What stands before the text: functions in functions if the names are many.
function Console:opening(fixed, names)
  local pieces, levels = { "local ", fixed }, 1
  for i, name in ipairs(names) do
    if i % NAMES_PER_FUNCTION == 0 then
      pieces[#pieces + 1] = " = ... return function(...) local "
      levels = levels + 1
    else
      pieces[#pieces + 1] = ", "
    end
    pieces[#pieces + 1] = name
    pieces[#pieces + 1] = self.variables[name].is_const and " <const>" or ""
  end
  pieces[#pieces + 1] = " = ... return function(...) "
  return table.concat(pieces), levels
end

function Console:join(f)
  for i = 1, 255 do
    local name = debug.getupvalue(f, i)
    local variable = name and self.variables[name]
    if variable then
      debug.upvaluejoin(f, i, variable.holder, variable.index)
    elseif not name then
      return f
    end
  end
  return f
end

-- The function that a plain text stands for. Upvalues that are none of the
-- session's are `_ENV` and those which `fixed` names.
function Console:wrap(source, names, fixed, ...)
  local opening, levels = self:opening(fixed, names)
  local f, message = load(opening .. source .. ("\nend"):rep(levels), self.name,
    "t")
  if not f then
    return nil, message
  end
  f = f(...)
  for _ = 2, levels do
    f = f()
  end
  return self:join(f)
end

function Console:keeper(declarations)
  return function(number, closure)
    local names = declarations[number]
    for _, declared in ipairs(names) do
      self:declare(declared, find_variable(closure, names, declared.name),
        names.line)
    end
  end
end

-- A function that is called in place of the text would take its line from what
-- is said of errors: a variable to be closed keeps it here.
local function stay(prefix)
  return ("local %sstay <close> = nil "):format(prefix)
end

-- Makes the function of a text that compiles.
function Console:build(text)
  local prefix = lower.find_prefix(text)
  local source, guard = to_plain(text)
  local declarations = find_declarations(source, guard)
  source = (has_word(text, "return") and stay(prefix) or "")
    .. add_keeping(source, declarations, prefix .. "keep")
  return self:wrap(source, self:mentioned(text),
    ("%skeep <const>, %s <const>"):format(prefix, prefix),
    self:keeper(declarations), guard and require "nadir.with")
end

-- ---------------------------------------------------------------- reading --

local function as_expression(text)
  return "return " .. text:gsub("^%s*=", "", 1)
end

local function is_incomplete(message)
  return message:sub(-5) == "<eof>"
end

-- Returns a function; or nil, a message, and whether a further line could make
-- the text whole.
function Console:try()
  local text = table.concat(self.lines, "\n")
  self.tried = #self.lines
  local chunk, message, of_statement
  if self.may_be_expression then
    local source = as_expression(text)
    chunk, message = nd.load(source, self.name, "t")
    if chunk then
      return self:build(source)
    end
    self.may_be_expression = is_incomplete(message)
  end
  if text:find "^%s*=" then
    return nil, message, self.may_be_expression
  end
  chunk, of_statement = nd.load(text, self.name, "t")
  if chunk then
    return self:build(text)
  elseif self.may_be_expression then
    return nil, message, true
  end
  return nil, of_statement, is_incomplete(of_statement)
end

function Console:begin()
  self.lines, self.scanner = {}, depth.new()
  self.may_be_expression = true
  self.tried = 0
end

function Console:add(text)
  for line in (text .. "\n"):gmatch "([^\n]*)\n" do
    self.scanner:add(line)
    self.lines[#self.lines + 1] = line
  end
end

function Console:is_worth_trying()
  local n = #self.lines
  return n <= LINES_AT_ONCE or n >= self.tried * 5 // 4
    or not self.scanner:is_open()
end

-- Ends the text so far, which `text` keeps.
function Console:answer(chunk, message)
  self.text = self:forget()
  if chunk then
    return "ready", chunk
  end
  return "failed", message
end

--- Takes the next line, or several with line breaks between them. A text that
--- is an expression returns its values; `=` may stand before it.
---@param text string  without a line break at its end
---@return "ready"|"more"|"failed"
---@return function|string?  the function to call, or Lua's message
function Console:feed(text)
  if type(text) ~= "string" then
    fail("console: text must be a string, got %s", type(text))
  end
  self:add(text)
  if not self:is_worth_trying() then
    return "more"
  end
  local chunk, message, incomplete = self:try()
  if incomplete then
    return "more"
  end
  return self:answer(chunk, message)
end

--- Answers as `feed` would if no line came after those so far.
---@return "ready"|"failed"
---@return function|string
function Console:finish()
  return self:answer(self:try())
end

--- Forgets the lines of a text that is not whole, and returns them.
---@return string
function Console:forget()
  local text = table.concat(self.lines, "\n")
  self:begin()
  return text
end

--- A table of the variables of the session, by name, for completion. Behind it
--- are the globals.
---@return table
function Console:scope()
  local scope = {}
  for name, variable in pairs(self.variables) do -- any order
    scope[name] = read(variable)
  end
  return setmetatable(scope, { __index = scope._ENV or globals })
end

--- Closes what is `<close>`, last one first, as at the end of a block. Ends the
--- session; the same happens when it is closed as a variable.
---@param err? any  the error of the moment
function Console:close(err)
  local failed = false
  while #self.open > 0 do
    local ok, new = pcall(self.close_variable, self, self.open[#self.open], err)
    failed = failed or not ok
    err = ok and err or new
  end
  self.variables = {}
  if failed then
    error(err, 0)
  end
end

Console.__close = Console.close

---@param name? string  of the chunks, as for `load`; "=stdin" without it
function console.new(name)
  local session = setmetatable({ name = name or "=stdin", variables = {},
                                 open = {} }, Console)
  session:begin()
  return session
end

return console
