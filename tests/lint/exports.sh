# libnadir.so shows the functions that nadir.h declares, and no others; the
# module for Lua shows what `require` calls for each module under lua/.
. tests/lint/code.sh
make -s build/libnadir.so build/nadir.so || exit 1

declared() {
  code src/nadir.h | sed 's/^[^:]*:[^:]*://; /^#/d' | tr '\n' ' ' |
    tr ';' '\n' | grep -v typedef |
    sed -n 's/[^(]*[ *]\(nd_[a-z0-9_]*\)(.*/\1/p' | LC_ALL=C sort
}

openers() {
  find lua -name '*.lua' | sed 's,/init\.lua$,,; s,\.lua$,,; s,^lua,luaopen,
    s,/,_,g' | LC_ALL=C sort
}

shown() { nm -D --defined-only "$1" | awk '{ print $3 }' | LC_ALL=C sort; }

status=0
compare() {
  local name
  for name in $(LC_ALL=C comm -13 <(echo "$2") <(shown "$1")); do
    echo "$1: $name is visible: $3"
    status=1
  done
  for name in $(LC_ALL=C comm -23 <(echo "$2") <(shown "$1")); do
    echo "$1: $name is not visible: $4"
    status=1
  done
}

compare build/libnadir.so "$(declared)" "src/nadir.h does not declare it" \
  "src/nadir.h declares it"
compare build/nadir.so "$(openers)" "no file under lua/ has that name" \
  "tools/embed.sh makes it so"
exit $status
