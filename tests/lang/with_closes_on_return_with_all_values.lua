local m = setmetatable({}, { __close = function() print "close" end })
local function f(...)
  with m do return select("#", ...), ... end
end
print(f("a", nil, "c"))
-- output:
-- > close
-- > 3	a	nil	c
