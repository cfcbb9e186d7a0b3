# Too little memory gives a message and status 1, never a crash.
. "$(dirname "$0")/common"

# Sanitizers reserve terabytes, and valgrind wants some for itself.
[ -z "$WRAP$SAN" ] || finish
(ulimit -v 400000; "$NADIR" -e '' > /dev/null 2>&1) || finish

has "a script's own hunger is an ordinary error" "not enough memory" \
  "$(ulimit -v 400000; out -e 'local t = {}
    for i = 1, 1e9 do t[i] = ("x"):rep(1e6) .. i end')"
is "which it may survive" "false	not enough memory" \
  "$(ulimit -v 400000; out -e 'print(pcall(string.rep, "x", 1e9))')"

# Below some limit the system cannot start the program at all, and says 127 or
# kills it before it is ours; the first success shows where that ends.
for ((limit = 16000; limit > 2000; limit -= 100)); do
  said=$( (ulimit -v $limit; "$NADIR" -e 'x = 1') 2>&1)
  case $? in
  0) ;;
  1) has "the reason is given" "memory" "$said" ;;
  *) break ;;
  esac
done
finish
