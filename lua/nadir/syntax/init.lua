--- Lua 5.4 with the statement `with E as NAME do ... end`: translates a text
-- that has it. src/lua/load.c calls this where the word stands in a text, and
-- compiles what comes out.
--
-- A text is rewritten line for line (lower.lua tells how) and compiled by Lua,
-- so errors are Lua's, in its words and at the user's line. What is valid Lua
-- stays what it is: `with (E) do end` is a call of `with` and a block, while
-- `with (E) as x do end` can only be ours.
local rewrite = require "nadir.syntax.lower".lower

local globals = _G
local their_require = rawget(globals, "require")

local syntax = {}

-- Defines the local that the rewritten text needs.
local function prelude(lowered)
  local guard = lowered.guard
  return guard
    and "local " .. guard .. " <const> = require(\"nadir.with\"); " or ""
end

-- Puts Lua's message into the words that fit the user's text; nil where they
-- are Lua's.
local function explainer(wording)
  return wording and function(message)
    return (string.gsub(message, wording[1], wording[2], 1))
  end
end

-- Whether a chunk with this environment, if any, can call `require`.
local function has_require(...)
  local env = globals
  if select("#", ...) > 0 then
    env = ...
  end
  local found = type(env) == "table" and rawget(env, "require")
  return found and found == their_require
end

-- A chunk that cannot call `require` gets the guard from a function around
-- it; its main function then is not what debug.getinfo calls a main chunk.
local function outer(lowered)
  return "local " .. lowered.guard .. " <const> = ... return function(...) "
    .. lowered.body .. "\nend"
end

--- The plain Lua that a text stands for: the text itself, byte for byte, where
--- it has no `with` statement. What is wrong with it is for Lua to say.
---@param text string
---@param ... any  environment
---@return string plain
---@return function? explain  changes a message of the compiler's
---@return string? outer  makes the function, where `plain` only has to compile
---@return table? guard  the argument of `outer`
function syntax.translate(text, ...)
  local lowered = rewrite(text)
  local plain = lowered.head .. prelude(lowered) .. lowered.body
  local explain = explainer(lowered.wording)
  if lowered.guard and not has_require(...) then
    return plain, explain, outer(lowered), require "nadir.with"
  end
  return plain, explain
end

return syntax
