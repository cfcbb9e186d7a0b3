--- nd.plot: lines and points in a PNG or SVG file, or as text in the terminal.
--
--   local plot = require "nadir.plot"
--   plot.figure { title = "fit", xlabel = "x", ylabel = "y" }
--     :scatter(x, y, { label = "data" })
--     :line(x, fitted, { label = "fit" })
--     :save "fit.png"
--
-- gnuplot draws, as an external program. It reads its program from a temporary
-- file that is gone before the call returns, and the picture comes back through
-- a pipe: a gnuplot that dies early can then not hurt us by a broken pipe, and
-- no text of the user's meets the shell.
local fail = require "nadir.fail"
local names = require "nadir.names"
local namespace = require "nadir.namespace"

local plot = {}

-- Okabe and Ito's colours, which colour-blind people can tell apart, in the
-- order in which series take them, and by name.
local COLORS = {
  "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000",
  blue = "#0072b2", red = "#d55e00", green = "#009e73", pink = "#cc79a7",
  orange = "#e69f00", cyan = "#56b4e9", yellow = "#f0e442", black = "#000000",
  gray = "#999999",
}

local MARKERS = {
  dot = 7, circle = 6, square = 5, triangle = 9, diamond = 13, plus = 1,
  cross = 2,
}

local STYLES = { solid = 1, dashed = 2, dotted = 3 }

local CORNERS = {
  ["top left"] = true, ["top right"] = true,
  ["bottom left"] = true, ["bottom right"] = true,
}

-- ------------------------------------------------------------- arguments --

-- The names that a table has, sorted.
local function keys(t)
  local list = {}
  for name in pairs(t) do -- any order: sorted below
    list[#list + 1] = type(name) == "string" and name or nil
  end
  table.sort(list)
  return list
end

local function listed(t)
  return table.concat(keys(t), ", ")
end

-- Raises unless every option has a name that `checks` knows and a value that
-- its check takes.
local function check_options(who, options, checks)
  names.check_options(who, options, checks)
  for _, name in ipairs(keys(options)) do
    checks[name](who, name, options[name])
  end
end

local function is_a(wanted)
  return function(who, name, value)
    if type(value) ~= wanted then
      fail("%s: %s must be a %s, got %s", who, name, wanted, type(value))
    end
  end
end

local function is_positive(who, name, value)
  if type(value) ~= "number" or not (value > 0 and value < math.huge) then
    fail("%s: %s must be a positive number, got %s", who, name,
      tostring(value))
  end
end

local function is_one_of(words)
  return function(who, name, value)
    if not words[value] then
      fail("%s: no such %s: '%s'; there are %s", who, name, tostring(value),
        listed(words))
    end
  end
end

local function is_finite(x)
  return math.type(x) ~= nil and x - x == 0
end

local function is_interval(who, name, value)
  local low, high
  if type(value) == "table" then
    low, high = value[1], value[2]
  end
  if not is_finite(low) or not is_finite(high) or low >= high then
    fail("%s: %s must be a table {low, high}", who, name)
  end
end

local function is_color(who, name, value)
  if type(value) ~= "string" or not (COLORS[value]
      or value:match "^#%x%x%x%x%x%x$") then
    fail("%s: no such %s: '%s'; write '#rrggbb', or one of %s", who, name,
      tostring(value), listed(COLORS))
  end
end

local function is_legend(who, name, value)
  if value ~= false then
    is_one_of(CORNERS)(who, name, value)
  end
end

local function is_count(who, name, value)
  if math.type(value) ~= "integer" or value < 10 or value > 10000 then
    fail("%s: %s must be a whole number from 10 to 10000, got %s", who, name,
      tostring(value))
  end
end

local FIGURE = {
  title = is_a "string", xlabel = is_a "string", ylabel = is_a "string",
  xlim = is_interval, ylim = is_interval,
  grid = is_a "boolean", legend = is_legend,
  width = is_count, height = is_count,
}

local LINE = {
  label = is_a "string", color = is_color, width = is_positive,
  style = is_one_of(STYLES),
}

local SCATTER = {
  label = is_a "string", color = is_color, size = is_positive,
  marker = is_one_of(MARKERS),
}

local SHOW = { width = is_count, height = is_count }

-- Tensors and whatever else can turn itself into a table.
local function has_totable(value)
  local ok, method = pcall(function() return value.totable end)
  return ok and method ~= nil
end

-- The list of numbers that `value` is or can give.
local function numbers(who, name, value)
  local list = value
  if has_totable(value) then
    if (value.rank or 1) ~= 1 then
      fail("%s: %s must have one axis: it is [%s]; use nd.reshape(%s, -1)", who,
        name, table.concat(value.shape, " "), name)
    end
    list = value:totable()
  elseif type(value) ~= "table" then
    fail("%s: %s must be a list of numbers or a tensor, got %s", who, name,
      type(value))
  end
  for i = 1, #list do
    if type(list[i]) ~= "number" then
      fail("%s: %s must be a list of numbers: number %d is a %s", who, name, i,
        type(list[i]))
    end
  end
  return list
end

local function positions(n)
  local list = {}
  for i = 1, n do
    list[i] = i
  end
  return list
end

local function check_points(who, x, y)
  if #x ~= #y then
    fail("%s: sizes differ: x has %d values, y has %d", who, #x, #y)
  end
  for i = 1, #x do
    if is_finite(x[i]) and is_finite(y[i]) then
      return
    end
  end
  fail("%s: no points: %d values, none finite", who, #x)
end

-- --------------------------------------------------- gnuplot's language --

-- Text as gnuplot reads it between double quotes. What could mean something to
-- it (quotes, backquotes, @, backslashes) goes as an octal escape.
local function quoted(text)
  text = text:gsub("[^\n\128-\255%g]", " ")
  return '"' .. text:gsub("[^%w \128-\255]", function(byte)
    return ("\\%03o"):format(byte:byte())
  end) .. '"'
end

local TERMINALS = {
  png = [[
if (strstrt(GPVAL_TERMINALS, 'pngcairo')) set terminal pngcairo %s font ',11'
if (!strstrt(GPVAL_TERMINALS, 'pngcairo')) set terminal png %s
]],
  svg = "set terminal svg %s font 'sans-serif,13' background '#ffffff'\n",
  text = "set terminal dumb %s mono\n",
}

local function terminal(kind, width, height)
  local size = ("size %d,%d noenhanced"):format(width, height)
  return (TERMINALS[kind]:gsub("%%s", size))
end

-- A finite number; the locale's decimal point, whatever it is, becomes a point.
local function decimal(x)
  return (("%.17g"):format(x):gsub("[^%d+e-]+", "."))
end

local function interval(axis, limits)
  return ("set %srange [%s:%s]"):format(axis, decimal(limits[1]),
    decimal(limits[2]))
end

local function settings(options, kind)
  local out = { "set encoding utf8" }
  for _, name in ipairs { "title", "xlabel", "ylabel" } do
    if options[name] then
      out[#out + 1] = ("set %s %s"):format(name, quoted(options[name]))
    end
  end
  for _, axis in ipairs { "x", "y" } do
    if options[axis .. "lim"] then
      out[#out + 1] = interval(axis, options[axis .. "lim"])
    end
  end
  if options.grid ~= false and kind ~= "text" then
    out[#out + 1] = "set grid linetype 1 linewidth 0.5 linecolor rgb '#cccccc'"
  end
  out[#out + 1] = options.legend == false and "unset key"
    or "set key Left reverse " .. (options.legend or "top right")
  return table.concat(out, "\n") .. "\n"
end

-- A value that is not finite is a gap.
local function data_block(name, series)
  local out = { name .. " << EOD" }
  for i, x in ipairs(series.x) do
    local y = series.y[i]
    out[i + 1] = is_finite(x) and is_finite(y)
      and decimal(x) .. " " .. decimal(y) or ""
  end
  out[#out + 1] = "EOD\n"
  return table.concat(out, "\n")
end

local function looks(series, index)
  local o = series.options
  local choice = o.color or (index - 1) % #COLORS + 1
  local color = COLORS[choice] or choice
  if series.kind == "scatter" then
    return ("with points pointtype %d pointsize %s linecolor rgb '%s'"):format(
      MARKERS[o.marker or "dot"], decimal(o.size or 0.7), color)
  end
  return ("with lines linewidth %s dashtype %d linecolor rgb '%s'"):format(
    decimal(o.width or 2), STYLES[o.style or "solid"], color)
end

local function program(figure, kind, width, height)
  local out = { terminal(kind, width, height), settings(figure.options, kind) }
  local drawn = {}
  for i, series in ipairs(figure.series) do
    local name = "$series" .. i
    local label = series.options.label
    out[#out + 1] = data_block(name, series)
    drawn[i] = ("%s %s %s"):format(name, looks(series, i),
      label and "title " .. quoted(label) or "notitle")
  end
  out[#out + 1] = "plot " .. table.concat(drawn, ", ") .. "\n"
  return table.concat(out)
end

-- ------------------------------------------------------ running gnuplot --

-- Closing it removes the file.
local Temporary = {}

function Temporary:__close()
  os.remove(self.path)
end

-- The shell tells gnuplot's status behind its output: where a host ignores
-- SIGCHLD, closing the pipe tells none.
local function run(path, outputs)
  local pipe = io.popen(("gnuplot -d '%s' %s < /dev/null; printf ' %%d' $?")
    :format(path, outputs))
  local output, status = pipe:read "a":match "^(.*) (%d+)$"
  pipe:close()
  return output, tonumber(status)
end

-- gnuplot's own words about a program that it refuses, without its place.
local function complaint(path)
  local text = run(path, "2>&1 > /dev/null")
  return text:match '" line %d+: ([^\n]*)' or text:match "[^\n]+" or "no reason"
end

-- What gnuplot draws for a program.
local function draw(who, text)
  local temporary <close> = setmetatable({ path = os.tmpname() }, Temporary)
  local file = assert(io.open(temporary.path, "w"))
  local written = file:write(text)
  if not (file:close() and written) then
    fail("%s: cannot write a temporary file: %s", who, temporary.path)
  end
  local output, status = run(temporary.path, "2> /dev/null")
  if status == 127 then
    fail("%s: gnuplot is not installed; apt-get install gnuplot-nox", who)
  elseif status ~= 0 or output == "" then
    fail("%s: gnuplot failed: %s", who, complaint(temporary.path))
  end
  return output
end

local function write_file(who, path, contents)
  local file, reason = io.open(path, "wb")
  if not file then
    fail("%s: cannot write: %s", who, reason)
  end
  local written = file:write(contents)
  if not (file:close() and written) then
    fail("%s: cannot write: %s: the disk may be full", who, path)
  end
end

-- ---------------------------------------------------------------- figures --

---@class Figure
local Figure = { __name = "plot.figure" }
Figure.__index = names.class("plot.figure", Figure)

local function is_options(value)
  return type(value) == "table" and #value == 0
    and next(value) ~= nil -- any order
    and not has_totable(value)
end

local function add(figure, kind, x, y, options)
  local checks = kind == "line" and LINE or SCATTER
  if options == nil and is_options(y) then
    y, options = nil, y
  end
  check_options(kind, options or {}, checks)
  x = numbers(kind, "x", x)
  if y == nil then
    x, y = positions(#x), x
  else
    y = numbers(kind, "y", y)
  end
  check_points(kind, x, y)
  table.insert(figure.series,
    { kind = kind, x = x, y = y, options = options or {} })
  return figure
end

--- Adds a line through the points, in their order. `line(y)` takes 1, 2, ...
-- for x. A value that is not finite leaves a gap.
---@param x number[]|userdata
---@param y? number[]|userdata
---@param options? {label: string, color: string, width: number, style: string}
---@return Figure self
function Figure:line(x, y, options)
  return add(self, "line", x, y, options)
end

--- Adds points.
---@param x number[]|userdata
---@param y? number[]|userdata
---@param options? {label: string, color: string, size: number, marker: string}
---@return Figure self
function Figure:scatter(x, y, options)
  return add(self, "scatter", x, y, options)
end

local function check_series(who, figure)
  if #figure.series == 0 then
    fail("%s: nothing to draw; add a line or a scatter first", who)
  end
end

--- Writes the picture to a file, PNG or SVG by the end of its name.
---@param path string
---@return Figure self
function Figure:save(path)
  if type(path) ~= "string" then
    fail("save: path must be a string, got %s", type(path))
  end
  local kind = (path:match "%.(%w+)$" or ""):lower()
  if kind ~= "png" and kind ~= "svg" then
    fail("save: no such kind of picture: %s; end the name in .png or .svg",
      path)
  end
  check_series("save", self)
  local o = self.options
  local text = program(self, kind, o.width or 800, o.height or 600)
  write_file("save", path, draw("save", text))
  return self
end

--- Draws the figure as text on the standard output.
---@param options? {width: integer, height: integer}  in characters
---@return Figure self
function Figure:show(options)
  options = options or {}
  check_options("show", options, SHOW)
  check_series("show", self)
  local text = program(self, "text", options.width or 79, options.height or 24)
  io.write((draw("show", text):gsub(" +\n", "\n"):gsub("^%s*\n", "")))
  return self
end

--- A figure without series. Sizes are in pixels; `legend` is a corner such as
-- "top left", or false.
---@param options? table  title, xlabel, ylabel, xlim, ylim, grid, legend,
---                       width, height
---@return Figure
function plot.figure(options)
  options = options or {}
  check_options("figure", options, FIGURE)
  return setmetatable({ options = options, series = {} }, Figure)
end

--- A new figure with one line.
---@return Figure
function plot.line(x, y, options)
  return plot.figure():line(x, y, options)
end

--- A new figure with one set of points.
---@return Figure
function plot.scatter(x, y, options)
  return plot.figure():scatter(x, y, options)
end

return namespace.close("nd.plot", plot)
