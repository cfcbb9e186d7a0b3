local meta = { __close = function(m) print("close " .. m[1]) end }
local x, y = setmetatable({ "x" }, meta), setmetatable({ "y" }, meta)
do
  with x as x do print(x[1]) end
  with x as x, y as y do print(x[1], y[1]) end
end
-- output:
-- > x
-- > close x
-- > x	y
-- > close y
-- > close x
