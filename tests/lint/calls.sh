# The core never ends the host's process, jumps over its frames or writes to its
# terminal, and takes memory from the host's allocator only. The binding does
# not write either.
. tests/lint/code.sh

core="src/base src/kernel src/tensor src/op src/ops src/tape src/optim"
status=0
# forbid WHY FOLDERS FILE WORD...: fails on a word in a source there but FILE.
forbid() {
  local why=$1 folders=$2 except=$3 words found
  shift 3
  words=$(IFS='|'; echo "$*")
  found=$(code $(find $folders -name '*.[ch]' ! -path "$except") |
    grep -P "(?<![A-Za-z0-9_.>])($words)" | sed "s/\$/   <- $why/")
  [ -z "$found" ] || { echo "$found"; status=1; }
}

forbid "never end the host" "$core" none \
  '(abort|exit|_exit|_Exit|quick_exit|raise|__builtin_trap) *\(' \
  'assert *\( *(0|false) *\)'
forbid "never jump over the host's frames" "$core" none \
  '(longjmp|_longjmp|siglongjmp|setjmp|_setjmp|sigsetjmp) *\('
forbid "never write to the host's terminal" "$core src/lua" none \
  '(v?f?printf|v?dprintf|f?puts|putchar|f?putc|fwrite|perror) *\(' \
  '(stdout|stderr)\b'
forbid "memory comes from the context's allocator" "$core" \
  src/base/allocator.c \
  '(malloc|calloc|realloc|free|strn?dup|aligned_alloc|posix_memalign) *\(' \
  'v?asprintf *\('
exit $status
