package.path = ""
local nd = require "nadir"
print(type(nd.help), type(nd.plot), type(require "nadir.with"))
-- output:
-- > function	table	table
