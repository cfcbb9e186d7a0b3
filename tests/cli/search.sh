# `require` finds files as Lua's own searcher does, translated where needed.
. "$(dirname "$0")/common"

mkdir -p deep/er
echo 'return { name = ..., path = select(2, ...) }' > deep/er/init.lua
found=./deep/er/init.lua
is "a package's init.lua is found" "deep.er	$found	$found" \
  "$(out -e 'local m, path = require "deep.er" print(m.name, m.path, path)')"
is "there are four searchers, as in Lua" "4" \
  "$(out -e 'print(#package.searchers)')"
has "a missing module lists where it was looked for" \
  "no field package.preload['none']
	no file '" "$(out -e 'require "none"')"
is "package.path may change" "found" "$(mkdir other
  echo 'return "found"' > other/late.lua
  out -e 'package.path = "other/?.lua" print((require "late"))')"
has "package.path must be a string" "'package.path' must be a string" \
  "$(out -e 'package.path = false require "late"')"
echo 'error "while loading"' > fails.lua
has "a module's own error passes through" "fails.lua:1: while loading" \
  "$(out -e 'print(pcall(require, "fails"))')"

cat > with_spec.lua <<'L'
describe("busted", function()
  it("runs under this program", function()
    assert.equal("Lua 5.4", _VERSION)
  end)
  it("takes with in specs it requires", function()
    assert.equal("closed", require "uses_with")
  end)
end)
L
cat > uses_with.lua <<'L'
local said
with setmetatable({}, { __close = function() said = "closed" end }) do
  said = "open"
end
return said
L
if [ -z "${FOREIGN:-}" ] && busted=$(command -v busted); then
  has "busted runs" "2 successes / 0 failures / 0 errors" \
    "$(out "$busted" --pattern= -o plainTerminal with_spec.lua)"
fi
finish
