local m = setmetatable({}, { __close = function() print "close" end })
with m as x do x = nil end
with m as x, m as y do x, y = 1, 2 end
print(x, y)
-- output:
-- > close
-- > close
-- > close
-- > 1	2
