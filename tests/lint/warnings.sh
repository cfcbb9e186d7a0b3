# The build is free of warnings with gcc and with clang (they are errors there).
make -s all test-programs || exit 1
make -s all test-programs BUILD=build/clang CC=clang
