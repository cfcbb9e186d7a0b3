# Ctrl-C, which is SIGINT, stops a script with an error that has a traceback.
. "$(dirname "$0")/common"

# interrupted ARGS: runs a script that writes the file `ready` when it is.
interrupted() {
  rm -f ready
  # A shell without job control starts its children deaf to SIGINT.
  (trap - INT; exec "$NADIR" "$@" > said 2>&1 < /dev/null) &
  local child=$! i
  for ((i = 0; i < 600; i++)); do
    [ ! -s ready ] && kill -0 $child 2> /dev/null || break
    sleep 0.05
  done
  kill -INT $child
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

echo "with setmetatable({}, { __close = function() print 'left' end }) do
  $ready while true do end
end" > block.lua
interrupted block.lua
has "a with block is left" "left" "$(cat said)"
is "and the error goes on" 1 $status
finish
