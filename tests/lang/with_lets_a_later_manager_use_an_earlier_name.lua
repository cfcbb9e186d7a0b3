local meta = { __close = function(m) print("close " .. m[1]) end }
local function M(name) return setmetatable({ name }, meta) end
with M "a" as x, M(x[1] .. "b") as y, M(y[1] .. "c") as x do print(x[1]) end
print(x[1], y[1])
-- output:
-- > abc
-- > close abc
-- > close ab
-- > close a
-- > abc	ab
