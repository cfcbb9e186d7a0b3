--- The driver of `make bench`: starts Nadir and its peers, times every row in
--- alternating rounds, and prints medians and ratios. README.md says how.
package.path = "tests/bench/?.lua;" .. package.path
local footprint = require "footprint"
local kernels = require "kernels"
local report = require "report"
local system = require "system"
local Worker = require "worker"

local NADIR, PYTHON, SCRATCH = system.nadir, system.python, system.scratch
local TITLES = system.titles
local capture, exists = system.capture, system.exists
local values = report.values

local ROUNDS = system.number("ROUNDS", 7)
local SLICE = system.number("SLICE", 0.15)
local STEPS = system.number("STEPS", 100000)
local THREADS = system.setting("THREADS", "1 2")
local PEERS = system.setting("PEERS",
                             "torch compile tensorflow function jax numpy kann")
local ROWS = system.setting("ROWS", ".")

-- A row is one request to each worker; `part` names the number it shows. Those
-- that are `large` are timed with more threads, too.
local rows = {
  { "gradient of x^2", "gradient" },
  { "step, batch 8", "step:8:draw" },
  { "  without the draw", "step:8:ahead" },
  { "step, batch 256", "step:256:draw" },
  { "  without the draw", "step:256:ahead" },
  { "step, batch 1,000", "step:1000:draw" },
  { "  without the draw", "step:1000:ahead" },
  { "step, batch 10,000", "step:10000:draw", large = true },
  { "  without the draw", "step:10000:ahead" },
  { "step, all 1,000,000 points", "step:0:full", large = true },
  { "784-128-10 network, batch 32", "mlp:32", large = true },
  { "784-128-10 network, batch 256", "mlp:256", large = true },
  { "convolutions, 28x28, batch 32", "conv", large = true },
  { "LSTM, 64 x 32 x 128", "lstm", large = true },
  { "attention block, 4 x 128 x 256", "attention", large = true },
  { "small layers, batch 10, by hand", "epoch:hand" },
  { "  in fit", "epoch:fit" },
  { "checkpoint of 4.9 MB", "checkpoint" },
  { "tanh, exp, ... of 1,000,000", "wave:1000000", large = true },
  { "32 of 50,000 rows of 64", "embed:50000" },
  { "chain of 10,000 ops, one op", "chain:10000" },
  { "  recording it", "chain:10000", part = "record" },
  { "  sweeping it", "chain:10000", part = "sweep" },
}

-- What a row must show: how many times as long the peer takes, at least.
local wanted = {
  { "gradient", torch = 60, jax = 6 },
  { "step:8:draw", numpy = 1.5, torch = 55, tensorflow = 700 },
  { "step:256:draw", numpy = 1.4, torch = 40 },
  { "step:1000:ahead", numpy = 1.5, torch = 24 },
  { "step:10000:draw", numpy = 2, torch = 8 },
  { "step:0:full", numpy = 2.5, torch = 10, jax = 2.5 },
  { "mlp:32", torch = 5, jax = 2 },
  { "mlp:256", torch = 1.8, jax = 1 },
  { "chain:10000", torch = 75, ["function"] = 12 },
  { "conv", torch = 2, ["function"] = 1 },
  { "lstm", torch = 2 },
  { "attention", torch = 2 },
  { "wave:1000000", torch = 4, numpy = 3.5 },
}

-- Workers -------------------------------------------------------------------

local function command_of(name, threads)
  if name == "nadir" then
    return ("%s tests/bench/bench.lua %d"):format(NADIR, threads)
  elseif name == "kann" then
    return SCRATCH .. "/kann"
  end
  return ("env BENCH_THREADS=%d %s tests/bench/peers.py %s"):format(threads,
    PYTHON, name)
end

-- Nadir first; a peer that cannot start is named and left out. Without Nadir
-- there are none.
local function start_workers(threads)
  local ours, why = Worker.start("nadir", command_of("nadir", threads))
  local workers, absent = { ours }, {}
  if ours == nil then
    return workers, { ("no %d threads: %s"):format(threads, why) }
  end
  for name in PEERS:gsub("none", ""):gmatch "%w+" do
    if TITLES[name] == nil then
      error("bench: BENCH_PEERS names an unknown peer: " .. name, 0)
    end
    local worker, problem
    if name == "kann" and not exists(SCRATCH .. "/kann") then
      problem = "make bench KANN_SRC=dir names its sources"
    elseif name ~= "kann" and not exists(PYTHON) then
      problem = "make bench-peers installs it"
    else
      worker, problem = Worker.start(name, command_of(name, threads))
    end
    workers[#workers + 1] = worker
    if worker == nil then
      absent[#absent + 1] = ("without %s: %s"):format(TITLES[name], problem)
    end
  end
  return workers, absent
end

local function stop_workers(workers)
  for _, worker in ipairs(workers) do
    worker:stop()
  end
end

local function print_machine(workers, absent)
  local cpu = capture "sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1"
  report.say(os.date "!%Y-%m-%d %H:%M UTC" .. ", " .. capture "uname -srm")
  report.say(("%s, %s cores, load %s at the start"):format(
    cpu ~= "" and cpu or "unknown CPU", capture "getconf _NPROCESSORS_ONLN",
    capture "cut -d' ' -f1-3 /proc/loadavg"))
  local names = {}
  for i, worker in ipairs(workers) do
    names[i] = TITLES[worker.name] .. " " .. worker.version
  end
  names[#names + 1] = capture "lua5.4 -v":match "[^ ]* [^ ]*"
  names[#names + 1] = "kernels for " .. capture(NADIR
    .. " -e 'print(require \"nadir\".cpu())'")
  report.say(table.concat(names, ", "))
  for _, line in ipairs(absent) do
    report.say(line)
  end
  report.say(("%d rounds of %g s a row and peer; medians; Nx: the peer takes N "
    .. "times as long"):format(ROUNDS, SLICE))
  report.say()
end

-- Speed ---------------------------------------------------------------------

local failures = {}

-- What has one reason is one line.
local function note_failure(name, what, problem)
  local reason = ("%s: %s"):format(TITLES[name], problem)
  if not failures[reason] then
    failures[reason] = {}
    failures[#failures + 1] = reason
  end
  table.insert(failures[reason], what)
  failures.ours = failures.ours or name == "nadir"
end

-- Every peer must have taken the same steps, or its times mean nothing.
local function print_agreement(workers)
  local lines = { { "after 100 steps", "loss", "w", "b", "network's loss",
                    "with convolutions", "LSTM", "attention" } }
  for _, worker in ipairs(workers) do
    local line = { "  " .. TITLES[worker.name] }
    local found, problem = worker:ask("check:fit", 0)
    for i, part in ipairs { "loss", "w", "b" } do
      line[i + 1] = found and ("%.4f"):format(found[part]) or "-"
    end
    local network, other = worker:ask("check:mlp:32", 0)
    line[5] = network and ("%.3f"):format(network.loss) or "-"
    for i, kind in ipairs { "conv", "lstm", "attention" } do
      local row = worker:ask("check:" .. kind, 0)
      line[5 + i] = row and ("%.3f"):format(row.loss) or "-"
    end
    lines[#lines + 1] = line
    if worker.name == "nadir" and (problem or other) then
      note_failure(worker.name, "check", problem or other)
    end
  end
  report.print(lines)
end

-- samples[request][name][round] is an answer; the order of the workers turns
-- by one each round, so that none always runs after the same one.
local function sample(workers, chosen)
  local requests, samples = {}, {}
  for _, row in ipairs(chosen) do
    local request = row[2]
    if samples[request] == nil then
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
        if worker.skips[request] == nil then
          local answer, problem = worker:ask(request, SLICE)
          samples[request][worker.name][round] = answer
          worker.skips[request] = problem
        end
      end
    end
  end
  for _, worker in ipairs(workers) do
    for _, request in ipairs(requests) do
      if worker.skips[request] then
        note_failure(worker.name, request, worker.skips[request])
      end
    end
  end
  return samples
end

local function part_of(answers, part)
  local numbers = {}
  for round, answer in pairs(answers or {}) do
    numbers[round] = answer[part]
  end
  return numbers
end

-- Two tables: the times, and how many times as long the peers take.
local function print_speed(workers, samples, chosen, title)
  local times, ratios = { { title, "Nadir", "spread" } }, { { "ratios" } }
  for i = 2, #workers do
    times[1][i + 2] = TITLES[workers[i].name]
    ratios[1][i] = TITLES[workers[i].name]
  end
  for _, row in ipairs(chosen) do
    local answers = samples[row[2]]
    local part = row.part or "total"
    local ours = part_of(answers.nadir, part)
    local spread = report.spread(values(ours))
    local line = { row[1], report.time(report.median(values(ours))),
                   spread and ("%.0f%%"):format(spread * 100) or "" }
    local ratio = { row[1] }
    for i = 2, #workers do
      local theirs = part_of(answers[workers[i].name], part)
      line[i + 2] = report.time(report.median(values(theirs)))
      ratio[i] = report.times(report.ratio(theirs, ours))
    end
    times[#times + 1], ratios[#ratios + 1] = line, ratio
  end
  report.print(ratios)
  report.print(times)
end

-- What more threads bring: ours alone, each with as many as it is named by.
local function print_threads(by_threads)
  local first = by_threads[1]
  for i = 2, #by_threads do
    local more = by_threads[i]
    local lines = { { ("%d threads against %d"):format(more.threads,
      first.threads), "as fast" } }
    for _, row in ipairs(more.rows) do
      local ratio = report.ratio(part_of(first.samples[row[2]].nadir, "total"),
                                 part_of(more.samples[row[2]].nadir, "total"))
      lines[#lines + 1] = { "  " .. row[1], report.times(ratio) }
    end
    report.print(lines)
  end
end

local function chosen_rows(large)
  local chosen = {}
  for _, row in ipairs(rows) do
    if row[2]:find(ROWS) and (row.large or not large) then
      chosen[#chosen + 1] = row
    end
  end
  return chosen
end

-- Targets -------------------------------------------------------------------

local function target(lines, what, value, limit, shown, below)
  local verdict = "not measured"
  if value then
    local met = below and value < limit or not below and value > limit
    verdict = met and "met" or "MISSED"
  end
  lines[#lines + 1] = { "  " .. what, shown(limit), value and shown(value)
    or "-", verdict }
end

local function print_ratios_wanted(samples)
  local lines = { { "what rows must show", "at least", "is", "" } }
  local titles = {}
  for _, row in ipairs(rows) do
    titles[row[2]] = titles[row[2]] or row[1]
  end
  for _, row in ipairs(wanted) do
    local answers = samples[row[1]] or {}
    for name in PEERS:gmatch "%w+" do
      if row[name] then
        target(lines, ("%s: %s"):format(titles[row[1]]:gsub("^ +",
          "step, batch 1,000, "), TITLES[name]), report.ratio(
          part_of(answers[name], "total"), part_of(answers.nadir, "total")),
          row[name], report.times)
      end
    end
  end
  report.print(lines)
end

local function print_targets(samples, startup, memory)
  local lines = { { "other targets", "below", "is", "" } }
  local chain = samples["chain:10000"] or {}
  local by_hand = samples["epoch:hand"] or {}
  local by_fit = samples["epoch:fit"] or {}
  target(lines, "a recorded and swept scalar op",
         report.median(values(part_of(chain.nadir, "total"))), 150e-9,
         report.time, true)
  target(lines, "what fit adds to a step",
         report.difference(part_of(by_fit.nadir, "total"),
                           part_of(by_hand.nadir, "total")),
         20e-6, report.time, true)
  target(lines, "an empty script, more than lua5.4",
         startup.above_lua, 5e-3, report.time, true)
  target(lines, "an empty script", memory.start.peak, 8 * 1024,
         report.size, true)
  target(lines, ("what %d steps add"):format(STEPS), memory.grow.grown,
         1024, report.size, true)
  target(lines, "steps over all points", memory.full.peak,
         60 * 1024, report.size, true)
  target(lines, "the stripped program", memory.size, 2.5 * 1024,
         report.size, true)
  report.print(lines)
end

-- Times the rows with so many threads; nil if we have not so many.
local function measure(threads, first)
  local workers, absent = start_workers(threads)
  if #workers == 0 then
    report.say(absent[1])
    report.say()
    return nil
  end
  if first then
    print_machine(workers, absent)
    print_agreement(workers)
  end
  local chosen = chosen_rows(not first)
  local samples = sample(workers, chosen)
  stop_workers(workers)
  print_speed(workers, samples, chosen, threads == 1 and "one thread"
    or threads .. " threads")
  return { threads = threads, rows = chosen, samples = samples,
           workers = workers }
end

local by_threads = {}
for threads in THREADS:gmatch "%d+" do
  by_threads[#by_threads + 1] = measure(math.tointeger(threads),
    #by_threads == 0)
end
if #by_threads == 0 then
  os.exit(false)
end
print_threads(by_threads)

local function fail(what, problem)
  note_failure("nadir", what, problem)
end
kernels.print(fail)
local workers = by_threads[1].workers
local startup = footprint.startup(workers, ROUNDS, fail)
footprint.limits(ROUNDS, fail)
local memory = footprint.memory(workers, STEPS, fail)
print_ratios_wanted(by_threads[1].samples)
print_targets(by_threads[1].samples, startup, memory)
for _, reason in ipairs(failures) do
  local what = failures[reason]
  report.say(("not timed: %s (%s)"):format(reason, #what > 3
    and #what .. " rows" or table.concat(what, ", ")))
end
report.keep(system.kept)
os.exit(not failures.ours)
