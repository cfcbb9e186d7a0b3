# Lines have 80 columns at most, no tabs (but shell scripts and expected output
# compare what has them), and no blanks at the end.
. tests/lint/files.sh
status=0
fail_on() {
  ! xargs -d '\n' grep -nHIP "$2" | sed "s/\$/   <- $1/" | grep .
}
text() { sources .c .h .lua .sh .py .txt run; }
text | fail_on "more than 80 columns" '^.{81,}' || status=1
text | grep -v '\.sh$' | fail_on "a tab" '^(?!-- >).*\t' || status=1
{ text; echo Makefile; } | fail_on "blanks at the end" '[ \t\r]$' || status=1
exit $status
