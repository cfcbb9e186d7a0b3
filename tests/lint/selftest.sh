# Every check fails when its rule is broken, and says where. Each case breaks
# one rule in a scratch copy of the sources and of what was built from them.
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -a Makefile .clang-format .clang-tidy .luacheckrc src lua tests examples \
  tools "$copy" 2> /dev/null
mkdir "$copy/build"
cp -a build/obj build/flags build/objects build/scripts build/embedded.c \
  build/lib* build/nadir build/nadir.so "$copy/build"
cd "$copy" || exit 2
status=0

# breaks CHECK FILE CLUE TEXT: with TEXT added to FILE, CHECK must fail and its
# output have CLUE. A header keeps its date, so that nothing is compiled for it.
breaks() {
  local check=$1 file=$2 clue=$3 output
  cp -a "$file" saved
  printf '%b\n' "$4" >> "$file"
  [[ $file != *.h ]] || touch -r saved "$file"
  if output=$(ONLY=$file bash "tests/lint/$check.sh" 2>&1); then
    echo "$check passes with $file broken by: $4"
    status=1
  elif [[ $output != *"$clue"* ]]; then
    printf '%s\n' "$check fails without saying '$clue':" "$output"
    status=1
  fi
  cp -a saved "$file"
  [[ $file == *.h ]] || touch "$file"
}

core=src/base/error.c
define='void nd_stray(void);\nvoid nd_stray(void)\n{\n  '
breaks warnings $core stray 'static int stray;'
breaks layers $core 'below layer op' '#include "op/op.h"'
breaks layers $core 'know Lua' '#include <lua.h>'
breaks layers $core 'from src/' '#include "../op/op.h"'
breaks layers src/op/table.c 'declared in' 'extern const nd_op nd_op_add;'
breaks layers src/op/table.c 'below layer ops' '#include "ops/entries.h"'
breaks layers src/lua/values.c 'has that entry' 'nd_op_find("add");'
breaks stair src/lua/heap.c 'no line before' '#include "lua/stop.h"'
breaks stair src/lua/heap.h 'no line before' '#include "lua/newstate.h"'
breaks stair src/lua/heap.c 'not in lua/heap.h' \
  'void ndL_stray(void);\nvoid ndL_stray(void)\n{\n}'
touch src/lua/stray.c
breaks stair src/lua/stray.c 'in no line' 'int stray;'
rm src/lua/stray.c
breaks exports $core nd_stray \
  "__attribute__((visibility(\"default\"))) $define(void)0;\n}"
breaks exports src/nadir.h nd_ghost 'ND_API int nd_ghost(int x);'
for call in 'abort()' 'exit(1)' 'printf(s)' 'fputs(s, stderr)' \
  'longjmp(b, 1)' 'assert(0)' 'malloc(1)'; do
  breaks calls $core "$call" "$define$call;\n}"
done
for call in 'fprintf(f, s)' 'puts(s)' 'fflush(stdout)'; do
  breaks calls src/lua/heap.c "$call" "$define$call;\n}"
done
breaks words $core "$core" '// TO''DO'
breaks lines $core 'more than 80' "// $(printf '%078d' 0)"
breaks lines $core 'a tab' '\tint x;'
breaks lines $core 'blanks' 'int x; '
breaks reading src/README.md 'not 1' '| `base/error.c` | 1 | |'
breaks reading src/README.md nowhere '| `nowhere.c` | 1 | |'
breaks order lua/nadir/init.lua 'any order' 'for k in pairs(nd) do print(k) end'
breaks order lua/nadir/init.lua 'any order' 'for k in next, nd do print(k) end'
breaks order src/lua/values.c 'any order' 'int n = lua_next(L, 1);'
breaks helpers tests/ops/test_shape.c 'own is defined in' \
  'static int own(void)\n{\n  return 0;\n}'
breaks helpers tests/ops/test_shape.c 'CHECK_VALUES is defined in' \
  '#define CHECK_VALUES(tol, x) CHECK(x)'
breaks helpers tests/lua/facts.lua 'near is defined in' \
  'local function near() end'
breaks helpers tests/cli/stdin.sh 'finish is defined in' 'finish() { :; }'
breaks format $core "$core" 'int   x;'
breaks luacheck lua/nadir/init.lua stray 'stray = 1'
breaks cppcheck $core 'out of bounds' \
  'int at(void);\nint at(void)\n{\n  int a[2] = { 0 };\n  return a[2];\n}'
breaks tidy $core "$core" \
  'int of(const int *p);\nint of(const int *p)\n{\n  return p ? 1 : *p;\n}'
exit $status
