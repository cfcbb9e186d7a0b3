# count.sh counts what it should, and fails with the reason where it should.
count=$PWD/tests/rows/count.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/rows" "$dir/lua"
status=0

# counts WANTED CLUE TABLE TEST: given the table and the test, the script ends
# with the status WANTED and says CLUE.
counts() {
  local output code
  printf '%b\n' "$3" > "$dir/rows/one.txt"
  printf '%b\n' "$4" > "$dir/lua/test.lua"
  output=$(bash "$count" "$dir" 2>&1)
  code=$?
  [[ $code == "$1" && $output == *"$2"* ]] && return
  printf '%s\n' "expected $1 and '$2', got $code and:" "$output"
  status=1
}

echo 'B1 B2' > "$dir/rows/two.txt"
counts 0 'one: 2 of 3 rows covered, 0 skipped' 'A1-A3' '-- [A1]\n-- [B2, A3]'
counts 0 'two: 1 of 2 rows covered, 0 skipped' 'A1-A3' '-- [A1] [A1]\n-- [B2]'
counts 0 'one: 1 of 3 rows covered, 1 skipped' \
  '# Title.\nA1 A2 A7\nskip A7: strings' 'it("adds up [A1]", f)'
counts 1 'test.lua:2: no table has a row A4' 'A1-A3' '\n-- [A4]'
counts 1 'A2 is skipped, and has a test' 'A1-A3\nskip A2: why' '-- [A2]'
counts 1 'no reason is given: skip A2' 'A1-A3\nskip A2' ''
counts 1 'no row of this table: B1' 'A1-A3\nskip B1: why' ''
counts 1 'no id of a row: A1-' 'A1-' ''
counts 1 'B1 stands twice: in one and in two' 'B1' ''
export MISSING=1
counts 1 'no test has A2' 'A1-A3\nskip A3: why' '-- [A1]'
counts 0 'two: 2 of 2' 'A1' '-- [A1, B1, B2]'
exit $status
