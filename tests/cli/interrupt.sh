# Ctrl-C, which is SIGINT, stops a script with an error that has a traceback.
. "$(dirname "$0")/common"

# interrupted ARGS: runs a script that writes the file `ready` when it is.
# TIMES is how often it is interrupted.
interrupted() {
  rm -f ready
  # A shell without job control starts its children deaf to SIGINT.
  (trap - INT; exec "$NADIR" "$@" > said 2>&1 < /dev/null) &
  local child=$! i
  for ((i = 0; i < 600; i++)); do
    [ ! -s ready ] && kill -0 $child 2> /dev/null || break
    sleep 0.05
  done
  for ((i = 0; i < ${TIMES:-1}; i++)); do
    kill -INT $child
    sleep 0.2
  done
  wait $child
  status=$?
}

ready='io.open("ready", "w"):write("x"):close()'
interrupted -e "$ready while true do end"
is "a loop ends with status 1" 1 $status
has "the message is Lua's" "nadir: interrupted!" "$(plain < said)"
has "there is a traceback" "stack traceback:" "$(cat said)"

interrupted -e "$ready local ok, e = pcall(function() while true do end end)
  print(ok, e)"
is "a script may catch it" 0 $status
has "the error is an ordinary one" "interrupted!" "$(cat said)"

interrupted -e "setmetatable({}, { __gc = function() print 'closed' end })
  $ready while true do end"
has "finalizers run" "closed" "$(cat said)"

interrupted -e "local nd = require 'nadir'
  nd.map_fn(function() $ready while true do end end, nd.ones { 2 })"
has "what ours calls has the script's line" \
  "nadir: (command line):2: interrupted!" "$(plain < said)"

echo "with setmetatable({}, { __close = function() print 'left' end }) do
  $ready while true do end
end" > block.lua
interrupted block.lua
has "a with block is left" "left" "$(cat said)"
is "and the error goes on" 1 $status

loop="while true do pcall(function() while true do end end) end"
TIMES=2 interrupted -e "$ready $loop"
is "what catches the first is ended by the second" 1 $status
has "with the line where it was" "(command line):1: interrupted!" "$(cat said)"
TIMES=2 interrupted -e "$ready coroutine.wrap(function() $loop end)()"
is "in a coroutine too" 1 $status
interrupted -e "$ready
  local co = coroutine.create(function() while true do end end)
  print(coroutine.resume(co))"
has "a coroutine that runs is stopped" "false	interrupted!" "$(cat said)"

deaf="collectgarbage(setmetatable({}, { __gc = function()
  while true do end end }) and 'collect')"
TIMES=3 interrupted -e "$ready $deaf"
is "a third in two seconds ends what nothing stops" 130 $status

# At the prompt, from lines that follow each other.
prompted() {
  rm -f ready
  mkfifo lines
  (trap - INT; exec "$NADIR" -i > said 2>&1 < lines) &
  local child=$! i
  exec 4> lines
  echo "answer = 42 $ready $1" >&4
  for ((i = 0; i < 600; i++)); do
    [ ! -s ready ] && kill -0 $child 2> /dev/null || break
    sleep 0.05
  done
  for ((i = 0; i < $2; i++)); do
    kill -INT $child
    sleep 0.2
  done
  echo "print('kept', answer)" >&4
  exec 4>&-
  wait $child
  status=$?
  rm lines
}

prompted "$loop" 1
has "one ends a loop of pcall at the prompt" "kept	42" "$(cat said)"
has "and says where" "stdin:1: interrupted!" "$(cat said)"
prompted "coroutine.wrap(function() $loop end)()" 1
has "and one in a coroutine" "kept	42" "$(cat said)"
prompted "do local x <close> = setmetatable({}, { __close = function()
  while true do end end }) $loop end" 1
has "whatever a handler does" "kept	42" "$(cat said)"
is "the session goes on to its end" 0 $status
finish
