--- The grammar of Lua 5.4 with one statement more, as an LPeg pattern that
-- finds what has to be rewritten.
--
-- A match returns *marks*: a flat list of `kind, start, stop` triples in the
-- order of the text, where `text:sub(start, stop - 1)` is the marked token.
--
--     with x as y, z do ... end       with ours as name comma do end
--     with (x)   (a call, as in Lua)  with lua
--     the first thing that is wrong   lost, no_do or no_end
--
-- A match never fails, since a failure would forget the marks made so far. At
-- the first thing it cannot read, the grammar marks the rest of the text and
-- swallows it; every construct still open then ends in the same way. Lua's
-- own compiler will stop at that very spot, and says why better than we could.
--
-- The grammar may be laxer than Lua (it takes `x.y` for a statement), never
-- stricter, and it cuts tokens exactly as Lua does.
local lpeg = require "lpeg"

-- A script may have emptied `string`: no method of texts is called here.
local find, gmatch = string.find, string.gmatch

local P, R, S, V = lpeg.P, lpeg.R, lpeg.S, lpeg.V
local C, Cc, Cg, Cmt = lpeg.C, lpeg.Cc, lpeg.Cg, lpeg.Cmt
local Cp, Ct = lpeg.Cp, lpeg.Ct

-- Entries of LPeg's backtrack stack, 24 bytes each and taken only when
-- needed. Lua gives up at 200 nested levels, of at most ten entries each.
local STACK_ENTRIES = 1000000

local rest = P(1) ^ 0

local function mark(kind, token)
  return Cc(kind) * Cp() * token * Cp()
end

local ours = mark("ours", P(true))
local lua = mark("lua", P(true))

-- For all that follows the token which decides what a construct is.
local function need(pattern)
  return pattern + V "lost"
end

--
-- Tokens, each with the white space and the comments that follow it
--

local space = S " \t\n\r\f\v" ^ 0
local skip = space * (P "--" * V "comment" * space) ^ 0

local letter = R("az", "AZ", "__")
local alnum = letter + R "09"

local function symbol(text)
  return P(text) * skip
end

local function bare_word(text)
  return P(text) * -alnum
end

local function word(text)
  return bare_word(text) * skip
end

local keyword = P(false)
for text in gmatch([[
  and break do else elseif end false for function goto if in local nil not or
  repeat return then true until while
]], "%a+") do
  keyword = keyword + bare_word(text)
end

local bare_name = letter * alnum ^ 0 - keyword
local name = V "name"

-- [==[ ... ]==]; an unfinished one takes all that is left, as in Lua.
local long_bracket = #(P "[" * S "[=")
  * Cmt(P "[" * C(P "=" ^ 0) * "[", function(text, position, level)
    local _, last = find(text, "]" .. level .. "]", position, true)
    return (last or #text) + 1
  end)

local line_break = P "\r\n" + "\n\r" + S "\r\n"
local escape = P "\\" * (line_break + P "z" * space + 1)

local function short_string(quote)
  return P(quote) * ((1 - S "\\\r\n" - P(quote)) ^ 1 + escape) ^ 0
    * need(P(quote))
end

local bracket = symbol(P "[" * -S "[=")

local string = (short_string '"' + short_string "'" + long_bracket) * skip

-- Lua's reader takes digits, points, exponents and stray letters in one
-- gulp, and looks only then whether they make a number.
local function digits_after(prefix, exponent)
  return prefix * (S(exponent) * S "+-" ^ -1 + R("09", "af", "AF") + ".") ^ 0
end

local number = #(R "09" + P "." * R "09")
  * (digits_after(P "0" * S "xX", "pP") + digits_after(P(true), "eE"))
  * alnum ^ 0 * skip

local unary = (S "-#" + (P "~" - "~=") + bare_word "not") * skip
local binary = (P "==" + "~=" + "<=" + ">=" + "<<" + ">>" + "//"
    + (P ".." - "...") + S "+-*/%^&|~<>"
    + bare_word "and" + bare_word "or") * skip
local assign = (P "=" - "==") * skip

--
-- Telling `with` and `as` from names
--

-- A statement that begins with a name, in Lua, goes on with one of these.
local after_name = S "=,:[({'\"" + (P "." - "..." - P "." * R "09")
local here_as = #(bare_word "as" * skip * -after_name)

-- So `with x` cannot be Lua. Neither can what follows a whole call,
-- `with (x)`, or a whole variable, `with (x).y`, in these two:
local beyond_call = here_as + #(binary + ",")
local beyond_variable = here_as + #(binary + word "do")

local GRAMMAR = {
  "text",

  text = skip * V "block" * need(-P(1)),
  lost = mark("lost", rest),
  comment = long_bracket + (1 - S "\r\n") ^ 0,
  name = bare_name * skip,

  -- Statements

  block = V "statement" ^ 0
    * (word "return" * V "expressions" ^ -1 * symbol ";" ^ -1) ^ -1,

  statement = V "with" + V "call_or_assignment" + V "local" + V "if"
    + V "for" + V "function" + V "while" + V "do" + V "repeat" + V "goto"
    + V "label" + symbol ";" + word "break",

  call_or_assignment = V "suffixed" * V "assignment" ^ -1,
  assignment = symbol "," * need(V "suffixed") * need(V "assignment")
    + assign * need(V "expressions"),

  ["local"] = word "local" * (V "function" + need(V "attributed"))
    * (assign * need(V "expressions")) ^ -1,
  attributed = name * (symbol "<" * need(name) * need(symbol ">")) ^ -1
    * (symbol "," * need(V "attributed")) ^ -1,

  ["function"] = word "function"
    * need(name * (S ".:" * skip * need(name)) ^ 0) * need(V "parameters"),
  parameters = symbol "(" * (V "parameter"
      * (symbol "," * need(V "parameter")) ^ 0) ^ -1
    * need(symbol ")") * V "block" * V "end",
  parameter = name + symbol "...",

  ["if"] = word "if" * V "branch"
    * (word "elseif" * V "branch") ^ 0
    * (word "else" * V "block") ^ -1 * V "end",
  branch = need(V "expression") * need(word "then") * V "block",

  ["for"] = word "for" * need(name)
    * need(assign * need(V "expressions")
      + (symbol "," * need(name)) ^ 0 * word "in" * need(V "expressions"))
    * need(V "do"),
  ["while"] = word "while" * need(V "expression") * need(V "do"),
  ["do"] = word "do" * V "block" * V "end",
  ["end"] = need(word "end"),
  ["repeat"] = word "repeat" * V "block" * need(word "until")
    * need(V "expression"),

  ["goto"] = word "goto" * need(name),
  label = symbol "::" * need(name) * need(symbol "::"),

  -- The statement that is ours. What can be a call or an assignment of Lua's
  -- is one, and nothing is read twice to find out.

  with = mark("with", bare_word "with") * skip
    * (V "arguments" * V "after_call"
      + -after_name * ours * need(V "expression") * V "header"),
  after_call = V "call" * V "after_call" + V "index" * V "after_variable"
    + beyond_call * ours * V "operations" * V "header"
    + lua,
  after_variable = V "call" * V "after_call" + V "index" * V "after_variable"
    + beyond_variable * ours * V "operations" * V "header"
    + lua * V "assignment" ^ -1,

  header = V "as" ^ -1
    * (mark("comma", P ",") * skip * need(V "expression") * V "as" ^ -1) ^ 0
    * (mark("do", bare_word "do") * skip + mark("no_do", rest))
    * V "block"
    * (mark("end", bare_word "end") * skip + mark("no_end", rest)),
  as = mark("as", bare_word "as") * skip
    * need(mark("name", bare_name) * skip),

  -- Expressions. Precedence is of no concern here.

  expressions = V "expression" * (symbol "," * need(V "expression")) ^ 0,
  expression = V "operand" * V "operations",
  operations = (binary * need(V "operand")) ^ 0,
  operand = unary ^ 1 * need(V "value") + V "value",
  value = V "suffixed" + number + string + V "table"
    + word "nil" + word "true" + word "false" + symbol "..."
    + word "function" * need(V "parameters"),

  suffixed = (name + symbol "(" * need(V "expression") * need(symbol ")"))
    * (V "call" + V "index") ^ 0,
  call = V "arguments"
    + symbol(P ":" - "::") * need(name) * need(V "arguments"),
  index = symbol(P "." - "..") * need(name)
    + bracket * need(V "expression") * need(symbol "]"),
  arguments = symbol "(" * V "expressions" ^ -1 * need(symbol ")")
    + string + V "table",

  table = symbol "{" * (V "field" * (S ",;" * skip * V "field") ^ 0
      * (S ",;" * skip) ^ -1) ^ -1 * need(symbol "}"),
  field = bracket * need(V "expression") * need(symbol "]")
      * need(assign) * need(V "expression")
    + V "expression" * (assign * need(V "expression")) ^ -1,
}

-- LPeg compiles a pattern at its first match. It then asks for memory without
-- collecting first, and a pattern that found none crashes the second match: so
-- there is no garbage then, and what fails is the module.
local function compile(pattern)
  collectgarbage()
  pattern:match ""
  return pattern
end

local marks_pattern = compile(Ct(P(GRAMMAR)))

-- A second pattern over the same rules: the `local` statements of the outer
-- block of a text that is plain and valid. A declaration is a table of its
-- names, each with its attribute, if any, and where that stands; `from` and
-- `stop` are where the statement begins and where the next one would.

local function field(key, capture)
  return Cg(capture, key)
end

local attribute = symbol "<" * field("at", Cp())
  * field("attribute", C(bare_name)) * skip * symbol ">"
local declared = Ct(field("name", C(bare_name)) * skip * attribute ^ -1)

local function outer_grammar()
  local outer = {}
  for rule, body in pairs(GRAMMAR) do -- any order: a copy
    outer[rule] = body
  end
  outer[1] = "outer"
  outer.outer = skip * (V "declaration" + V "statement" / 0) ^ 0
  outer.declaration = Ct(field("from", Cp()) * word "local"
    * (word "function" * declared * (V "parameters" / 0)
      + declared * (symbol "," * declared) ^ 0
        * (assign * V "expressions" / 0) ^ -1)
    * field("stop", Cp()))
  return Ct(P(outer))
end

local outer_pattern

-- Returns nil where the text is nested so deep that Lua, too, will not have it.
local function match(p, text, from)
  lpeg.setmaxstack(STACK_ENTRIES)
  local ok, captures = pcall(p.match, p, text, from)
  local overflow = find(tostring(captures), "backtrack stack overflow", 1, true)
  if not ok and not overflow then
    error(captures, 0)
  end
  return ok and captures or nil
end

local grammar = {}

---@param text string
---@param from integer  position of the first character to read
---@return table? marks  nil where the text is nested too deep
function grammar.marks(text, from)
  return match(marks_pattern, text, from)
end

---@param text string  plain Lua that compiles
---@return table? declarations  nil where the text is nested too deep
function grammar.declarations(text)
  outer_pattern = outer_pattern or compile(outer_grammar())
  return match(outer_pattern, text, 1)
end

return grammar
