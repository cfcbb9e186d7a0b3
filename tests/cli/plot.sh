# A plot is the same in hosts with a decimal comma, and in those that ignore the
# end of their children.
command -v gnuplot > /dev/null || exit 0
. "$(dirname "$0")/common"

cat > plot.lua <<'L'
local locale = ...
assert(not locale or os.setlocale(locale))
require "nadir.plot".figure { xlim = { .5, 2.5 }, legend = false }
  :line({ 1, 2 }, { 1.5, 1e-7 }, { width = 1.5 })
  :scatter({ 1.25 }, { 1.5 }, { size = .5 })
  :show()
L
want=$(out plot.lua)
has "a plot is drawn" "1.5" "$want"

if has_comma; then
  is "a decimal comma changes nothing" "$want" \
    "$(LOCPATH=$work/locales out plot.lua de_DE.UTF-8)"
fi

childless() { perl -e '$SIG{CHLD} = "IGNORE"; exec @ARGV' "$@" 2>&1; }
is "children may end unseen" "$want" "$(childless "$NADIR" plot.lua)"
mkdir empty
has "and what is wrong is said" "gnuplot is not installed" \
  "$(PATH=$work/empty /usr/bin/perl -e '$SIG{CHLD} = "IGNORE"; exec @ARGV' \
    "$NADIR" plot.lua 2>&1)"
finish
