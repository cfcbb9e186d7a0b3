with io.tmpfile() as f do
  print(io.type(f))
end
print(io.type(f))
-- output:
-- > file
-- > closed file
