# A file that is saved is the old one or the new one, whole, whatever happens.
. "$(dirname "$0")/common"

prelude='local nd = require "nadir"
  local save = nd.safetensors.save_file
  local load = nd.safetensors.load_file
  local function whole(path)
    local t, metadata = load(path)
    local n = t.a[{ 1, 1 }]:item()
    assert(nd.reduce_all(nd.equal(t.a, n)):item(), "a is mixed")
    assert(nd.reduce_all(nd.equal(t.b, n)):item(), "b is mixed")
    assert(metadata.n == ("%d"):format(n), "metadata of another file")
    return n
  end
  local function fill(n, path)
    save({ a = nd.fill({ 300, 200 }, n + .0),
           b = nd.transpose(nd.fill({ 100, 200 }, n + .0)) }, path,
         { n = ("%d"):format(n) })
  end
'

# A child that saves in a loop is killed at any moment.
"$NADIR" -e "$prelude fill(1, 'x')"
turns=30
[ -z "$WRAP$SAN" ] || turns=4
for ((turn = 0; turn < turns; turn++)); do
  "$NADIR" -e "$prelude for n = 2, 1e6 do fill(n, 'x') end" &
  child=$!
  sleep "0.0$((RANDOM % 90 + 10))"
  kill -9 $child
  wait $child 2> /dev/null
  said=$(out -e "$prelude whole 'x'")
  is "the file is whole after a kill" "" "$said"
done
[ $(ls -A | grep -c '^\.nadir') -le 1 ] ||
  fail "killed writers leave no files" "1 at most" "$(ls -A)"
rm -f .nadir.*

# No room: a limit of 8 KB for files, whose signal is ignored.
"$NADIR" -e "$prelude fill(7, 'x')"
said=$(trap '' XFSZ; ulimit -f 16; out -e "$prelude
  print(pcall(fill, 8, 'x'))")
has "no room is an error" "save_file: cannot write x: File too large" "$said"
is "and leaves the old file" "7.0" "$(out -e "$prelude print(whole 'x')")"
is "and no other" "x" "$(ls -A)"

# No permission, for those whom it stops.
mkdir closed
cp x closed
chmod 555 closed
if [ ! -w closed ]; then
  said=$(out -e "$prelude fill(8, 'closed/x')")
  has "no permission is an error" \
    "save_file: cannot write closed/x: Permission denied" "$said"
fi
chmod 755 closed
is "the old file stays" "7.0" "$(out -e "$prelude print(whole 'closed/x')")"

# An interrupt while it writes.
"$NADIR" -e "$prelude
  local x = nd.zeros { 3000, 1000 }
  for _ = 1, 1e6 do save({ x = x }, 'large') end" > said 2>&1 &
child=$!
for ((i = 0; i < 100; i++)); do [ -e large ] && break || sleep .1; done
kill -INT $child
wait $child
is "an interrupt leaves no other file" "closed large said x" "$(ls -A | xargs)"
has "and says so" "interrupted" "$(cat said)"
lacks "as of the script" "[nadir" "$(cat said)"
finish
