# Ctrl-C at the prompt is never lost and ends no session, whenever it comes:
# right before a read that waits, and anywhere between two statements.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common"
. "$here/terminal"
[ -z "$WRAP$SAN" ] || finish
$CC -shared -fPIC -o press.so "$here/press.c" -ldl || exit 2

# at WHEN [LINE]: it comes there, after the line is typed.
at() {
  echo "$1" > press
  [ -z "$2" ] || type "$2"
  waits pressed || miss "Ctrl-C comes" "$1"
}
pressed() { [ ! -e press ]; }

# Keys that were not thrown away still arrive.
lives() {
  type 'print("ali" .. "ve")\r'
  await alive
  await '> '
}

preload="env LD_PRELOAD=./press.so '$NADIR'"
command="$preload -i | cat" begin
at 'getline 1' '1 + 1\r'
await '> '
lives
type '\004'
end

command="$preload; stty -a | grep -o -e -*icanon" begin
type 'abc'
await 'abc'
at 'read 1' 'd'
await '> '
lives
at 'clearerr 1' 'io.read()\r'
await 'interrupted!'
await '> '
lives
for ((n = 1; n <= 24; n++)); do
  at "sigaction $n" 'x = 1\rx = 2\r\rx = 3\r'
  lives
done
for ((n = 1; n <= 6; n++)); do
  at "tcsetattr $n" 'x = 1\rx = 2\r\rx = 3\r'
  lives
done
type '_PROMPT2 = setmetatable({}, { __tostring = function()\r'
await '>> '
type '  io.popen("kill -INT $PPID"):close() return ">> " end })\r'
await '> '
type 'for i = 1, 3 do\r'
await '> '
await '> '
lives
type '\004'
await $'\nicanon'
end
finish
