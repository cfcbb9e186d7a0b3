local m = setmetatable({}, { __close = function() print "close" end })
local function g() print "g" return "result" end
local function f() with m as x do return g(x) end end
print(f())
-- output:
-- > g
-- > close
-- > result
