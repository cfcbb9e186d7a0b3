local weak = setmetatable({}, { __mode = "k" })
local meta = { __close = function() end, __enter = function() return 1 end }
local function M() return setmetatable({}, meta) end
local function open(m) weak[m] = true return m end
with open(M()) as a do end
with open(M()) as b, open(M()) as c do end
collectgarbage()
print(a, b, c, next(weak))
-- output:
-- > 1	1	1	nil
