--- What a prompt has that is neither reading nor running: words of its own, and
-- how it shows values. The words are globals that a script may take. All of it
-- gets along with globals that refuse to be read or written.
local nd = require "nadir"
local console = require "nadir.console"
local show = require "nadir.show"

-- Those of the script, and what it has not touched yet.
local globals, exit = _G, os.exit

local prompt = {}

local Word = { __name = "word of the prompt" }

function Word:__tostring()
  return self.text
end

function Word:__call(...)
  return self.act(...)
end

-- A word says its text when it is shown, and acts when it is called.
local function word(text, act)
  return setmetatable({ text = text, act = act }, Word)
end

local leave = word("exit leaves, as quit and Ctrl-D do", function(code)
  exit(code == nil or code, true)
end)

local help = word('help() lists the ops of nd, help "matmul" describes one; '
  .. "exit leaves", function(...) return nd.help(...) end)

-- The global of this name; nil if a metamethod raises.
local function get(name)
  local ok, value = pcall(function() return globals[name] end)
  if ok then
    return value
  end
end

--- Adds `nd`, `help`, `exit` and `quit` to the globals, where they are free.
---@return table session   a console
---@return string greeting
function prompt.open()
  local words = { nd = nd, help = help, exit = leave, quit = leave }
  for name, value in pairs(words) do -- any order: each has its own place
    if get(name) == nil then
      rawset(globals, name, value)
    end
  end
  local is_ours = rawequal(get "nd", nd)
  return console.new("=stdin"), (is_ours and 'nd is require "nadir"; ' or "")
    .. "Ctrl-C stops a line, Ctrl-D leaves"
end

---@param name string   of the global that a script may set
---@param usual string
---@return string       what to show in front of a line
function prompt.text(name, usual)
  local value = get(name)
  local ok, text = pcall(tostring, value)
  return value ~= nil and ok and text or usual
end

--- Prints the results of a statement with the script's `print`.
function prompt.show(...)
  if select("#", ...) == 1 and rawequal((...), leave) then
    leave()
  end
  globals.print(show.values(...))
end

return prompt
