--- Lua 5.4 with the statement `with E as NAME do ... end`: Lua's own ways to
-- load a text, for texts that may contain it.
--
-- A text is rewritten line for line (lower.lua tells how) and compiled by Lua,
-- so errors are Lua's, in its words and at the user's line. What is valid Lua
-- stays what it is: `with (E) do end` is a call of `with` and a block, while
-- `with (E) as x do end` can only be ours.
local rewrite = require "nadir.syntax.lower".lower
local fail = require "nadir.fail"

local globals, io, load, loadfile, package = _G, io, load, loadfile, package
local require = require

local syntax = {}

-- Defines the local that the rewritten text needs.
local function prelude(lowered)
  local guard = lowered.guard
  return guard
    and ("local %s <const> = require(\"nadir.with\"); "):format(guard) or ""
end

-- As for Lua's `loadfile`, an empty line stands for a first line with '#'.
local function file_source(lowered)
  local first_line = lowered.head:find("#", 1, true) and "\n" or ""
  return first_line .. prelude(lowered) .. lowered.body
end

-- Lua's message, in the words that fit the user's text.
local function explain(message, lowered)
  local wording = lowered.wording
  return wording and message:gsub(wording[1], wording[2], 1) or message
end

-- Whether a chunk with this environment, if any, can call `require`.
local function has_require(...)
  local env = globals
  if select("#", ...) > 0 then
    env = ...
  end
  return type(env) == "table" and rawget(env, "require") == require
end

-- A chunk that cannot call `require` gets the guard from a function around
-- it; its main function then is not what debug.getinfo calls a main chunk.
local function wrap(lowered, ...)
  local outer, message = load("local " .. lowered.guard .. " <const> = ... "
    .. "return function(...) " .. lowered.body .. "\nend", ...)
  if not outer then
    return nil, message
  end
  return outer(require "nadir.with")
end

local function compile(source, lowered, chunkname, mode, ...)
  local chunk, message = load(source, chunkname, mode, ...)
  if not chunk then
    return nil, explain(message, lowered)
  elseif lowered.guard and not has_require(...) then
    return wrap(lowered, chunkname, mode, ...)
  end
  return chunk
end

local function read_all(reader)
  local pieces = {}
  local piece = reader()
  while piece ~= nil and piece ~= "" do
    if type(piece) ~= "string" then
      error("reader function must return a string", 0)
    end
    pieces[#pieces + 1] = piece
    piece = reader()
  end
  return table.concat(pieces)
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

--- As Lua's `load`.
---@param chunk string|function
---@param chunkname? string
---@param mode? string
---@param ... any  environment
---@return function?
---@return string? message
function syntax.load(chunk, chunkname, mode, ...)
  if type(chunk) == "function" then
    local ok, text = pcall(read_all, chunk)
    if not ok then
      return nil, text
    end
    chunk, chunkname = text, chunkname or "=(load)"
  elseif type(chunk) ~= "string" then
    fail("load: chunk must be text or a function, got %s", type(chunk))
  end
  local lowered = rewrite(chunk)
  local source = lowered.head .. prelude(lowered) .. lowered.body
  return compile(source, lowered, chunkname or chunk, mode, ...)
end

--- As Lua's `loadfile`.
---@param path? string  standard input without it
---@param mode? string
---@param ... any  environment
---@return function?
---@return string? message
function syntax.loadfile(path, mode, ...)
  local file = path == nil and io.stdin or io.open(path, "rb")
  local text = file and file:read "a"
  if file and path then
    file:close()
  end
  if not text then
    return loadfile(path, mode, ...)      -- fails, and says why
  end
  local lowered = rewrite(text)
  local chunkname = path and "@" .. path or "=stdin"
  return compile(file_source(lowered), lowered, chunkname, mode, ...)
end

--- For `package.searchers`: finds Lua files along `package.path`.
---@param name string
---@return function|string loader  or why there is none
---@return string? path
function syntax.searcher(name)
  local path, message = package.searchpath(name, package.path)
  if not path then
    return message
  end
  local chunk
  chunk, message = syntax.loadfile(path)
  if not chunk then
    error(("error loading module '%s' from file '%s':\n\t%s")
      :format(name, path, message), 0)
  end
  return chunk, path
end

-- The position of the standard searcher for Lua files: the first to answer
-- as a search along `package.path` does. By default it is the second.
local function find_standard(searchers)
  local probe = "nadir.syntax.no-such-module"
  local _, answer = package.searchpath(probe, package.path)
  for i, searcher in ipairs(searchers) do
    local ok, message = pcall(searcher, probe)
    if ok and message == answer then
      return i
    end
  end
end

--- Makes `require` understand `with` in Lua files.
function syntax.install()
  local searchers = package.searchers
  for _, searcher in ipairs(searchers) do
    if searcher == syntax.searcher then
      return
    end
  end
  local position = find_standard(searchers)
  if position then
    searchers[position] = syntax.searcher
  else
    table.insert(searchers, 2, syntax.searcher)
  end
end

return syntax
