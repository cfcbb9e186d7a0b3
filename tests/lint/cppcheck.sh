# cppcheck finds no mistakes. Sources that are compiled per CPU level are looked
# at once. ONLY=FILE looks at one file.
. tests/lint/files.sh
mkdir -p build/lint
cppcheck -q -j "$(nproc)" --std=c11 --language=c -Isrc -I/usr/include/lua5.4 \
  --enable=warning,performance,portability --inline-suppr \
  --suppressions-list=tests/lint/cppcheck.txt --suppress=missingIncludeSystem \
  --cppcheck-build-dir=build/lint --error-exitcode=1 \
  --template='{file}:{line}: {message} [{id}]' \
  -D__x86_64__ -D__GNUC__ -DND_LEVEL=baseline \
  ${ONLY:-$(sources .c | grep ^src/)}
