--- Trainings that go on in another process have the same bits as those that
-- were not broken off, with every optimizer, every schedule, and layers that
-- keep something between calls: tests/lua/models/resume.lua.
assert(_VERSION == "Lua 5.4")

-- What a part of the trainings prints: numbers by the names of trainings.
local function run_part(part, directory)
  local pipe = assert(io.popen(("%s tests/lua/models/resume.lua %s '%s' 2>&1")
    :format(os.getenv "NADIR" or "build/nadir", part, directory)))
  local numbers = {}
  for line in pipe:lines() do
    local name, number = line:match "^(.*): (%x+)$"
    numbers[name or line] = number or "nothing"
  end
  pipe:close()
  return numbers
end

it("a training goes on in another process with the same bits", function()
  local directory = os.tmpname()
  os.remove(directory)
  assert(os.execute(("mkdir '%s' '%s/whole'"):format(directory, directory)))
  local whole = run_part("whole", directory .. "/whole")
  local first = run_part("first", directory)
  local rest = run_part("rest", directory)
  os.execute(("rm -r '%s'"):format(directory))
  assert.is_truthy(whole["Adam, model"])
  local strange = {}
  for name, number in pairs(whole) do -- any order: sorted below
    strange[#strange + 1] = rest[name] ~= number and name or nil
    strange[#strange + 1] = first[name] == number and name or nil
  end
  for name in pairs(rest) do -- any order: sorted below
    strange[#strange + 1] = not whole[name] and name or nil
  end
  table.sort(strange)
  assert.same({}, strange)
end)
