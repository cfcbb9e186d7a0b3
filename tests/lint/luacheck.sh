# Lua has no globals, unused names or shadows. Sources are lowered first, line
# for line, because luacheck does not know `with`. Scripts of tests/lang are
# left out: they show odd programs on purpose. ONLY=FILE looks at one file.
. tests/lint/files.sh
make -s build/nadir || exit 1
status=0
for file in ${ONLY:-$(sources .lua | grep -v '^tests/lang/')}; do
  plain=$(build/nadir --lower "$file") || { status=1; continue; }
  printf '%s\n' "$plain" |
    luacheck --codes --no-color -qq --formatter plain --filename "$file" - ||
    status=1
done
exit $status
