# --lower FILE prints the plain Lua of a file, and nothing else happens.
. "$(dirname "$0")/common"

lowered() { "$NADIR" --lower "$1" > plain.out 2> plain.err; }

# kept CLAIM TEXT: the text comes through byte for byte.
kept() {
  printf '%s' "$2" > kept.lua
  lowered kept.lua
  is "$1: status" 0 $?
  cmp -s kept.lua plain.out || fail "$1" "$2" "$(cat plain.out plain.err)"
}

kept "plain Lua" 'print(1)
'
kept "no end of line" 'print(1)'
kept "an empty file" ''
kept "line ends of other systems" $'a = 1\r\nb = 2\r\n'
kept "with as a name" 'local with = {} with.with = with
'
kept "a first line with #" $'#!/usr/bin/env nadir\nlocal with = 1\n'
kept "a first line with # alone" '#!/usr/bin/env nadir'
kept "a byte order mark" $'\xEF\xBB\xBF#!x\nlocal with = 1\n'

kept "what is nested deeper than Lua goes" "return $(printf '(%.0s' {1..1000}
  )1$(printf ')%.0s' {1..1000})"

block='local function guard()
  return setmetatable({}, { __close = function() print "closed" end })
end
with guard() as g do
  print(g ~= nil, debug.getinfo(1, "l").currentline)
end
'
printf '#!/usr/bin/nadir\n%s' "$block" > block.lua
lowered block.lua
is "a with block is lowered" 0 $?
is "line for line" "$(wc -l < block.lua)" "$(wc -l < plain.out)"
is "the heading stays" '#!/usr/bin/nadir' "$(head -n 1 plain.out)"
is "- is the standard input" "$(cat plain.out)" \
  "$("$NADIR" --lower - < block.lua)"
is "nothing runs" "" "$(echo 'print(1)' > run.lua; lowered run.lua
  grep -v print plain.out)"

"$NADIR" -e 'print(("with f() do end return %s1%s"):format(("("):rep(20000),
  (")"):rep(20000)))' > deep.lua
lowered deep.lua
is "so is one beside what is nested deeper than Lua goes" 0 $?
has "which stays" "$(tail -c 40009 deep.lua)" "$(cat plain.out)"
has "and is for Lua to refuse" "C stack overflow" "$(out deep.lua)"

printf 'x = 1\nwith f() do\nlocal = 2\nend\n' > wrong.lua
lowered wrong.lua
is "a syntax error fails" 1 $?
has "a syntax error has its line" \
  "nadir: wrong.lua:3: <name> expected near '='" "$(plain < plain.err)"
is "and prints no program" "" "$(cat plain.out)"
printf 'x = 1\nlocal = 2\n' > wrong.lua
has "so has one in plain Lua" "nadir: wrong.lua:2: <name> expected near '='" \
  "$(out --lower wrong.lua)"
is "which fails too" 1 "$(code --lower wrong.lua)"
printf 'with f() do\nend\ngoto nowhere\n' > label.lua
has "what only Lua finds is found" "no visible label 'nowhere'" \
  "$(out --lower label.lua)"
has "a missing file is named" "nadir: cannot open missing.lua" \
  "$(out --lower missing.lua)"
has "a folder is no file" "cannot read ." "$(out --lower .)"
"$NADIR" -e 'io.open("b.luac", "wb"):write(string.dump(load "x = 1"))'
has "a binary has no text" "binary chunk" "$(out --lower b.luac)"
if [ -w /dev/full ]; then
  is "a full disk fails" 1 \
    "$("$NADIR" --lower block.lua 2> /dev/null > /dev/full; echo $?)"
fi
finish
