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

# An interpreter in a shared object, as a plugin of a host without Lua.
cat > "$dir/plugin.c" <<'END'
#include <nadirlua.h>
int go(void);
int go(void)
{
  nd_interpreter *i = nd_interpreter_new(0);
  const char *text = "with require 'nadir'.GradientTape() as tape do end";
  const int ok = nd_interpreter_run(i, text, "plugin");
  nd_interpreter_free(i);
  return ok;
}
END
cat > "$dir/plugged.c" <<'END'
#include <dlfcn.h>
int main(int argc, char **argv)
{
  void *plugin = dlopen(argv[argc - 1], RTLD_NOW | RTLD_LOCAL);
  int (*go)(void) = plugin ? (int (*)(void))dlsym(plugin, "go") : 0;
  return !(go && go());
}
END
$CC -shared -fPIC $(flags nadir-lua Cflags) -I/usr/include/lua5.4 \
  -o "$dir/plugin.so" "$dir/plugin.c" $(flags nadir-lua Libs) -llua5.4
$CC -o "$dir/plugged" "$dir/plugged.c" -ldl
"$dir/plugged" "$dir/plugin.so"

# What CMake makes of a package it can only do for plain names of libraries.
case $(flags nadir-lua Libs) in
*-l:*) echo "nadir-lua.pc has -l:" && exit 1 ;;
esac

make -s uninstall PREFIX=/usr DESTDIR="$dir"
left=$(find "$dir/usr" ! -type d)
[ -z "$left" ] || { echo "uninstall leaves $left"; exit 1; }

# A program finds the shared library in a prefix of its own.
make -s install PREFIX="$dir/own"
own() {
  sed -n "s/^$1: //p" "$dir/own/lib/pkgconfig/nadir.pc" |
    sed "s|\${includedir}|$dir/own/include|; s|\${libdir}|$dir/own/lib|g"
}
$CC $(own Cflags) -o "$dir/core" "$dir/core.c" $(own Libs)
"$dir/core"
