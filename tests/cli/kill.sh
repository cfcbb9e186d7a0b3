# Whatever writes a file is killed at each call that the file sees, and leaves
# the old one or the new one, whole.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common"
[ -z "$WRAP$SAN" ] || finish
$CC -shared -fPIC -o kill.so "$here/kill.c" -ldl || exit 2
export LD_PRELOAD=$work/kill.so
cp "$here/writers.lua" .

names=$("$NADIR" writers.lua names)
for name in $names; do
  mkdir "$name"
  said=$(out writers.lua old "$name")
  is "$name writes" "" "$said"
  cp -r "$name" "$name.old"
done

# One turn for each call, until all live through it.
for ((n = 1; n < 200; n++)); do
  killed=""
  for name in $names; do
    rm -rf "$name"
    cp -r "$name.old" "$name"
    { KILL=$n "$NADIR" writers.lua new "$name"; } \
      > said 2>&1
    case $? in
    137) killed+=" $name" ;;
    *)
      [ $n -gt 4 ] || fail "$name is killed at call $n" "" "$(cat said)"
      is "$name has written" "$name: new" "$(out writers.lua read "$name")"
      ;;
    esac
  done
  names=$killed
  [ -n "$names" ] || break
  while read -r line; do
    case $line in
    *": old" | *": new") ;;
    *) fail "what is killed at call $n leaves a whole file" "" "$line" ;;
    esac
  done < <(out writers.lua read $names)
done
is "all end" "" "$names"
finish
