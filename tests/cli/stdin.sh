# Without a script and without a terminal the standard input is the script.
. "$(dirname "$0")/common"

given() { "$NADIR" "${@:2}" 2>&1 <<< "$1" | plain; }

is "the standard input runs" "3" "$(given 'print(1 + 2)')"
is "nothing is printed for nothing" "" "$(out)"
has "its errors have its name" "nadir: stdin:2: here" \
  "$(given $'\nerror "here"')"
is "an error is a failure, where lua5.4 says 0" 1 \
  "$("$NADIR" 2> /dev/null <<< 'error "x"'; echo $?)"
is "so is a syntax error" 1 \
  "$("$NADIR" 2> /dev/null <<< 'local = 1'; echo $?)"
is "- has arguments" "a	b" "$(given 'print(...)' - a b)"
is "a first line with # is passed over" "2" \
  "$(given $'#!/usr/bin/nadir\nprint(debug.getinfo(1, "l").currentline)')"
is "with works" "body
closed" "$(given 'with setmetatable({}, { __close = function()
  print "closed" end }) do print "body" end')"
is "-e alone leaves the input unread" "1" "$(given 'print(2)' -e 'print(1)')"
has "a closed input is an error" "nadir: cannot read stdin" \
  "$("$NADIR" <&- 2>&1 | plain)"
finish
