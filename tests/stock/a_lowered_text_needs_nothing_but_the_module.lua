local _nd <const> = require("nadir.with"); local function manager()
  return setmetatable({}, { __close = function() print "closed" end })
end
local x = manager() do local _nd_name, _nd_close <close> = _nd.open(x)
  x = _nd_name;
  print(x ~= nil)
end
-- output:
-- > true
-- > closed
