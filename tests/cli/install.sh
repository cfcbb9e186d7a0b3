# What `make install` installs is complete: the program runs, a host builds from
# the installed files alone, stock Lua finds the module, uninstall removes all.
set -e
[ -z "$WRAP$SAN" ] || exit 0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
make -s install PREFIX=/usr DESTDIR="$dir"

"$dir/usr/bin/nadir" -e 'assert(require "nadir")'
LUA_CPATH="$dir/usr/lib/lua/5.4/?.so" lua5.4 -e 'assert(require "nadir")'

# flags PACKAGE FIELD: what pkg-config would say, with the files in $dir.
flags() {
  sed -n "s/^$2: //p" "$dir/usr/lib/pkgconfig/$1.pc" |
    sed "s|\${includedir}|$dir/usr/include|; s|\${libdir}|$dir/usr/lib|"
}

cat > "$dir/core.c" <<'END'
#include <nadir.h>
int main(void)
{
  nd_context *c = nd_context_new(0);
  nd_context_free(c);
  return c == 0;
}
END
$CC $(flags nadir Cflags) -o "$dir/core" "$dir/core.c" $(flags nadir Libs)
LD_LIBRARY_PATH=$dir/usr/lib "$dir/core"

$CC $(flags nadir-lua Cflags) -I/usr/include/lua5.4 -o "$dir/host" \
  examples/embed/host.c $(flags nadir-lua Libs) -l:liblua5.4.a -ldl -lm
"$dir/host" > /dev/null

make -s uninstall PREFIX=/usr DESTDIR="$dir"
left=$(find "$dir/usr" ! -type d)
[ -z "$left" ] || { echo "uninstall leaves $left"; exit 1; }
