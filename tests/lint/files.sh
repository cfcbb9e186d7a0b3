# files.sh: sourced by checks. sources EXTENSION... prints the files of ours
# that end so, without golden data.
sources() {
  local ext
  for ext in "$@"; do
    find src lua tests examples tools .ci Makefile -type f -name "*$ext" \
      2> /dev/null
  done | grep -v '^tests/golden/' | LC_ALL=C sort -u
}
