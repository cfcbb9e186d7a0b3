local m = setmetatable({}, { __close = function() print "close" end })
local function f() return m end
with (f()) as x do print(x == m) end
with (nil or f)() as x do print(x == m) end
-- output:
-- > true
-- > close
-- > true
-- > close
