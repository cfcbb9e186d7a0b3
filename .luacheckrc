-- Lua 5.4 everywhere; luacheck reads files before `with` is lowered, so a file
-- that uses it is left out (the tests run those).
std = "lua54"
max_line_length = 80
exclude_files = { "build" }
self = false

files["tests/lua"] = { std = "+busted" }
files["tests/lang"] = { allow_defined_top = true }
