--- Prints how near single ops come to what the machine can do, in one thread,
--- as kernels.c measures it, and conv.c the convolutions of the network's rows.
local report = require "report"
local system = require "system"

local kernels = {}

---@param fail fun(what: string, problem: string)
function kernels.print(fail)
  local lines = {}
  for line in system.capture(system.scratch .. "/kernels"):gmatch "[^\n]+" do
    local row = {}
    for cell in (line .. "\t"):gmatch "([^\t]*)\t" do
      row[#row + 1] = cell
    end
    row[2] = tonumber(row[2]) and report.time(tonumber(row[2])) or row[2]
    lines[#lines + 1] = row
  end
  if #lines < 2 then
    fail("kernels", "build/bench/kernels failed")
  end
  report.print(lines)
  local convolutions = system.capture(system.scratch .. "/conv net")
  if convolutions == "" then
    fail("kernels", "build/bench/conv failed")
  end
  print("\n" .. convolutions)
end

return kernels
