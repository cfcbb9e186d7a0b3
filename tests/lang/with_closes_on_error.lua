local meta = { __close = function(_, err) print("close: " .. err) end }
print(pcall(function()
  with setmetatable({}, meta) do error("oops", 0) end
end))
-- output:
-- > close: oops
-- > false	oops
