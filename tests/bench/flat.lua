--- Runs the steps of one row and says by how much the most that the process
--- ever had resident grew meanwhile.
--
--     nadir tests/bench/flat.lua ROW STEPS SECONDS
--
-- A tenth of the steps, at most 30,000, comes before: it makes every buffer
-- that steps need, and lasts until the collector has gone round once. SECONDS
-- end it before its steps do.
package.path = "tests/bench/?.lua;" .. package.path
local nd = require "nadir"
local rows = require "rows"

local ROW, STEPS, SECONDS = arg[1], tonumber(arg[2]), tonumber(arg[3])
local MOST = 1024 -- KiB that memory may have grown

local function peak()
  for line in io.lines "/proc/self/status" do
    local size = line:match "^VmHWM:%s*(%d+)"
    if size then
      return tonumber(size)
    end
  end
end

-- So many steps at most; gives how many there was time for.
local function run(step, count, seconds)
  local finish = nd.clock() + seconds
  for i = 1, count do
    step()
    if i % 16 == 0 and nd.clock() > finish then
      return i
    end
  end
  return count
end

rows.load(1000000)
local step = rows.find(ROW)
run(step, math.min(30000, STEPS // 10), SECONDS / 4)
local before = peak()
local done = run(step, STEPS, SECONDS)
local grown = peak() - before
local verdict = grown <= MOST and "flat" or "GROWS"
print(("%-16s %9d steps  %8d KiB at most  %6d KiB more  %s"):format(ROW, done,
  before, grown, verdict))
os.exit(grown <= MOST)
