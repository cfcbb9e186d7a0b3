#!/bin/bash
# exchange.sh PYTHON: a file of ours is read by Python's safetensors, which
# writes it again; that file is read by us, and is the same byte for byte.
cd "$(dirname "$0")/../.." || exit 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
set -e
cat > "$work/copy.lua" <<'LUA'
local nd = require "nadir"
local tensors, metadata = nd.safetensors.load_file(arg[1])
nd.safetensors.save_file(tensors, arg[2], metadata)
LUA
lua='local t = require "golden.files"
  io.write((table.concat(t):gsub("%x%x", function(d)
    return string.char(tonumber(d, 16)) end)))'
nadir=${BUILD:-build}/nadir
LUA_PATH="tests/?.lua" "$nadir" -e "$lua" > "$work/golden"
"$nadir" "$work/copy.lua" "$work/golden" "$work/ours"
"$1" tests/golden/files.py "$work/ours" "$work/theirs"
cmp "$work/ours" "$work/theirs"
"$nadir" "$work/copy.lua" "$work/theirs" "$work/back"
cmp "$work/back" "$work/ours"
echo "the same, both ways: $(wc -c < "$work/ours") bytes"
