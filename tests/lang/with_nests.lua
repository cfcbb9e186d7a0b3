local meta = { __close = function(m) print("close " .. m[1]) end }
local function M(name) return setmetatable({ name }, meta) end
with M((function() with M "a" as a do return a[1] .. "b" end end)()) as b do
  with M "c" do print(b[1]) end
end
-- output:
-- > close a
-- > ab
-- > close c
-- > close ab
