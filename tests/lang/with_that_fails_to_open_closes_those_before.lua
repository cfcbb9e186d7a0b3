local meta = { __close = function(m) print("close " .. m[1]) end }
local function M(name) return setmetatable({ name }, meta) end
print(pcall(function() with M "a" as a, error("b", 0) as b do end end))
print(pcall(function() with M "a" as a, M "b", error("c", 0) do end end))
-- output:
-- > close a
-- > false	b
-- > close b
-- > close a
-- > false	c
