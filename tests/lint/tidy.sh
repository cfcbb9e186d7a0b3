# clang-tidy finds no mistakes, by the checks of .clang-tidy. Sources that are
# compiled per CPU level are loop nests that it is slow on. ONLY=FILE looks at
# one file.
. tests/lint/files.sh
chosen() {
  sources .c | grep ^src/ |
    xargs -d '\n' grep -LE '\<ND_(LEVEL|LEVELLED|IS_BASELINE)\>'
}
for file in ${ONLY:-$(chosen)}; do echo "$file"; done |
  xargs -P "$(nproc)" -n 4 sh -c 'clang-tidy --quiet "$@" -- -std=c11 -Isrc \
    -D_DEFAULT_SOURCE -isystem /usr/include/lua5.4 2> /dev/null' sh |
  grep -v '^$'
[ "${PIPESTATUS[1]}" = 0 ]
