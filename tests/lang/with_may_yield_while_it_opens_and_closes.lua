local yield = coroutine.yield
local meta = { __enter = yield, __close = function() yield "close" end }
local m = setmetatable({}, meta)
local co = coroutine.wrap(function()
  with m as x, m as y do yield(x .. y) end
end)
print(co() == m, co "a" == m, co "b")
print(co(), co())
-- output:
-- > true	true	ab
-- > close	close
