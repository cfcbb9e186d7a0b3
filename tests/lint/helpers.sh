# No helper is defined in two files of tests: what two need has a home, which
# tests/README.md names, as it does every folder. Scripts that show the language
# stand alone.

# definitions FILE...: "name file" for each function and macro.
definitions() {
  awk '
    function say(name) { sub(/\(.*/, "", name); print name, FILENAME }
    /^[a-z].*[ *][a-zA-Z_0-9]+\(/ { head = $0; sub(/\(.*/, "", head) }
    $0 == "{" { sub(/.*[ *]/, "", head); if (head != "main") say(head) }
    /^#define [a-zA-Z_0-9]+\(/ || /^[a-z_]+\(\) / { say($1 ~ /#/ ? $2 : $1) }
    /^(  )?local function / { say($3) }
    /^function [a-z_]+\.[a-z_]+\(/ { say(substr($2, index($2, ".") + 1)) }
  ' "$@" | sort -u
}

# once FILE...: says which names are defined in more than one of the files.
once() {
  definitions "$@" | awk '
    $1 == name { print name " is defined in " file " and in " $2 }
    { name = $1; file = $2 }'
}

! {
  once $(find tests -name '*.[ch]')
  once $(find tests/lua tests/embed -name '*.lua')
  once $(find tests/cli -type f)
  for home in tests/*/ $(find tests -name '*.h' ! -path '*/golden/*') \
    $(find tests/lua -name '*.lua' ! -name '*_spec.lua') tests/cli/common; do
    grep -qF "\`${home#tests/}\`" tests/README.md ||
      echo "$home is not in tests/README.md"
  done
} | grep .
