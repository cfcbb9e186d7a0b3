local meta = { __close = function(m) print("close " .. m[1]) end }
for i = 1, 2 do
  with setmetatable({ i }, meta) as m do goto continue end
  print "never"
  ::continue::
end
-- output:
-- > close 1
-- > close 2
