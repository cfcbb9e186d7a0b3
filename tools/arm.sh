#!/bin/sh
# arm.sh DIR: puts Lua's and LPeg's libraries for aarch64 into DIR. They come
# from Debian's archive by apt, with lists and caches of its own inside DIR, so
# that the machine needs no foreign architecture.
set -e
mkdir -p "$1"
cd "$1"
[ ! -e usr/include/lua5.4/lua-lpeg.h ] || exit 0
mkdir -p apt/lists/partial apt/cache/archives/partial
apt() {
  apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 \
    -o Dir::State::lists="$PWD/apt/lists" -o Dir::Cache="$PWD/apt/cache" \
    -o Dir::State::status=/dev/null -o APT::Sandbox::User= "$@"
}
echo "fetching liblua5.4-dev and lua-lpeg-dev for arm64"
apt update
apt download liblua5.4-dev lua-lpeg-dev
for package in *.deb; do dpkg-deb -x "$package" .; done
rm -rf apt
