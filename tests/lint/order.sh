# No order that a user can see depends on Lua's hashes, which differ from run to
# run. Every walk through a table by pairs, next or lua_next is looked at once,
# and says "any order" in a comment on its line: its order does not show.
. tests/lint/files.sh
walks() { xargs -d '\n' grep -nHP "$1"; }
! {
  sources .lua | grep -v '^tests/' |
    walks '^(?!\s*--).*(?<![\w.:])((pairs|next) *[({"]|in +next\b)'
  sources .c .h | grep '^src/' | walks '\blua_next *\('
} | grep -v 'any order' | sed 's/$/   <- sort, or say "any order"/' | grep .
