local m = setmetatable({}, { __close = function() print "close" end })
local function f(...)
  with ... as x do print(x == m, select(2, ...)) end
end
f(m, 2, nil)
-- output:
-- > true	2	nil
-- > close
