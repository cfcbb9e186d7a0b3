# The prompt on a terminal: editing, completion, history and Ctrl-C. The
# claims about editing hold only for a program that was built with libedit, and
# where a terminal can be had.
. "$(dirname "$0")/common"
script -qec true /dev/null > /dev/null 2>&1 < /dev/null || finish

# begin: starts the program on a terminal of its own. `type` sends keys,
# `await` waits for a text beyond those that earlier calls waited for.
# Ctrl-C throws away what was typed ahead, so all output is awaited before it.
begin() {
  mkfifo keys
  script -qefc "exec '$NADIR' $*" /dev/null < keys > screen 2>&1 &
  child=$!
  exec 3> keys
  seen=0
  await "> "
}
type() { printf "$1" >&3; }
await() {
  local i rest
  for ((i = 0; i < 600; i++)); do
    rest=$(tail -c "+$((seen + 1))" screen)
    if [[ $rest == *"$1"* ]]; then
      rest=${rest%%"$1"*}$1
      seen=$((seen + $(printf '%s' "$rest" | wc -c)))
      return 0
    fi
    sleep 0.05
  done
  fail "the screen shows it" "$1" "$(tail -c "+$((seen + 1))" screen)"
  return 1
}
end() {
  exec 3>&-
  wait $child
  status=$?
  rm -f keys
}

begin
type '6 * 7\r'
await 42
await '> '
type 'answer = "forty" .. "-two"\r'
await '> '
type 'abc'
await 'abc'
type '\003'
await '> '
type 'print("still " .. "here")\r'
await 'still here'
type 'if x then\r'
await '>> '
type '\003'
await '> '
type 'print("new " .. "line")\r'
await 'new line'
type 'print("lo" .. "op") while true do end\r'
await 'loop'
type '\003'
await 'interrupted!'
type 'print(answer)\r'
await 'forty-two'
type '\004'
end
is "Ctrl-D leaves, with success" 0 "$status"

if [ ! -s .nadir_history ]; then
  echo "built without libedit: editing was not tried"
  finish
fi
is "the history is private" "600" "$(stat -c %a .nadir_history)"
has "the history has the lines" "print(answer)" "$(cat .nadir_history)"

export XDG_STATE_HOME=$work/state
begin
type 'object = setmetatable({ field = 1 }, { __index = { method = print,\r'
await '>> '
type 'other = 2 } })\r'
await '> '
type 'colle\t("count") > 0\r'
await 'true'
type 'obj\t.fi\t + 10\r'
await '11'
type 'object:me\t("cal" .. "led")\r'
await 'called'
type 'object.\t\t'
await 'field   method  other'
await '> object.'
type 'other * 50\r'
await '100'
type 'object:\t("only functions" .. "!")\r'
await 'only functions!'
type 'lurk = setmetatable({}, { __index = function() error "ran" end })\r'
await '> '
type 'lurk.x\t.y\t\001\013\r'
await '> '
type 'string.fo\t("%%d", 7 * 7)\r'
await '49'
type 'ret\t 8 * 8\r'
await '64'
type '\tprint("in" .. "dented")\r'
await 'indented'
type '"h\303\251llo" .. "!"\r'
await 'héllo!'
type '20 + 3\r'
await '23'
type '\033[A0\r'
await '50'
type '\004'
end
lacks "completion runs no metamethod" "ran" "$(grep -v __index screen)"
has "the history follows XDG_STATE_HOME" "20 + 3" \
  "$(cat state/nadir/history)"

begin
type '\033[A\r'
await '50'
type 'os.exit(5, true)\r'
end
is "os.exit closes the state and says how" 5 "$status"
is "a line that repeats the last one is kept once" "1" \
  "$(grep -c '^20 + 30$' state/nadir/history)"

for ((i = 1; i <= 1200; i++)); do echo "x = $i"; done > state/nadir/history
begin
type '\033[A .. "th"\r'
await '1200'
type '\004'
end
is "the history keeps a thousand lines and the session's" "1001" \
  "$(wc -l < state/nadir/history)"
is "the oldest go first" "x = 201" "$(head -n 1 state/nadir/history)"

chmod 500 state/nadir
XDG_STATE_HOME=/proc/none begin
type '1 + 1\r'
await 2
type '\004'
end
is "a history that cannot be written is no trouble" 0 "$status"
finish
