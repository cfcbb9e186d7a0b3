// A training that has come into its stride asks the host for no memory.

#include "check.h"
#include "embed/script.h"
#include "host.h"

static const char *const beginning =
  "local nd = require 'nadir'\n"
  "local x = nd.random.normal { 8, 3 }\n"
  "local y = nd.random.normal { 8, 2 }\n"
  "local w = nd.Variable(nd.random.normal { 3, 2 })\n"
  "local b = nd.Variable(nd.zeros { 2 })\n"
  "local a = nd.Variable(1.)\n"
  "local adam = nd.optimizers.Adam(.01)\n"
  "function train(n)\n"
  "  for _ = 1, n do\n"
  "    local loss\n"
  "    with nd.GradientTape() as tape do\n"
  "      local h = a * nd.tanh(nd.matmul(x, w) + b)\n"
  "      loss = nd.reduce_mean(nd.square(h - y))\n"
  "    end\n"
  "    local grads = tape:gradient(loss, { w, b, a })\n"
  "    adam:apply_gradients(nd.zip(grads, { w, b, a }))\n"
  "  end\n"
  "end\n";

static void a_steady_step_asks_for_no_memory(void)
{
  host h;
  const nd_config config = host_config(&h);
  nd_interpreter *i = nd_interpreter_new(&config);
  check_script(i, beginning);
  check_script(i, "train(2000)");
  const long before = h.asked;
  check_script(i, "train(1000)");
  CHECK_INT(h.asked, before);
  nd_interpreter_free(i);
  check_returned(&h);
}

int main(void)
{
  RUN(a_steady_step_asks_for_no_memory);
  return check_done();
}
