local close = { __close = function(self) self.open = false end }
with setmetatable({ open = true }, close) as m do
  print(m.open)
end
print(m.open)
-- output:
-- > true
-- > false
