# Every module of ours can be the first that stock Lua requires of nadir.so, and
# what --lower prints of a text runs there.
[ -z "$WRAP$SAN${FOREIGN:-}" ] || exit 0
modules=$(find lua -name '*.lua' | sed 's,^lua/,,; s,/init\.lua$,,; s,\.lua$,,
  s,/,.,g' | sort)
. "$(dirname "$0")/common"
command -v lua5.4 > /dev/null || finish
export LUA_CPATH="${NADIR%/*}/?.so"

stock() { lua5.4 "$@" 2>&1; }

for module in $modules; do
  is "$module comes first" "true" "$(stock -e "
    local module, other = require '$module', require 'nadir'
    package.loaded['$module'] = nil
    print(module ~= true and require '$module' == module)")"
done
has "what is not there is not found" "module 'nadir.nothing' not found" \
  "$(stock -e 'require "nadir.nothing"')"

cat > text.lua <<'L'
local function made() return setmetatable({}, { __close = print }) end
with made() as x, made() do print(x ~= nil, require "nadir".version ~= nil) end
L
"$NADIR" --lower text.lua > plain.lua
has "a lowered text runs" "true	true" "$(stock plain.lua)"
finish
