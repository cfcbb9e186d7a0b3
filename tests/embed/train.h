// train.h: a script that goes once through what an interpreter does: tapes in
// `with`, two optimizers, tables to tensors and back, printing, an error.
#ifndef ND_TEST_TRAIN_H
#define ND_TEST_TRAIN_H

static const char *const train_script =
  "local nd = require 'nadir'\n"
  "local w = nd.Variable({{.5, -.5}, {.25, 1.}, {0., .125}}, { name = 'w' })\n"
  "local b = nd.Variable(nd.zeros {2})\n"
  "local x = nd.constant {{1., 2., 3.}, {4., 5., 6.}}\n"
  "local y = nd.constant({1, 0}, 'int32', {2, 1})\n"
  "local ways = { nd.optimizers.SGD { learning_rate = .1, momentum = .9 },\n"
  "               nd.optimizers.Adam(.01) }\n"
  "for step = 1, 2 do\n"
  "  local loss\n"
  "  with nd.GradientTape() as tape do\n"
  "    local h = nd.tanh(nd.matmul(x, w) + b)\n"
  "    loss = nd.reduce_mean(nd.square(h - nd.cast(y, 'float32')))\n"
  "    with tape:stop_recording() do shown = tostring(h) end\n"
  "  end\n"
  "  local grads = tape:gradient(loss, {w, b})\n"
  "  ways[step]:apply_gradients(nd.zip(grads, {w, b}))\n"
  "end\n"
  "local rows = nd.concat({w, nd.constant {{1., 1.}}}, 1)[{ {1, 2}, {} }]\n"
  "local t = nd.stack({rows, rows * 2}):totable()\n"
  "local r = nd.random.RandomState(1):randn(3, 2, { dtype = 'float64' })\n"
  "local ok, message = pcall(nd.matmul, x, nd.zeros {4, 5})\n"
  "assert(not ok and message:find 'matmul: ', message)\n"
  "result = t[2][2][2] / t[1][2][2]\n"
  "shown = shown .. tostring(w) .. tostring(r)\n";

#endif
