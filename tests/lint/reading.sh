# The reading order in src/README.md leads to files that are there, and they are
# about as long as it says: within a fifth.
status=0
while read -r path lines; do
  file=$path
  [ -f "$file" ] || file=src/$path
  length=$(wc -l < "$file") || { status=1; continue; }
  if [ $((5 * length)) -gt $((6 * lines)) ] ||
    [ $((5 * length)) -lt $((4 * lines)) ]; then
    echo "src/README.md: $path has $length lines, not $lines"
    status=1
  fi
done < <(sed -n 's/^| `\([^`]*\)` | \([0-9]*\) |.*/\1 \2/p' src/README.md)
exit $status
