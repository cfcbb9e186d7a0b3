# C is laid out as .clang-format says; `clang-format -i FILE` does it.
. tests/lint/files.sh
status=0
for file in $(sources .c .h); do
  clang-format --dry-run -Werror "$file" 2> /dev/null && continue
  echo "$file: lines differ from its layout (< is, > should be)"
  clang-format "$file" | diff "$file" - | head -n 8
  status=1
done
exit $status
