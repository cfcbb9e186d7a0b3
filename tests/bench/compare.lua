--- The driver of `make bench`: starts Nadir and its peers, times every row in
--- alternating rounds, and prints medians and ratios. README.md says how.
package.path = "tests/bench/?.lua;" .. package.path
local footprint = require "footprint"
local report = require "report"
local system = require "system"
local Worker = require "worker"

local NADIR, PYTHON = system.nadir, system.python
local TITLES = system.titles
local capture, exists = system.capture, system.exists
local values = report.values

local ROUNDS = system.number("ROUNDS", 7)
local SLICE = system.number("SLICE", 0.15)
local STEPS = system.number("STEPS", 100000)
local THREADS = system.number("THREADS", 1)
local PEERS = system.setting("PEERS", "torch tensorflow numpy")
local ROWS = system.setting("ROWS", ".")

-- A row is one request to each worker; `part` names the number it shows.
local rows = {
  { "gradient of x^2", "gradient" },
  { "step, batch 8", "step:8:draw" },
  { "  without the draw", "step:8:ahead" },
  { "step, batch 256", "step:256:draw" },
  { "  without the draw", "step:256:ahead" },
  { "step, batch 1,000", "step:1000:draw" },
  { "  without the draw", "step:1000:ahead" },
  { "step, batch 10,000", "step:10000:draw" },
  { "  without the draw", "step:10000:ahead" },
  { "step, all 1,000,000 points", "step:0:full" },
  { "784-128-10 network, Adam, batch 32", "mlp:32" },
  { "chain of 10,000 ops, one op", "chain:10000" },
  { "  recording it", "chain:10000", part = "record" },
  { "  sweeping it", "chain:10000", part = "sweep" },
}

-- Workers -------------------------------------------------------------------

-- Nadir first; a peer that cannot start is named once and left out.
local function start_workers()
  local workers = { assert(Worker.start("nadir",
                                        NADIR .. " tests/bench/bench.lua")) }
  local absent = {}
  for name in PEERS:gsub("none", ""):gmatch "%w+" do
    if TITLES[name] == nil then
      error("bench: BENCH_PEERS names an unknown peer: " .. name, 0)
    end
    local worker, problem = Worker.start(name,
      ("%s tests/bench/peers.py %s"):format(PYTHON, name))
    workers[#workers + 1] = worker
    if worker == nil then
      absent[#absent + 1] = ("without %s: %s"):format(TITLES[name], problem)
    end
  end
  if #absent > 0 and not exists(PYTHON) then
    absent = { "without peers: make bench-peers installs them" }
  end
  return workers, absent
end

local function print_machine(workers, absent)
  local cpu = capture "sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1"
  print(os.date "!%Y-%m-%d %H:%M UTC" .. ", " .. capture "uname -srm")
  print(("%s, %s cores, load %s at the start"):format(
    cpu ~= "" and cpu or "unknown CPU", capture "getconf _NPROCESSORS_ONLN",
    capture "cut -d' ' -f1-3 /proc/loadavg"))
  local names = {}
  for i, worker in ipairs(workers) do
    names[i] = TITLES[worker.name] .. " " .. worker.version
  end
  names[#names + 1] = capture "lua5.4 -v":match "[^ ]* [^ ]*"
  print(table.concat(names, ", "))
  for _, line in ipairs(absent) do
    print(line)
  end
  print(("%d rounds of %g s a row and peer, %s; medians; Nx: the peer takes N "
    .. "times as long"):format(ROUNDS, SLICE, THREADS == 0
    and "peers with their own number of threads" or THREADS .. " thread each"))
  print()
end

-- Speed ---------------------------------------------------------------------

local failures = {}

local function note_failure(name, what, problem)
  local line = ("%s: %s: %s"):format(TITLES[name], what, problem)
  if not failures[line] then
    failures[line] = true
    failures[#failures + 1] = line
    failures.ours = failures.ours or name == "nadir"
  end
end

-- Every peer must have taken the same steps, or its times mean nothing.
local function print_agreement(workers)
  local lines = { { "after 100 steps, batch 1,000", "loss", "w", "b",
                    "network's loss" } }
  for _, worker in ipairs(workers) do
    local line = { "  " .. TITLES[worker.name] }
    local found, problem = worker:ask("check:fit", 0)
    for i, part in ipairs { "loss", "w", "b" } do
      line[i + 1] = found and ("%.4f"):format(found[part]) or "-"
    end
    local network, other = worker:ask("check:mlp", 0)
    line[5] = network and ("%.3f"):format(network.loss) or "-"
    lines[#lines + 1] = line
    if problem or other then
      note_failure(worker.name, "check", problem or other)
    end
  end
  report.print(lines)
end

-- samples[request][name][round] is an answer; the order of the workers turns
-- by one each round, so that none always runs after the same one.
local function sample(workers)
  local requests, samples = {}, {}
  for _, row in ipairs(rows) do
    local request = row[2]
    if samples[request] == nil and request:find(ROWS) then
      requests[#requests + 1] = request
      samples[request] = {}
      for _, worker in ipairs(workers) do
        samples[request][worker.name] = {}
      end
    end
  end
  for round = 1, ROUNDS do
    for _, request in ipairs(requests) do
      for i = 1, #workers do
        local worker = workers[(i + round) % #workers + 1]
        local answer, problem = worker:ask(request, SLICE)
        samples[request][worker.name][round] = answer
        if problem and problem ~= "nothing records" then
          note_failure(worker.name, request, problem)
        end
      end
    end
  end
  return samples
end

local function part_of(answers, part)
  local numbers = {}
  for round, answer in pairs(answers) do
    numbers[round] = answer[part]
  end
  return numbers
end

local function print_speed(workers, samples)
  local heading = { "", "Nadir", "spread" }
  for i = 2, #workers do
    heading[#heading + 1] = TITLES[workers[i].name]
    heading[#heading + 1] = ""
  end
  local lines = { heading }
  for _, row in ipairs(rows) do
    local answers = samples[row[2]]
    if answers then
      local part = row.part or "total"
      local ours = part_of(answers.nadir, part)
      local spread = report.spread(values(ours))
      local line = { row[1], report.time(report.median(values(ours))),
                     spread and ("%.0f%%"):format(spread * 100) or "" }
      for i = 2, #workers do
        local theirs = part_of(answers[workers[i].name], part)
        line[#line + 1] = report.time(report.median(values(theirs)))
        line[#line + 1] = report.times(report.ratio(theirs, ours))
      end
      lines[#lines + 1] = line
    end
  end
  report.print(lines)
end

-- Targets -------------------------------------------------------------------

local function target(lines, what, value, limit, shown, below)
  local verdict = "not measured"
  if value then
    local met = below and value < limit or not below and value > limit
    verdict = met and "met" or "MISSED"
  end
  lines[#lines + 1] = { "  " .. what, value and shown(value) or "-", verdict }
end

local function print_targets(samples, startup, memory)
  local lines = { { "targets", "", "" } }
  local step = samples["step:1000:draw"] or { nadir = {} }
  local ours = part_of(step.nadir, "total")
  for _, pair in ipairs { { "torch", 10 }, { "tensorflow", 100 } } do
    local theirs = part_of(step[pair[1]] or {}, "total")
    target(lines, ("step, batch 1,000: %s takes over %d times as long")
      :format(TITLES[pair[1]], pair[2]), report.ratio(theirs, ours), pair[2],
      report.times)
  end
  local chain = samples["chain:10000"] or { nadir = {} }
  target(lines, "a recorded and swept scalar op under 150 ns",
         report.median(values(part_of(chain.nadir, "total"))), 150e-9,
         report.time, true)
  target(lines, "an empty script within 5 ms of lua5.4",
         startup.above_lua, 5e-3, report.time, true)
  target(lines, "an empty script under 8 MB", memory.start.peak, 8 * 1024,
         report.size, true)
  target(lines, ("%d steps add under 1 MB"):format(STEPS), memory.grow.grown,
         1024, report.size, true)
  target(lines, "steps over all points under 60 MB", memory.full.peak,
         60 * 1024, report.size, true)
  target(lines, "the stripped program under 2 MB", memory.size, 2 * 1024,
         report.size, true)
  report.print(lines)
end

local workers, absent = start_workers()
print_machine(workers, absent)
print_agreement(workers)
local samples = sample(workers)
for _, worker in ipairs(workers) do
  worker:stop()
end
print_speed(workers, samples)
local function fail(what, problem)
  note_failure("nadir", what, problem)
end
local startup = footprint.startup(workers, ROUNDS, fail)
footprint.limits(ROUNDS, fail)
local memory = footprint.memory(workers, STEPS, fail)
print_targets(samples, startup, memory)
for _, line in ipairs(failures) do
  print("failed: " .. line)
end
os.exit(not failures.ours)
