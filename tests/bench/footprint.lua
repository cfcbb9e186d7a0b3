--- What `make bench` measures from outside: how long programs take to start,
--- how much memory they take, and how large they are.
local report = require "report"
local system = require "system"
local Worker = require "worker"

local NADIR, PYTHON, SCRATCH = system.nadir, system.python, system.scratch
local capture, exists = system.capture, system.exists

local footprint = {}

-- Start-up ------------------------------------------------------------------

local EMPTY = SCRATCH .. "/empty.lua"
local FIRST = SCRATCH .. "/first.lua"
local FIRST_TEXT = [[
local nd = require "nadir"
local x, y = nd.Variable(3.0)
with nd.GradientTape() as tape do
  y = nd.square(x)
end
print(tape:gradient(y, x))
]]

-- The modules of the peers that are libraries of Python.
local function modules_of(workers)
  local names = {}
  for _, worker in ipairs(workers) do
    names[#names + 1] = system.modules[worker.name]
  end
  return names
end

local function startup_commands(workers)
  local python = exists(PYTHON) and PYTHON or "python3"
  local list = {
    { "lua5.4, empty script", "lua5.4 " .. EMPTY, 20 },
    { "Nadir, empty script", NADIR .. " " .. EMPTY, 20 },
    { "Nadir, a first gradient", NADIR .. " " .. FIRST, 20 },
    { "python3, empty script", python .. " -c 0", 5 },
  }
  for _, name in ipairs(modules_of(workers)) do
    list[#list + 1] = { "python3, import " .. name,
                        ("%s -c 'import %s'"):format(python, name), 1 }
  end
  return list
end

-- The shell does the timing, so that one start of it serves many runs.
local function time_command(command, count)
  local text = capture(("s=$(date +%%s%%N); i=0; while [ $i -lt %d ]; do "
    .. "%s > /dev/null 2>&1 || exit 1; i=$((i+1)); done; "
    .. "echo $(($(date +%%s%%N) - s))"):format(count, command))
  local spent = tonumber(text)
  return spent and spent / count * 1e-9
end

--- Prints the start-up times.
---@param workers table[]  those whose imports are timed, Nadir first
---@param rounds integer
---@param fail fun(what: string, problem: string)
---@return table seconds  `above_lua`: an empty script, less lua5.4's time
function footprint.startup(workers, rounds, fail)
  system.write(EMPTY, "")
  system.write(FIRST, FIRST_TEXT)
  local list = startup_commands(workers)
  local times = {}
  for i, entry in ipairs(list) do
    times[i] = {}
    local failed = time_command(entry[2], 1) == nil
    if failed and entry[2]:find(NADIR, 1, true) == 1 then
      fail("start-up", entry[2] .. " failed")
    end
  end
  for round = 1, math.min(rounds, 5) do
    for i, entry in ipairs(list) do
      times[i][round] = time_command(entry[2], entry[3])
    end
  end
  local lines, above = { { "start-up", "", "" } }, {}
  for i, entry in ipairs(list) do
    local ratio = report.ratio(times[i], times[2])
    lines[#lines + 1] = { "  " .. entry[1],
                          report.time(report.median(report.values(times[i]))),
                          i ~= 2 and report.times(ratio) or "" }
  end
  report.print(lines)
  for round, time in pairs(times[2]) do
    above[round] = times[1][round] and time - times[1][round]
  end
  return { above_lua = report.median(report.values(above)) }
end

-- Limits --------------------------------------------------------------------

local LOOPS = SCRATCH .. "/loops.lua"
local LOOPS_TEXT = [[
local n = 0
for i = 1, 2e7 do n = n + i % 7 end
local t = {}
for i = 1, 3e6 do t[i % 100] = i end
]]

--- Prints what the hook costs by which a host stops scripts with limits: the
--- time of loops of plain Lua that call nothing.
function footprint.limits(rounds, fail)
  system.write(LOOPS, LOOPS_TEXT)
  local list = {
    { "hosted, unlimited", SCRATCH .. "/host unlimited " .. LOOPS },
    { "hosted, with limits", SCRATCH .. "/host limits " .. LOOPS },
    { "Nadir, the program", NADIR .. " " .. LOOPS },
    { "lua5.4", "lua5.4 " .. LOOPS },
  }
  local times = { {}, {}, {}, {} }
  for round = 1, rounds do
    for i, entry in ipairs(list) do
      times[i][round] = time_command(entry[2], 1)
    end
  end
  local lines = { { "loops of plain Lua", "", "" } }
  for i, entry in ipairs(list) do
    if #times[i] == 0 then
      fail("loops", entry[2] .. " failed")
    end
    lines[i + 1] = { "  " .. entry[1],
                     report.time(report.median(report.values(times[i]))),
                     i ~= 1 and report.times(report.ratio(times[i], times[1]))
                       or "" }
  end
  report.print(lines)
end

-- Memory --------------------------------------------------------------------

local function measure_memory(what, steps, fail)
  local answer, problem = Worker.once(("%s tests/bench/memory.lua %s %d")
    :format(NADIR, what, steps))
  if problem then
    fail("memory, " .. what, problem)
  end
  return answer or {}
end

local function stripped_size(path)
  local bare = SCRATCH .. "/stripped"
  local size = capture(("strip -o %s %s && wc -c < %s"):format(bare,
                                                            path, bare))
  return tonumber(size) and tonumber(size) / 1024
end

local function installed_size(name)
  local folder = capture(PYTHON .. " -c 'import sysconfig; "
    .. "print(sysconfig.get_path(\"platlib\"))'")
  return tonumber((capture(("du -sk %s/%s"):format(folder, name))
    :match "^%d+"))
end

--- Prints the memory taken.
---@param steps integer  over which growth is measured
---@return table kibibytes  by kind of script: peak and grown
function footprint.memory(workers, steps, fail)
  local bare = Worker.once "lua5.4 tests/bench/memory.lua start" or {}
  local ours = {
    start = measure_memory("start", 0, fail),
    module = measure_memory("module", 0, fail),
    fit = measure_memory("fit", 10000, fail),
    full = measure_memory("full", 200, fail),
    grow = measure_memory("fit", steps + 1000, fail),
    size = stripped_size(NADIR),
  }
  local lines = {
    { "memory, the most resident", "Nadir" },
    { "  empty script", report.size(ours.start.peak) },
    { "  with the module", report.size(ours.module.peak) },
    { "  the tutorial's steps, batch 1,000", report.size(ours.fit.peak) },
    { "  steps over all points", report.size(ours.full.peak) },
    { "size on disk, stripped", report.size(ours.size) },
  }
  for _, name in ipairs(modules_of(workers)) do
    local theirs = Worker.once(("%s tests/bench/peers.py %s memory 1000")
      :format(PYTHON, name)) or {}
    local column = { system.titles[name], "", report.size(theirs.start),
                     report.size(theirs.fit), report.size(theirs.full),
                     report.size(installed_size(name)) }
    for k, text in ipairs(column) do
      table.insert(lines[k], text)
    end
  end
  report.print(lines)
  report.say(("%d more steps after the first 1,000 add %s KiB; bare lua5.4 has "
    .. "%s"):format(steps, ours.grow.grown or "-", report.size(bare.peak)))
  report.say()
  return ours
end

return footprint
