# The prompt without a terminal: what it reads, prints and survives.
. "$(dirname "$0")/common"

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
