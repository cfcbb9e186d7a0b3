#!/bin/bash
# No helper is defined in two files of tests: what two of them need has a home,
# which tests/README.md names. Scripts that show the language stand alone.

# definitions FILE...: "name file" of each function that is defined.
definitions() {
  awk '
    function emit(name) { print name, FILENAME }
    /^[a-z].*[ *][a-zA-Z_0-9]+\(/ && FILENAME ~ /\.[ch]$/ {
      name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name)
    }
    $0 == "{" { emit(name) }
    /^#define [a-zA-Z_0-9]+\(/ {
      name = $2; sub(/\(.*/, "", name); emit(name)
    }
    /^(  )?local function / { name = $3; sub(/\(.*/, "", name); emit(name) }
    /^[a-z_]+\(\) / { name = $1; sub(/\(\).*/, "", name); emit(name) }' "$@"
}

definitions $(find "${1:-tests}" -name '*.[ch]' -o -name '*.lua' \
  -o -path '*/cli/*' -type f | grep -vE '/(lang|stock|bench|lint|golden)/') |
  sort -u | awk '
    $1 == "main" { next }
    $1 == name { printf "%s is defined in %s and in %s\n", name, file, $2 }
    $1 == name { bad = 1 }
    { name = $1; file = $2 }
    END { exit bad }'
