local meta = { __close = function(m, err) print(m[1], err) error(m[1], 0) end }
local function M(name) return setmetatable({ name }, meta) end
print(pcall(function() with M "a" as a, M "b" as b, M "c" do end end))
print(pcall(function() with M "a", M "b" do error("x", 0) end end))
-- output:
-- > c	nil
-- > b	c
-- > a	b
-- > false	a
-- > b	x
-- > a	b
-- > false	a
