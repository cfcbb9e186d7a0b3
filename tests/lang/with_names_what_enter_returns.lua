local meta = { __close = function(m) print("close " .. m.name) end }
function meta.__enter(m) return "entered " .. m.name end
with setmetatable({ name = "m" }, meta) as text do
  print(text)
end
print(text)
-- output:
-- > entered m
-- > close m
-- > entered m
