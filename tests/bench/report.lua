--- Medians, ratios and the tables that `make bench` prints and keeps.
local report = {}

local said = {}

--- Prints a line, or an empty one, and notes it.
function report.say(line)
  said[#said + 1] = line or ""
  print(line or "")
end

--- Writes what was said to a file, as Markdown, unless `path` is nil.
function report.keep(path)
  if path == nil then
    return
  end
  local file = assert(io.open(path, "w"))
  file:write("# Results\n\nWritten by `make bench-results`; README.md says ",
    "what each row is.\n\n```text\n", table.concat(said, "\n"), "\n```\n")
  file:close()
end

---@param list number[]
---@return number? median  nil for an empty list
function report.median(list)
  local sorted = table.move(list, 1, #list, 1, {})
  table.sort(sorted)
  local n = #sorted
  if n == 0 then
    return nil
  end
  return (sorted[(n + 1) // 2] + sorted[n // 2 + 1]) / 2
end

--- The values of a table by round, as a list.
function report.values(by_round)
  local list = {}
  for _, value in pairs(by_round) do
    list[#list + 1] = value
  end
  return list
end

-- f of both for each round that both have.
local function join(above, below, f)
  local list = {}
  for round, value in pairs(above) do -- any order: sorted for a median
    if below[round] then
      list[#list + 1] = f(value, below[round])
    end
  end
  return list
end

---@param above table<integer, number>  by round; a round may be missing
---@param below table<integer, number>
---@return number? ratio  the median of the ratios of each round
function report.ratio(above, below)
  return report.median(join(above, below, function(a, b) return a / b end))
end

--- The same of differences.
---@return number?
function report.difference(above, below)
  return report.median(join(above, below, function(a, b) return a - b end))
end

---@param list number[]
---@return number? half  half the distance between the quartiles, by the median
function report.spread(list)
  local middle = report.median(list)
  if middle == nil or #list < 4 then
    return nil
  end
  local sorted = table.move(list, 1, #list, 1, {})
  table.sort(sorted)
  local quarter = (#sorted + 1) // 4
  return (sorted[#sorted + 1 - quarter] - sorted[quarter]) / 2 / middle
end

-- Three digits, so that columns of small and large numbers read alike.
local function digits(value)
  local size = math.abs(value)
  if size >= 99.95 then
    return ("%.0f"):format(value)
  end
  return (size >= 9.995 and "%.1f" or "%.2f"):format(value)
end

---@param seconds number?
function report.time(seconds)
  if seconds == nil then
    return "-"
  end
  local size = math.abs(seconds)
  if size < 1e-6 then
    return digits(seconds * 1e9) .. " ns"
  elseif size < 1e-3 then
    return digits(seconds * 1e6) .. " us"
  end
  return digits(seconds * 1e3) .. " ms"
end

---@param ratio number?
function report.times(ratio)
  return ratio and digits(ratio) .. "x" or ""
end

---@param kibibytes number?
function report.size(kibibytes)
  return kibibytes and digits(kibibytes / 1024) .. " MB" or "-"
end

--- Prints rows of strings; the first column to the left, others to the right.
function report.print(rows)
  local widths = {}
  for _, row in ipairs(rows) do
    for i, text in ipairs(row) do
      widths[i] = math.max(widths[i] or 0, #text)
    end
  end
  for _, row in ipairs(rows) do
    local line = {}
    for i, text in ipairs(row) do
      local blank = (" "):rep(widths[i] - #text)
      line[i] = i == 1 and text .. blank or blank .. text
    end
    report.say((table.concat(line, "  "):gsub("%s+$", "")))
  end
  report.say()
end

return report
