local nd = require "nadir"

-- The most resident memory ever, in kilobytes; valgrind, qemu and sanitizers
-- have memory of their own.
local function peak()
  local apart = (os.getenv "WRAP" or "") .. (os.getenv "SAN" or "") ~= ""
  local file = io.open "/proc/self/status"
  local text = not apart and file and file:read "a"
  return text and tonumber(text:match "VmHWM:%s*(%d+)") or 0
end

local x = nd.Variable(nd.zeros { 1000000 })
for _ = 1, 300 do
  local _ = x + 1
end
print(peak() < 60000 or peak())
for _ = 1, 50 do
  with nd.GradientTape() as tape do y = x + 1 end
end
print(peak() < 60000 or peak())
-- output:
-- > true
-- > true
