local meta = { __close = function(m) print("close " .. m[1]) end }
local function M(name) return setmetatable({ name }, meta) end
with M "a", M "b" do print "unnamed" end
with M "a" as a, M "b" do print(a[1]) end
with M "a" as a, M "b" as b, M "c" do print(a[1] .. b[1]) end
-- output:
-- > unnamed
-- > close b
-- > close a
-- > a
-- > close b
-- > close a
-- > ab
-- > close c
-- > close b
-- > close a
