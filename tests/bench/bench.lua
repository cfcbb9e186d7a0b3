--- Nadir's side of `make bench`: times the rows of rows.lua, which peers.py has
--- too. Answers requests as worker.lua describes; its argument is how many
--- threads to use.
package.path = "tests/bench/?.lua;" .. package.path
local nd = require "nadir"
local chain = require "chain"
local rows = require "rows"

local clock = nd.clock
local threads = math.tointeger(arg[1])
if threads > 0 and not pcall(nd.set_num_threads, threads) then
  print "! it has no threads"
  os.exit(false)
end

local POINTS = 1000000

-- Block lengths that lasted long enough before, by row.
local lengths = {}

-- Seconds a step, of which a call makes as many as `per`. First steps make
-- slots and fill caches, so a quarter more comes before.
local function timed(row, step, seconds, per)
  local ready = clock() + seconds / 4
  while clock() < ready do
    step()
  end
  local count = lengths[row] or 1
  while true do
    local start = clock()
    for _ = 1, count do
      step()
    end
    local spent = clock() - start
    if spent >= seconds / 2 then
      lengths[row] = math.max(1, math.floor(count * seconds / spent))
      return ("total=%g"):format(spent / count / per)
    end
    count = count * 2
  end
end

local answer = {}

local steps = {}

local function answer_step(row, seconds)
  steps[row] = steps[row] or rows.find(row)
  return timed(row, steps[row], seconds, row:find "^epoch" and rows.STEPS or 1)
end

for _, kind in ipairs { "gradient", "step", "mlp", "wave", "conv",
  "lstm", "attention", "epoch", "checkpoint", "embed" } do
  answer[kind] = answer_step
end

function answer.chain(_, seconds, count)
  count = math.tointeger(count)
  local runs, record, sweep = 0, 0, 0
  repeat
    local recording, sweeping = chain(count)
    runs, record, sweep = runs + 1, record + recording, sweep + sweeping
  until record + sweep >= seconds
  local ops = runs * count
  return ("total=%g record=%g sweep=%g"):format((record + sweep) / ops,
    record / ops, sweep / ops)
end

-- Where 100 steps from the start lead: the same in every peer.
function answer.check(_, _, what, first)
  local step, w, b
  if what == "fit" then
    rows.load(POINTS)
    step, w, b = rows.step(1000, "draw")
  else
    step = rows[what](first)
  end
  for _ = 2, 100 do
    step()
  end
  local loss = step():item()
  if what == "fit" then
    return ("loss=%.9g w=%.9g b=%.9g"):format(loss, w:item(), b:item())
  end
  return ("loss=%.9g"):format(loss)
end

io.stdout:setvbuf "line"
rows.load(POINTS)
print("= version=" .. (nd.version or "unknown"))
for line in io.lines() do
  local row, seconds = line:match "^(%S+) (%S+)$"
  local kind, first, second = row:match "^(%a+):?(%w*):?(%w*)$"
  local ok, text = pcall(answer[kind], row, tonumber(seconds), first, second)
  text = tostring(text):match "^[^\n]*"
  print((ok and "= " or "! ") .. text)
end
