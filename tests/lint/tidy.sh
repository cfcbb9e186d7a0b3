# clang-tidy finds no mistakes, by the checks of .clang-tidy. Sources that are
# compiled per CPU level are loop nests that it is slow on. ONLY=FILE looks at
# one file.
. tests/lint/files.sh
chosen() { sources .c | grep ^src/ | grep -v '\.levels\.c$'; }
for file in ${ONLY:-$(chosen)}; do echo "$file"; done |
  xargs -P "$(nproc)" -n 4 sh -c 'clang-tidy --quiet "$@" -- -std=c11 -Isrc \
    -D_DEFAULT_SOURCE -isystem /usr/include/lua5.4 2> /dev/null' sh |
  grep -v '^$'
[ "${PIPESTATUS[1]}" = 0 ]
