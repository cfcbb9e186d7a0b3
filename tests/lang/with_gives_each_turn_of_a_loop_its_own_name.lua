local meta, fs = { __close = function() end }, {}
for i = 1, 2 do
  with setmetatable({ i }, meta) as m do fs[i] = function() return m[1] end end
end
print(fs[1](), fs[2]())
-- output:
-- > 1	2
