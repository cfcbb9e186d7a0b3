# What is typed before it is read is not lost.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common"
. "$here/terminal"

# meanwhile KEYS: types them while a statement runs. Before them are letters
# whose echo says that the terminal has all of it, and which are deleted.
meanwhile() {
  rm -f go
  type 'print("run" .. "ning") while not io.open("go") do end\r'
  await running
  type "zz\025$1"
  await zz
  touch go
}

begin
meanwhile 'print("ah" .. "ead")\rprint("and " .. "more")\r'
await ahead
await 'and more'
await '> '
meanwhile '"half a " ..'
await '> '
type ' "line"\r'
await 'half a line'
await '> '
meanwhile '\004'
end
is "Ctrl-D leaves, with success" 0 "$status"

command="'$NADIR'; read -r line; echo \"[\$line]\"" begin
type 'exit\rfor the shell\r'
await '[for the shell]'
end
finish
