local m = setmetatable({}, { __close = function() end })
with
  m as a, m
as b do
  print(debug.getinfo(1, "l").currentline)
end print(debug.getinfo(1, "l").currentline)
-- output:
-- > 5
-- > 6
