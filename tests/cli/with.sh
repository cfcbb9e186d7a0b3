# `with` works wherever the program takes text, and costs nothing elsewhere.
. "$(dirname "$0")/common"

cat > guard.lua <<'L'
return function(name)
  return setmetatable({}, {
    __close = function() print("close " .. name) end,
    __name = name,
  })
end
L
block='with require "guard" "one" as one do print(one ~= nil) end'
want="true
close one"
is "in -e" "$want" "$(out -e "$block")"
echo "$block" > script.lua
is "in a script" "$want" "$(out script.lua)"
is "in a module" "$want" "$(out -l script)"
is "in require" "$want" "$(out -e 'require "script"')"
is "in dofile" "$want" "$(out -e 'dofile "script.lua"')"
is "in loadfile" "$want" "$(out -e 'loadfile "script.lua" ()')"
is "in LUA_INIT" "$want" "$(LUA_INIT="$block" out -e '')"
is "in LUA_INIT's file" "$want" "$(LUA_INIT="@script.lua" out -e '')"
is "in the environment of loadfile" "function
close e" "$(echo 'with g "e" do print(type(g)) end' > env.lua; out -e '
  local env = { g = require "guard", print = print, type = type }
  assert(loadfile("env.lua", "t", env))()')"
is "with results and arguments" "7	a	b
close one" "$(echo 'with require "guard" "one" do print(7, ...) end' > args.lua
  out args.lua a b)"

printf '#!/usr/bin/nadir\n%s\nerror "line three"\n' "$block" > lines.lua
has "lines keep their numbers" "nadir: lines.lua:3: line three" \
  "$(out lines.lua)"
echo 'with x do local end' > broken.lua
has "a syntax error names the file and the line" "nadir: broken.lua:1: " \
  "$(out broken.lua)"
is "a syntax error fails" 1 "$(code broken.lua)"
has "a module's syntax error names the module" \
  "error loading module 'broken' from file './broken.lua':
	./broken.lua:1: " "$(out -l broken)"
has "dofile's error is the script's to catch" "false	broken.lua:1: " \
  "$(out -e 'print(pcall(dofile, "broken.lua"))')"

# The translator stays on disk until a text has the word.
loaded='print(package.loaded["nadir.syntax"] ~= nil)'
for text in '"with"' '-- with' '--[[ with ]]' '--[==[ with ]] ]==]' \
  '[[with]]' 'widths' '"\"with"' "'\\
with'" "'\\z
with'" 'without' '"a" --with' 'arg[1] -- with'; do
  is "it is not loaded for: $text" "false" "$(out -e "local x = {
    widths, without, $text
  } $loaded")"
done
for text in 'local with = 1' 'local x = "\\" local with' \
  'local x = [[ ]] local with' 'local x = {} x.with = 1' \
  'local x = --[[ ]] 1 local with'; do
  is "it is loaded for: $text" "true" "$(out -e "$text
    $loaded")"
done
is "a script with neither loads neither" "false	false" "$(out -e '
  print(package.loaded.nadir ~= nil, package.loaded.lpeg ~= nil)')"
is "lpeg can be required" "true" "$(out -e 'print(require "lpeg".P ~= nil)')"
is "nadir can be required" "table" "$(out -e 'print(type(require "nadir"))')"
is "a binary is never translated" "with" "$(out -e '
  io.open("b.luac", "wb"):write(string.dump(load "print \"with\""))' &&
  out b.luac)"
finish
