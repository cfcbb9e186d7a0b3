# The program's own options and what it says about wrong ones.
. "$(dirname "$0")/common"

is "-v prints both versions" "Nadir 0.1.0 (Lua 5.4.4)" "$(out -v)"
is "--version is -v" "$(out -v)" "$(out --version)"
has "--help shows the usage" "usage: nadir [options] [script [args]]" \
  "$(out --help)"
is "-h is --help" "$(out --help)" "$(out -h)"
is "--help succeeds" 0 "$(code --help)"
is "--help goes to the standard output" "" \
  "$("$NADIR" --help 2>&1 > /dev/null)"

is "an unknown option fails" 1 "$(code -x)"
has "an unknown option is named" "nadir: unrecognized option '-x'" "$(out -x)"
has "a wrong option shows the usage" "usage: nadir [options]" "$(out -x)"
has "an unknown long option is named" "unrecognized option '--lowering'" \
  "$(out --lowering)"
has "a letter too many is wrong" "unrecognized option '-vv'" "$(out -vv)"
has "-e wants an argument" "'-e' needs argument" "$(out -e)"
has "-l wants an argument" "'-l' needs argument" "$(out -l -v)"
has "--lower wants a file" "'--lower' needs one file" "$(out --lower)"
has "--lower wants one file" "'--lower' needs one file" "$(out --lower a b)"
is "a wrong option runs nothing" "" "$("$NADIR" -e 'print(1)' -x 2> /dev/null)"

is "NADIR_THREADS says how many threads there are" 5 \
  "$(NADIR_THREADS=5 out -e 'print(require "nadir".get_num_threads())')"
is "there are as many threads as processors" 1 "$(taskset -c \
  "$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')" \
  "$NADIR" -e 'print(require "nadir".get_num_threads())')"
is "a wrong NADIR_THREADS is refused" \
  "nadir: NADIR_THREADS: must be 1 to 64, got '65'" \
  "$(NADIR_THREADS=65 out -e '' | sed 's,^[^:]*/,,')"

is "-- ends the options" "-e" "$(echo 'print(arg[0])' > ./-e && out -- -e)"
finish
