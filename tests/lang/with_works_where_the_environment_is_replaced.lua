local print, m = print, setmetatable({}, { __close = function() end })
local _ENV = { x = "field" }
with m as y do print(x, y == m) end
-- output:
-- > field	true
