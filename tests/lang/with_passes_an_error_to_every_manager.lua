local meta = { __close = function(m, err) print(m[1], err) end }
local function M(name) return setmetatable({ name }, meta) end
print(pcall(function() with M "a" as a, M "b" as b do error("x", 0) end end))
-- output:
-- > b	x
-- > a	x
-- > false	x
