# The prompt on a terminal: editing, completion, history and Ctrl-C. The
# claims about editing hold only for a program that was built with libedit, and
# where a terminal can be had.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common"
. "$here/terminal"

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
type 'colle\t'
await 'ctgarbage'
type '("count") > 0\r'
await 'true'
type 'obj\t'
await 'ect'
type '.fi\t'
await 'eld'
type ' + 10\r'
await '11'
type 'object:me\t'
await 'thod'
type '("cal" .. "led")\r'
await 'called'
type 'object.\t'
await 'field   method  other'
await '> object.'
type 'other * 50\r'
await '100'
type 'object:\t'
await 'method'
type '("only functions" .. "!")\r'
await 'only functions!'
type 'lurk = setmetatable({}, { __index = function() error "ran" end })\r'
await '> '
type 'lurk.x\t'
await $'\a'
type '.y\t'
await $'\a'
type '\001\013'
await '> '
type 'string.fo\t'
await 'rmat'
type '("%%d", 7 * 7)\r'
await '49'
type 'local mine = { field = 8 } print("decl" .. "ared")\r'
await 'declared'
await '> '
type 'min\t'
await 'e'
type '.fi\t'
await 'eld'
type ' * 8\r'
await '64'
type 'retu\t'
await 'rn'
type ' 8 * 9\r'
await '72'
type '\t'
await '  '
type 'print("in" .. "dented")\r'
await 'indented'
type 'local row = nd.zeros { 7 }\r'
await '> '
type 'row.sh\t'
await 'ape'
type '[1] * 6\r'
await '42'
type 'nd.lay\t'
await 'ers'
type '.Seq\t'
await 'uential'
type '{ nd.abs }(1) + 54\r'
await '55'
type 'local layer = nd.layers.Dense(83)\r'
await '> '
type '#layer.trainable_v\t'
await 'ariables'
type ' + layer.un\t'
await 'its'
type '\r'
await '83'
type 'layer:add_w\t'
await 'eight'
type '\001\013'
await '> '
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


# What is pasted arrives as it was, whether the terminal marks it or not.
begin
type 'local string = 1\r'
await '> '
type 'str\t= 6 * 7\rstr\r'
await 42
type '\033[200~local a = 40\rlocal b = 3\r\rif a\t> b then\r'
type '\tprint(a + b)\rend\r'
type '\033[201~\r'
await '43'
type 'b + 1000\r'
await '1003'
type '\004'
end

# Keys. Two letters are put where a key has led, and what came out is printed. A
# prompt is awaited before each: what is typed ahead the terminal edits.
begin
keys() {
  await '> '
  type "x = \"ab cd\"$1$2\005 print('<' .. x .. '>')\r"
  await "$3"
}
type 'print("go" .. "ing")\r'
await going
keys '\033[1;5D' 'X' '<ab Xcd>'
keys '\033[1;3D\033[1;5D' 'X' '<Xab cd>'
keys '\033[5D' 'X' '<ab Xcd>'
keys '\033Od' 'X' '<ab Xcd>'
keys '\033[1;5D\033[1;5D\033[1;5C' 'X' '<abX cd>'
keys '\033[5~\033[6~\033[15~\033[24;5~\033[[A\033OP\033[?1;2c\033[I' '\010X"' \
  '<ab cdX>'
keys '\033[D\033[D' 'X' '<ab cXd>'
keys '\000\033[1;5D\030\030' '\010X"' '<ab cdX>'
keys '\033[D\033[D\033[3~' 'X' '<ab cX>'
keys '\033[H\033[3~y\033[F\033[1~\033[3~x\033[4~\033OH\033OF' '\010X"' \
  '<ab cdX>'
type '\004'
end

# A statement of several lines is one entry.
begin
type 'for i = 6, 7 do\r'
await '>> '
type '  print(i * 101)\r'
await '>> '
type 'end\r'
await '707'
type '\033[A\r'
await '606'
await '707'
type 'for i = 1, 2 do\r'
await '>> '
type '\003'
await '> '
type '\033[A\r'
await '>> '
type 'print(i * 303) end\r'
await '606'
type '\033[A\033[A\033[A\r'
await '707'
type '\004'
end

# A file of any bytes: nothing is hidden, lost or glued together.
saved=state/nadir/history
printf 'one = "1\0001"\n\ntwo = "\377"\nthree = 3' > $saved
cp $saved before
begin
type '\033[A\r'
await 'three = 3'
await '> '
type '\033[A\033[A\r'
await 'two = "\xff"'
await '> '
type 'one, two, three = nil\r'
await '> '
type '\033[A\033[A\033[A\033[A\033[A\033[A\r'
await 'one = "1\x001"'
await '> '
type '#one + #two\r'
type '\004'
end
is "what was in the history stays" "" "$(cmp before \
  <(head -c "$(stat -c %s before)" $saved) 2>&1)"
is "what is added begins a line" 'three = 3' "$(sed -n 4p $saved)"

# Two prompts with one history, one of which has more to cut off.
# No database of terminals is asked.
for TERM in no-such-terminal dumb vt100 xterm-256color; do
  begin
  type '29\002+1\r'
  await 21
  type '\004'
  end
  is "lines are edited on $TERM" "" "$(grep -ai 'terminal type' screen)"
done
TERM=xterm

for ((i = 1; i <= 1200; i++)); do echo "x = $i"; done > $saved
begin
type 'mine = 1\r'
await '> '
printf 'print("theirs")\n' > lines
script -qec "'$NADIR'" /dev/null < lines > /dev/null 2>&1
type 'mine = 2\r'
await '> '
type '\004'
end
is "two prompts keep the lines of both" \
  $'mine = 1\nprint("theirs")\nmine = 2' "$(tail -n 3 $saved)"

# The prompt is shown as well as it can be.
begin
type '_PROMPT = "\\xff" .. "\\0?> "\r'
await '\xff\x00?> '
type '_PROMPT2 = ("long"):rep(20000)\r'
await '> '
type '2 +\r'
await 'longlong'
type '3\r'
await '5'
for value in print '{}' 'setmetatable({}, { __tostring = error })'; do
  type "_PROMPT = $value\r"
  await '> '
  type '_PROMPT = nil print("st" .. "ill")\r'
  await 'still'
done
type 'exit\r'
end
is "exit leaves, with success" 0 "$status"

for ((i = 1; i <= 1200; i++)); do echo "x = $i"; done > state/nadir/history
begin
type '\033[A .. "th"\r'
await '1200'
type '\004'
end
is "the history keeps a thousand entries and the session's" "1001" \
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
