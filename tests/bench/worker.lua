--- A process that is timed. It stays alive between rounds, so that rounds of
--- several processes can alternate without paying for their start-up.
--
-- It says hello, then answers each line `ROW SECONDS` with one line: `=` and
-- named numbers (`total=1.2e-06 sweep=4e-07`), or `!` and the reason why not.
local system = require "system"

local Worker = {}
Worker.__index = Worker

local SCRATCH = system.scratch

local function parse(line)
  if line == nil then
    return nil, "the process ended"
  end
  if line:sub(1, 1) ~= "=" then
    return nil, (line:gsub("^! *", ""))
  end
  local answer = {}
  for key, value in line:gmatch "([%w_]+)=(%S+)" do
    answer[key] = tonumber(value) or value
  end
  return answer
end

---@param name string     names its files in the scratch folder
---@param command string  a shell command
---@return table? worker  nil when it did not say hello; then the reason
function Worker.start(name, command)
  local pipe = ("%s/%s.pipe"):format(SCRATCH, name)
  os.execute(("rm -f %s && mkfifo %s"):format(pipe, pipe))
  local input = assert(io.popen(("exec %s > %s 2> %s/%s.log"):format(
    command, pipe, SCRATCH, name), "w"))
  local output = assert(io.open(pipe))
  local hello, problem = parse(output:read "l")
  if hello == nil then
    return nil, problem
  end
  return setmetatable({ name = name, input = input, output = output,
                        version = hello.version, skips = {} }, Worker)
end

---@return table? answer  named numbers; nil with the reason on failure
function Worker:ask(row, seconds)
  if self.ended then
    return nil, self.ended
  end
  self.input:write(row, " ", seconds, "\n")
  self.input:flush()
  local answer, problem = parse(self.output:read "l")
  if problem == "the process ended" then
    self.ended = problem -- writing to it again would end us too
  end
  return answer, problem
end

function Worker:stop()
  self.input:close()
  self.output:close()
end

--- Runs a command once and reads its one line of named numbers.
---@return table? answer  nil with the reason on failure
function Worker.once(command)
  local output = assert(io.popen(command .. " 2> /dev/null"))
  local answer, problem = parse(output:read "l")
  output:close()
  return answer, problem
end

return Worker
