# The program is a drop-in for lua5.4: the same words give the same output and
# exit status. Without a lua5.4 to compare with there is nothing to do; nor for
# a program of another machine (FOREIGN), which looks for modules elsewhere.
. "$(dirname "$0")/common"
lua=$(command -v lua5.4) || finish
[ -z "${FOREIGN:-}" ] || finish

# Addresses differ from run to run.
steady() { sed -E 's/0x[0-9a-f]+/ADDRESS/g; s/^(nadir|lua5\.4):/PROGRAM:/'; }

# same ARGS: compares the two with $input as their standard input.
same() {
  local ours theirs
  ours=$("$NADIR" "$@" 2>&1 <<< "$input"; echo "exit status $?")
  theirs=$("$lua" "$@" 2>&1 <<< "$input"; echo "exit status $?")
  is "like lua: $*" "$(plain <<< "$theirs" | steady)" \
    "$(plain <<< "$ours" | steady)"
}

cat > show.lua <<'L'
#!/usr/bin/env anything
print(#arg, ...)
for i = -9, 9 do
  local a = arg[i]
  if a and not a:find("nadir", 1, true) and not a:find("lua5.4", 1, true) then
    print(i, a)
  end
end
L
echo 'error("deep")' > fails.lua
echo 'local x = = 1' > wrong.lua
echo 'return { answer = 42 }' > module.lua
echo 'local x <close> = setmetatable({}, { __close = print })
os.exit(3, true)' > exits.lua
printf '\357\273\277#!/bom\nprint(debug.traceback("line two"))' > bom.lua
printf 'x = 1 +\n' > unfinished.lua
echo 'setmetatable({}, { __gc = function() print "closed" end })' > closing.lua
lua5.4 -e 'io.open("binary.luac", "wb"):write(string.dump(
  load "print(1, ...)"))'

input='print("from stdin", ...)'
same show.lua
same show.lua a "b c" ''
same -W -e 'x = 1' show.lua -v -- -
same -- show.lua 1
same - 1 2
same -- -
same -e 'print(arg[0], #arg)' show.lua
same -e 'print(...)'
same -e 'print(1)' -e 'print(2)'
same -e'print(1)' -eprint'(2)'
same -e 'x = 1' -l module -e 'print(module.answer, x)'
same -l m=module -e 'print(m.answer, module)'
same -lmodule -e 'print(module.answer)'
same -l missing_module_of_ours
same -l wrong
same fails.lua
same wrong.lua
same unfinished.lua
same missing.lua
same /
same exits.lua
same closing.lua
same bom.lua
same binary.luac 1 2
same -e 'error()'
same -e 'error({})'
same -e 'error(setmetatable({}, { __tostring = function() return "me" end }))'
same -e 'error(setmetatable({}, { __tostring = function() return 1 end }))'
same -e 'error("no position", 0)'
same -e 'local function f() error "in f" end f()'
same -e 'x = '
same -e 'x = ' -e 'print "not reached"'
same -e 'goto nowhere'
same -e 'warn "@on" warn("careful", "!")'
same -W -e 'warn "seen"'
same -e 'warn "unseen"'
same -e 'os.exit(true)'
same -e 'os.exit(false)'
same -e 'os.exit(7)'
same -e 'arg = nil' show.lua
same -e 'arg = { "x", [0] = "y" }' show.lua
same -e 'print(package.path, package.cpath)'
same -e 'print(collectgarbage "incremental")'
same -e 'print(pcall(require, "wrong"))'
same -e 'package.path = nil require "module"'
same -e 'print(require "module", select(2, require "module"))'
same -e 'print(dofile "module.lua".answer, pcall(dofile, "wrong.lua"))'
same -e 'print(loadfile "missing.lua")'
same -e 'print(loadfile "wrong.lua")'
same -e 'print(loadfile("module.lua", "b"))'
same -e 'print(loadfile("binary.luac", "t"))'
same -e 'loadfile("show.lua", "t", { print = print, arg = {} })()'
same -e 'print(pcall(loadfile("show.lua", "t", nil)))'
same -e 'print(pcall(loadfile, {}))'
same -e 'dofile()'
same -E -e 'print(os.getenv "LUA_INIT")'

export LUA_INIT='print "init"'
same -e 'print(1)'
same -E -e 'print(1)'
same
export LUA_INIT_5_4='print "init 5.4"'
same -e 'print(1)'
export LUA_INIT_5_4='@show.lua'
same -e 'print(1)'
export LUA_INIT_5_4='@missing.lua'
same -e 'print(1)'
export LUA_INIT_5_4='error "init"'
same -e 'print(1)'
unset LUA_INIT LUA_INIT_5_4

export LUA_PATH='./?.none;;'
same -e 'print(package.path)'
same -E -e 'print(package.path)'
unset LUA_PATH

input='print(arg[0] ~= nil, #arg, ...)'
same
input='print(arg[0], #arg, ...) error "in stdin"'
same -
same - a b
finish
