#!/bin/sh
# deps.sh SET...: installs the Debian packages of the named sets that this
# machine lacks. It touches nothing when all are there, uses apt-get as root or
# by a sudo that asks nothing, and otherwise prints the one line to run.

# Each entry is PACKAGE=PROOF, where the proof is a command or a file.
build="gcc=gcc libc6-dev=/usr/include/stdio.h make=make
  liblua5.4-dev=/usr/include/lua5.4/lua.h
  lua-lpeg-dev=/usr/include/lua5.4/lua-lpeg.h
  libedit-dev=/usr/include/histedit.h"
demo="gnuplot-nox=gnuplot"
test="lua5.4=lua5.4 lua-busted=busted
  python3-numpy=/usr/share/doc/python3-numpy"
lint="clang=clang clang-format=clang-format clang-tidy=clang-tidy
  cppcheck=cppcheck lua-check=luacheck"
valgrind="valgrind=valgrind libc6-dbg=/usr/share/doc/libc6-dbg"
peers="python3-venv=/usr/share/doc/python3-venv
  python3-dev=/usr/share/doc/python3-dev
  libdnnl-dev=/usr/include/oneapi/dnnl/dnnl.h
  libblis4-serial=/usr/share/doc/libblis4-serial
  libopenblas0-serial=/usr/share/doc/libopenblas0-serial"
venv="python3-venv=/usr/share/doc/python3-venv"
arm="gcc-aarch64-linux-gnu=aarch64-linux-gnu-gcc
  libc6-dev-arm64-cross=/usr/aarch64-linux-gnu/include/stdio.h
  qemu-user-static=qemu-aarch64-static"

present() {
  case $1 in
    /*) [ -e "$1" ] ;;
    *) command -v "$1" > /dev/null 2>&1 ;;
  esac
}

missing=
for set in "$@"; do
  for entry in $(eval "echo \$$set"); do
    present "${entry#*=}" || missing="$missing ${entry%%=*}"
  done
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get > /dev/null 2>&1; then
  echo "missing, by the names of their Debian packages:$missing" >&2
  exit 1
elif [ "$(id -u)" = 0 ]; then
  sudo=
elif sudo -n true 2> /dev/null; then
  sudo=sudo
else
  echo "some packages are missing; run this line, then make again:" >&2
  echo "  sudo apt-get install -y --no-install-recommends$missing" >&2
  exit 1
fi

install() {
  $sudo env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends $missing < /dev/null
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "installing$missing"
install > "$log" 2>&1 && exit 0
{ $sudo apt-get update -qq && install; } > "$log" 2>&1 && exit 0
cat "$log" >&2
echo "could not install$missing" >&2
exit 1
