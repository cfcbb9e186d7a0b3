local meta = { __close = function() print "close" end, __metatable = "hidden" }
local m = setmetatable({}, meta)
with m do print(getmetatable(m)) end
-- output:
-- > hidden
-- > close
