local meta = { __close = function() print "never" end }
function meta.__enter() error("not now", 0) end
print(pcall(function() with setmetatable({}, meta) as m do end end))
-- output:
-- > false	not now
