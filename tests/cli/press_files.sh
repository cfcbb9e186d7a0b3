# Whatever writes a file gets Ctrl-C at each call that the file sees: it ends
# with the message, or as it would have, and leaves the old file or the new one,
# whole, and no other. In `fit` the first one waits for the end of the batch.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common"
[ -z "$WRAP$SAN" ] || finish
$CC -shared -fPIC -o kill.so "$here/kill.c" -ldl || exit 2
cp "$here/writers.lua" .

# press PRESSES N NAME...: each is interrupted at call N; `left` gets those that
# came to it.
press() {
  local presses=$1 n=$2 name code
  shift 2
  left=""
  for name in "$@"; do
    rm -rf "$name" reached
    cp -r "$name.old" "$name"
    (trap - INT; exec env LD_PRELOAD="$work/kill.so" PRESSES=$presses KILL=$n \
      "$NADIR" writers.lua new "$name" > said 2>&1)
    code=$?
    is "$name leaves no other file at call $n" "" \
      "$(find "$name" -name '.nadir.*')"
    case $code in
    0) ;;
    1)
      left+=" $name"
      has "$name says that it was interrupted at call $n, and where" \
        "writers.lua:" "$(grep "interrupted" said)"
      ;;
    *) fail "$name ends at call $n" "0 or 1" "$code, $(cat said)" ;;
    esac
  done
  while read -r line; do
    case $line in
    *": old" | *": new") ;;
    *) fail "what is interrupted at call $n leaves whole files" "" "$line" ;;
    esac
  done < <(out writers.lua read "$@")
}

names=$("$NADIR" writers.lua names)
for name in $names; do
  mkdir "$name"
  is "$name writes" "" "$(out writers.lua old "$name")"
  cp -r "$name" "$name.old"
done

all=$names
for ((n = 1; n < 60; n++)); do
  press 2 $n $all
  [ $n -lt 4 ] || all=$left
  [ -n "$all" ] || break
done
is "all end" "" "$all"

# CSVLogger has the numbers of the batches that were done, which are none of
# those that it looks for.
fits="ModelCheckpoint BackupAndRestore TensorBoard"
for ((n = 1; n < 12; n++)); do
  press 1 $n $fits
  is "fit ends after the batch at call $n" "" "$left"
done
finish
