local m = setmetatable({}, { __close = function() print "closed" end })
with m do
  print "inside"
end
print "after"
-- output:
-- > inside
-- > closed
-- > after
