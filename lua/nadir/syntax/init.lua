--- Lua 5.4 with the statement `with E as NAME do ... end`: translates a text
-- that has it and compiles what comes out. src/lua/load.c calls this where the
-- word stands in a text.
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

-- As for Lua's `loadfile`, an empty line stands for a first line with '#'.
local function file_source(lowered)
  local first_line = string.find(lowered.head, "#", 1, true) and "\n" or ""
  return first_line .. prelude(lowered) .. lowered.body
end

-- Lua's message, in the words that fit the user's text.
local function explain(message, lowered)
  local wording = lowered.wording
  return wording and (string.gsub(message, wording[1], wording[2], 1))
    or message
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
--- it has no `with` statement. A syntax error is found here only if it lies in
--- the way of the translation; Lua finds the others when it compiles.
---@param text string
---@param chunkname? string
---@return string? lowered
---@return string? message  as from Lua's `load`
function syntax.lower(text, chunkname)
  local lowered = rewrite(text)
  if lowered.wrong then
    local chunk, message = load(file_source(lowered), chunkname or text, "t")
    if not chunk then
      return nil, explain(message, lowered)
    end
  end
  return lowered.guard and lowered.head .. prelude(lowered) .. lowered.body
    or text
end

--- What is to be compiled for a text.
---@param text string
---@param _ string  the chunk's name
---@param ... any  environment
---@return string source
---@return function? explain  changes a message of the compiler's
---@return string? outer  makes the function, where `source` only has to compile
---@return table? guard  the argument of `outer`
function syntax.translate(text, _, ...)
  local lowered = rewrite(text)
  local source = lowered.head .. prelude(lowered) .. lowered.body
  local words = lowered.wording and function(message)
    return explain(message, lowered)
  end or nil
  if lowered.guard and not has_require(...) then
    return source, words, outer(lowered), require "nadir.with"
  end
  return source, words
end

return syntax
