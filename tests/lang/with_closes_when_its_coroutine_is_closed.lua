local m = setmetatable({}, { __close = function() print "close" end })
local co = coroutine.create(function() with m do coroutine.yield(1) end end)
print(coroutine.resume(co))
print(coroutine.close(co))
-- output:
-- > true	1
-- > close
-- > true
