local m = setmetatable({}, { __close = function() end })
do
  with m as x do x = "assigned" end
  print(x)
end
print(x)
-- output:
-- > assigned
-- > nil
