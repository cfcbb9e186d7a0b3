local function try(f) print((select(2, pcall(f)):match "lua:(.*);")) end
try(function() with 5 do end end)
try(function()
  with {} as x do end
end)
try(function() with io.tmpfile() as f, f.nothing as x do end end)
-- output:
-- > 2: with: cannot close a number value
-- > 4: with: cannot close a table value
-- > 6: with: cannot close a nil value
