#!/bin/bash
# exchange.sh PYTHON: a file of ours is read by Python's safetensors, which
# writes it again; that file is read by us, and is the same byte for byte. What
# a training writes for TensorBoard is read by all readers that this has.
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

cat > "$work/train.lua" <<'LUA'
local nd = require "nadir"
local folder, want = arg[1], assert(io.open(arg[2], "w"))
local function expect(run, tag, step, value)
  want:write(("%s %s %d %.17g\n"):format(run, tag, step, value))
end
local batches = 0
local notes = nd.callbacks.LambdaCallback {
  on_train_batch_end = function(_, logs)
    batches = batches + 1
    for name, value in pairs(batches % 2 == 0 and logs or {}) do
      expect("train", "batch_" .. name, batches, value)
    end
  end,
  on_epoch_end = function(epoch, logs)
    expect("train", "epoch_learning_rate", epoch, 0.01)
    for name, value in pairs(logs) do
      local of_held = name:match "^val_(.*)"
      local run = of_held and "validation" or "train"
      expect(run, "epoch_" .. (of_held or name), epoch, value)
      if of_held then
        expect(run, ("evaluation_%s_vs_iterations"):format(of_held), batches,
          value)
      end
    end
  end,
}
local x = nd.random.normal { 50, 3 }
local y = nd.reduce_sum(x, 2, true)
local model = nd.Sequential { nd.layers.Dense(4), nd.layers.Dense(1) }
model:compile { optimizer = nd.optimizers.Adam(0.01), loss = "mse",
                metrics = { "mae" } }
model:fit(x, y, { epochs = 4, batch_size = 8, verbose = 0,
  validation_split = 0.2, callbacks = { notes,
    nd.callbacks.TensorBoard(folder, { update_freq = 2 }) } })
local writer <close> = nd.summary.create_file_writer(folder .. "/own/loop")
for step = 1, 400 do
  local value = (-1) ^ step * 1.5 ^ (step / 2)
  expect("own/loop", "growth/rate", step, value)
  writer:scalar("growth/rate", value, step)
end
LUA
"$nadir" "$work/train.lua" "$work/logs" "$work/want"
"$1" tests/golden/events.py "$work/logs" "$work/want"
echo "the same by each reader: $(wc -l < "$work/want") numbers"
