#!/bin/sh
# expand.sh OP: from preprocessed C on standard input, prints the functions and
# tables whose name has the word OP between underscores, indented.
format=cat
command -v clang-format > /dev/null && format="clang-format --style=file"
$format | awk -v op="$1" '
  BEGIN { word = "(^|[^a-z0-9])" op "([^a-z0-9]|$)" }
  /^[^ }{#]/ && !open { head = $0; text = "" }
  { text = text $0 "\n" }
  /^{|{$/ { open = 1 }
  /^}/ || (/;$/ && !open) {
    if (open && head ~ word) { print text; found = 1 }
    open = 0
    text = ""
  }
  END {
    if (!found) {
      print "no function of that name: " op > "/dev/stderr"
      exit 1
    }
  }'
