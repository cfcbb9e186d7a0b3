--- The line that shows how far something has come, and numbers beside it. In a
-- terminal it is drawn again in its place, 20 times a second at most and as
-- wide as there is room; anywhere else it comes once, at the end.
local class = require "nadir.class"
local columns = require "nadir.columns"
local nd = require "nadir"

-- Whatever a script makes of its globals.
local output = io and io.stdout
local print = print

local WIDTH <const> = 30        -- of the bar, in columns
local INTERVAL <const> = 0.05   -- seconds from one drawing to the next

local Bar = class("Bar", {
  { "target", "size", false, doc = "how many steps there are, if it is known" },
  { "description", "text", false, doc = "what stands before the bar" },
  { "interactive", "flag", false, doc = "whether the line is drawn again" },
})

function Bar:init()
  self.begun, self.drawn = nd.clock(), -math.huge
  self.done, self.order, self.values = 0, {}, {}
end

-- -------------------------------------------------------------------- text --

--- A number as the bar shows it.
---@param x number
---@return string
function Bar.number(x)
  if math.type(x) == "integer" then
    return tostring(x)
  end
  return (math.abs(x) > 1e-3 and "%.4f" or "%.4e"):format(x)
end

local function duration(seconds)
  seconds = math.floor(seconds)
  if seconds >= 3600 then
    return ("%d:%02d:%02d"):format(seconds // 3600, seconds % 3600 // 60,
      seconds % 60)
  elseif seconds >= 60 then
    return ("%d:%02d"):format(seconds // 60, seconds % 60)
  end
  return ("%ds"):format(seconds)
end

local function rate(seconds)
  if seconds >= 1 or seconds == 0 then
    return ("%.0fs/step"):format(seconds)
  elseif seconds >= 1e-3 then
    return ("%.0fms/step"):format(seconds * 1e3)
  end
  return ("%.0fus/step"):format(seconds * 1e6)
end

-- "12/100", the first number as wide as the last one will be.
local function count(self)
  if not self.target then
    return ("%7d/Unknown"):format(self.done)
  end
  local width = #tostring(self.target)
  return ("%" .. width .. "d/%d"):format(self.done, self.target)
end

local function draw_bar(self, width)
  local filled = self.done * width // self.target
  if self.done >= self.target then
    return "[" .. ("="):rep(width) .. "]"
  elseif filled < 1 then
    return "[" .. ("."):rep(width) .. "]"
  end
  return "[" .. ("="):rep(filled - 1) .. ">" .. ("."):rep(width - filled) .. "]"
end

-- Time: what has passed, or is left while steps go on.
local function draw_time(self, ended)
  local passed = nd.clock() - self.begun
  local step = self.done > 0 and passed / self.done or 0
  if not ended and self.target and self.done < self.target then
    return "- ETA: " .. duration(step * (self.target - self.done))
  end
  return ("- %s %s"):format(duration(passed), rate(step))
end

local function draw_values(self)
  local words = {}
  for _, key in ipairs(self.order) do
    local value = self.values[key]
    words[#words + 1] = (" - %s: %s"):format(key,
      type(value) == "number" and Bar.number(value) or tostring(value))
  end
  return table.concat(words)
end

-- The line, no longer than a terminal of so many columns is wide.
local function draw(self, ended, width)
  local head = (self.description and self.description .. " " or "")
    .. count(self)
  local tail = " " .. draw_time(self, ended) .. draw_values(self)
  if not width then
    return head .. tail
  end
  local room = math.min(WIDTH, width - 4 - #head - #tail)
  local middle = self.target and room >= 5 and " " .. draw_bar(self, room) or ""
  return (head .. middle .. tail):sub(1, width - 1)
end

-- ----------------------------------------------------------------- drawing --

local function redraw(self, ended)
  output:write("\r", draw(self, ended, columns() or 80), "\27[K",
    ended and "\n" or "")
  output:flush()
end

--- Sets numbers that are shown, in the order in which they first came; those of
-- one call in the order of letters.
---@param values table  numbers, or tensors of one element, by name
function Bar:set(values)
  local fresh = {}
  for key, value in pairs(values) do -- any order: new names are sorted below
    if self.values[key] == nil then
      fresh[#fresh + 1] = key
    end
    self.values[key] = type(value) == "userdata" and value:item() or value
  end
  table.sort(fresh)
  table.move(fresh, 1, #fresh, #self.order + 1, self.order)
end

--- Whether it is time to draw the line again.
---@return boolean
function Bar:is_due()
  return self.interactive and nd.clock() - self.drawn >= INTERVAL
end

--- So many steps are done. Draws the line if it is time to.
---@param done integer
function Bar:advance(done)
  self.done = done
  if self:is_due() then
    redraw(self, false)
    self.drawn = nd.clock()
  end
end

--- Draws the line for the last time.
function Bar:finish()
  if self.interactive then
    redraw(self, true)
  else
    print(draw(self, true))
  end
end

return Bar
