local meta = { __close = function(m) print("close " .. m[1]) end }
for i = 1, 3 do
  with setmetatable({ i }, meta) do
    if i == 2 then break end
  end
end
-- output:
-- > close 1
-- > close 2
