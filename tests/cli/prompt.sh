# The prompt without a terminal: what it reads, prints and survives.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common"

# said TEXT ARGS: what the prompt answers, without its version and prompts.
said() {
  printf '%s\n' "$1" | "$NADIR" -i "${@:2}" 2>&1 |
    sed -E -e '1d' -e 's/^(>>? )+//' | sed '/^$/d'
}

is "-i shows the version" "Nadir 0.1.0 (Lua 5.4.4)" \
  "$("$NADIR" -i < /dev/null | head -n 1)"
is "values are printed" "3" "$(said '1 + 2')"
is "all of them" "1	nil	x" "$(said '1, nil, "x"')"
is "a statement prints nothing" "" "$(said 'x = 1')"
is "globals stay" "2" "$(said $'x = 1\nx + 1')"
is "a call without results prints nothing" "" "$(said '(function() end)()')"
is "a statement may take several lines" "1
2" "$(said $'for i = 1, 2 do\nprint(i)\nend')"
is "so may an expression" "5" "$(said $'2 +\n3')"
is "so may a string" $'a\nb' "$(said $'[[a\nb]]')"
is "so may a with block" $'in\nout' "$(said $'with setmetatable({}, {
__close = function() print "out" end }) as x do
print "in"
end')"
is "a blank line is nothing" "1" "$(said $'\n  \n1')"
is "a # is no comment here" "3" "$(said '#"abc"')"
is "a line may be long" "300000" \
  "$(said "#'$(head -c 300000 /dev/zero | tr '\0' x)'")"
is "the last line needs no end" "4" \
  "$(printf '2 + 2' | "$NADIR" -i 2>&1 | sed -n 's/^> 4$/4/p')"

is "a syntax error is survived" "stdin:1: unexpected symbol near ')'
1" "$(said $')\n1')"
is "an error is survived, its message said once" "stdin:1: oh
1" "$(said $'error "oh"\n1')"
is "an error deeper down shows the way" "stdin:1: oh
stack traceback:
	[C]: in function 'error'
	stdin:1: in function 'f'
	stdin:1: in main chunk
1" "$(said $'function f() error "oh" end\nf() x = 1\n1')"
is "an error object speaks for itself" "me
1" "$(said $'error(setmetatable({}, { __tostring = function()
return "me" end }))\n1')"
is "an error object may say nothing" "(error object is a table value)
1" "$(said $'error {}\n1')"
is "an error after return does so too" "stdin:1: help: no such name: 'nope'" \
  "$(said 'return nd.help "nope"')"
is "an unfinished statement is an error at the end" \
  "stdin:1: unexpected symbol near <eof>" "$(said 'x =')"
is "print is the script's" "mine" \
  "$(said $'p = print print = function() p "mine" end\n1')"
has "print may be missing" "error calling 'print'" "$(said $'print = nil\n1')"
has "print may fail" "error calling 'print' (stdin:1: no)" \
  "$(said $'print = function() error "no" end\n1')"
has "the prompt is the script's" "?1" \
  "$(printf '_PROMPT = "?"\n1' | "$NADIR" -i 2>&1)"
has "the other one too" "+5" \
  "$(printf '_PROMPT2 = "+"\n2 +\n3\n' | "$NADIR" -i 2>&1)"
has "a prompt that fails is the usual one" "> 1" "$(printf '%s\n' \
  '_PROMPT = setmetatable({}, { __tostring = function() error() end })' 1 |
  "$NADIR" -i 2>&1)"

is "= may stand before an expression" $'2\n7' "$(said $'=1+1\n = 3 +\n4')"
is "a line with a zero byte is an error of that line" \
  "> 1
> > 2
> stdin:1: unexpected symbol near '1'" \
  "$(printf '1\n1 \0 1\n2\n' | "$NADIR" -i 2> zero | sed 1d; cat zero)"
is "a string may have one" "3" "$(printf '#"a\0b"\n' | "$NADIR" -i 2>&1 |
  sed -n 's/^> \(.*\)/\1/p' | head -n 1)"

# Variables. More of this is in tests/lua/console_spec.lua.
is "a local stays" "3" "$(said $'local x = 1\nx = x + 2\nx')"
is "a local before an error stays" "stdin:1: oh
1" "$(said $'local x = 1 error "oh"\nx')"
is "the name in a with stays" $'out\ntrue' "$(said $'with setmetatable({}, {
__close = function() print "out" end }) as x do
end
type(x) == "table"')"
is "the program of the README runs line by line" "3.0000" \
  "$(said "$(sed -n '/^## A program/,/^Saved/p' "$here/../../README.md" |
    sed -n '/^```lua/,/^```$/p' | sed '/^```/d')")"
closing='local x <close> = setmetatable({}, { __close = function()
print "closed" end })'
is "what is to be closed is closed at the end" $'1\nclosed' \
  "$(said "$closing"$'\n1')"
has "also by os.exit" "closed" "$(said "$closing"$'\nos.exit(0, true)')"
has "also by exit" "closed" "$(said "$closing"$'\nexit\nprint "not here"')"
has "an error in closing is told" "stdin:2: at the end" \
  "$(said 'local x <close> =
setmetatable({}, { __close = function() error "at the end" end })')"

is "tables show their contents" '{ 1, 2, name = "x" }	{}' \
  "$(said '{ 1, 2, name = "x" }, {}')"
is "lists of a tensor too" "{ { 1.0, 2.0 }, { 3.0, 4.0 } }" \
  "$(said 'nd.constant { { 1., 2. }, { 3., 4. } }:totable()')"
is "and layers" 'Dense { units = 3, name = "dense" }' \
  "$(said 'nd.layers.Dense(3)')"
is "a __tostring speaks" "me" \
  "$(said 'setmetatable({ 1 }, { __tostring = function() return "me" end })')"
has "one that fails is told" "error calling 'print' (stdin:1: no)" \
  "$(said 'setmetatable({}, { __tostring = function() error "no" end })')"

is "help is there" 'help() lists the ops of nd, help "matmul" describes one; '$(
  )'exit leaves' "$(said help)"
has "help can be called" "nd.matmul(a, b" "$(said 'help "matmul"')"
is "exit leaves" "1" "$(said $'1\nexit\n2')"
is "quit leaves" "1" "$(said $'1\nquit()\n2')"
is "exit takes a status" 3 \
  "$(echo 'exit(3)' | "$NADIR" -i > /dev/null; echo $?)"
is "a script's own words stay" $'mine\nours' \
  "$(said $'help\nlocal exit = "ours"\nexit' -e 'help = "mine"')"

for text in 'nd.help "x"' 'help "x"' 'nd.plot.figure { x = 1 }'; do
  is "an error of our modules has a line and nothing else: $text" 1 \
    "$(said "$text" | grep -c .)"
  has "that of the statement: $text" "stdin:1: " "$(said "$text")"
done
is "nor is there more deeper down" "stdin:1: help: no such name: 'x'
stack traceback:
	stdin:1: in function 'f'
	stdin:1: in main chunk" "$(said $'function f() nd.help "x" end\nf()')"

strict='setmetatable(_G, { __index = function(_, k) error("no " .. k) end,
  __newindex = function(_, k) error("never " .. k) end })'
is "strict globals are survived" "(command line):1: no y
(command line):2: never y
true
2" "$(said $'y\ny = 1\nnd ~= nil\n1 + 1' -e "$strict" | grep -v $'^\t\|^stack')"
is "so are libraries that are gone" "2" \
  "$(said '1 + 1' -e 'os, debug, pcall, table = nil')"

is "nd is there" "true" "$(said 'nd == require "nadir"')"
is "a script's own nd stays" "mine" "$(said 'nd' -e 'nd = "mine"')"
is "the prompt comes after the script" $'script\n1' \
  "$(echo 'print "script" y = 1' > s.lua; said y s.lua)"
is "os.exit ends it" 3 "$(echo 'os.exit(3)' | "$NADIR" -i > /dev/null; echo $?)"
has "os.exit may close the state" "closed" \
  "$(said 'setmetatable({}, { __gc = function() print "closed" end })
os.exit(0, true)')"
is "the end of the input is success" 0 \
  "$(echo 'error "x"' | "$NADIR" -i > /dev/null 2>&1; echo $?)"
finish
