local function with(x) return function() print(x) end end
with "string" ()
with (1) () do print "block" end
local t = { with = with, as = 2 } t.with(t.as)()
goto with ::with:: print(type(with))
-- output:
-- > string
-- > 1
-- > block
-- > 2
-- > function
