local m = setmetatable({}, { __close = function() end })
with m as a,
  nothing.field as b do
end
-- error:
-- > manager_keep_their_line.lua:3: attempt to index a nil value
