// A script that wants more than its quota gets an ordinary Lua error, and what
// it dropped can be used again, for tensors as for the Lua heap.

#include "lua/nadirlua.h"

#include <stddef.h>

#include "check.h"
#include "embed/script.h"
#include "host.h"
#include "embed/train.h"

enum { TENSORS = 1 << 20, SCRIPT = 4 << 20 };

static host h;
static nd_interpreter *i;

static void open_one(size_t tensor_quota, size_t script_quota)
{
  nd_config config = host_config(&h);
  config.tensor_quota = tensor_quota;
  config.script_quota = script_quota;
  i = nd_interpreter_new(&config);
}

static void close_one(void)
{
  nd_interpreter_free(i);
  check_returned(&h);
}

static void the_tensor_quota_is_an_error_that_scripts_catch(void)
{
  open_one(TENSORS, 0);
  CHECK(!nd_interpreter_run(i, "local nd = require 'nadir'\nnd.zeros {300000}",
                            "big"));
  CHECK_STR(nd_interpreter_error(i),
            "big:2: zeros: out of memory: 151424 bytes more than the quota of "
            "1048576 allows");
  check_script(i, "local nd = require 'nadir'\n"
                  "local ok, message = pcall(nd.zeros, {300000})\n"
                  "assert(not ok)\n"
                  "assert(message:find 'zeros: out of memory: ', message)\n"
                  "local x = nd.zeros {200000}\n"
                  "assert(not pcall(nd.add, x, 1))\n"
                  "x = nil\n"
                  "assert(#nd.zeros {200000} == 200000)\n");
  check_script(i, train_script);
  close_one();
}

// Every way to a tensor collects before it gives up.
static void dropped_tensors_do_not_count_against_the_quota(void)
{
  open_one(TENSORS, 0);
  check_script(i, "local nd = require 'nadir'\n"
                  "for step = 1, 200 do\n"
                  "  local x = nd.ones {20000}\n"
                  "  local v = nd.Variable(x)\n"
                  "  local t = nd.GradientTape()\n"
                  "  local y = nd.square(v)\n"
                  "  local g = t:gradient(y, v)\n"
                  "  nd.optimizers.Adam():apply_gradients({g}, {v})\n"
                  "  v:assign(x)\n"
                  "  v:assign_add(x)\n"
                  "end\n");
  check_script(i, "local nd = require 'nadir'\n"
                  "local t = {}\n"
                  "for k = 1, 20000 do t[k] = k end\n"
                  "local r = nd.random.RandomState(0)\n"
                  "for step = 1, 100 do\n"
                  "  local x = nd.constant(t)\n"
                  "  local y = r:randn(20000)\n"
                  "  local z = nd.random.normal {20000}\n"
                  "  local p = r:permutation(20000)\n"
                  "  local v = nd.Variable(t)\n"
                  "end\n");
  close_one();
}

static void the_host_never_lends_much_more_than_the_tensor_quota(void)
{
  open_one(TENSORS, 0);
  check_script(i, "local nd = require 'nadir'\n"
                  "for step = 1, 100 do\n"
                  "  for n = 1000, 100000, 7000 do local x = nd.ones {n} end\n"
                  "end\n");
  CHECK(h.peak_of[ND_MEMORY_TENSOR] < 1.3 * TENSORS);
  close_one();
}

// After each failure both generators give what they would have given.
static void a_draw_that_finds_no_memory_draws_nothing(void)
{
  open_one(TENSORS, 0);
  check_script(i, "local nd = require 'nadir'\n"
                  "local rows = nd.zeros { 1000, 200 }\n"
                  "local r, n = nd.random.RandomState(), 300000\n"
                  "local function draw()\n"
                  "  return r:randn(), nd.random.uniform({}):item()\n"
                  "end\n"
                  "for k, fail in ipairs {\n"
                  "  function() r:permutation(rows) end,\n"
                  "  function() r:choice(rows, 1000) end,\n"
                  "  function() r:choice(rows, { size = 1000,\n"
                  "                              replace = false }) end,\n"
                  "  function() r:rand(n) end,\n"
                  "  function() r:normal(0, 1, n) end,\n"
                  "  function() r:randint(9, { size = n }) end,\n"
                  "  function() nd.random.shuffle(rows) end,\n"
                  "  function() nd.random.normal { n } end,\n"
                  "  function() nd.random.uniform { n } end,\n"
                  "  function() nd.random.truncated_normal { n } end,\n"
                  "} do\n"
                  "  r:seed(k)\n"
                  "  nd.random.set_seed(k)\n"
                  "  local a, b = draw()\n"
                  "  r:seed(k)\n"
                  "  nd.random.set_seed(k)\n"
                  "  local ok, message = pcall(fail)\n"
                  "  assert(not ok and message:find 'out of memory', k)\n"
                  "  local x, y = draw()\n"
                  "  assert(x == a and y == b, k)\n"
                  "end\n");
  close_one();
}

// Objects of one size fill the heap; then others are wanted.
static void the_script_quota_is_an_error_that_scripts_catch(void)
{
  static const char *const fills[] = {
    "local t = {} for k = 1, 1e9 do t[k] = {} end",
    "local t = {} for k = 1, 1e9 do t[k] = function() return t, k end end",
    "local t = {} for k = 1, 1e9 do t[k] = ('x'):rep(200) .. k end",
    "local t = {} for k = 1, 1e9 do t[k] = ('x'):rep(2000) .. k end",
    "local t = {} for k = 1, 1e9 do t[k] = coroutine.wrap(print) end",
    "local s = 'x' for k = 1, 1e9 do s = s .. s end",
    ("local nd = require 'nadir'\n"
     "local t = {} for k = 1, 1e9 do t[k] = nd.constant(1.) end"),
  };
  open_one(0, SCRIPT);
  for (size_t k = 0; k < sizeof fills / sizeof *fills; k++) {
    CHECK(!nd_interpreter_run(i, fills[k], "fill"));
    CHECK_STR(nd_interpreter_error(i), "not enough memory");
    CHECK(h.peak_of[ND_MEMORY_SCRIPT] <= SCRIPT);
    check_script(i, train_script);
    // Lua's string buffers ask once, and do not collect when refused.
    check_script(i, "collectgarbage() local s = ('x'):rep(5e5) .. 'y'");
    check_script(i, "local t = {} for k = 1, 1e4 do t[k] = { k, s = k } end");
    check_script(i, "local f = {}\n"
                    "for k = 1, 1e4 do f[k] = function() return k end end");
  }
  check_script(i, "local ok, message = pcall(function()\n"
                  "  local t = {} for k = 1, 1e9 do t[k] = {} end\n"
                  "end)\n"
                  "assert(not ok and message == 'not enough memory', message)\n"
                  "local t = {} for k = 1, 1e4 do t[k] = { k } end");
  close_one();
}

static bool runs_within(size_t script_quota)
{
  const nd_config config = { .size = sizeof config,
                             .script_quota = script_quota };
  nd_interpreter *one = nd_interpreter_new(&config);
  const bool ok = one != NULL && nd_interpreter_run(one, train_script, "train");
  nd_interpreter_free(one);
  return ok;
}

// Close to the least that will do it matters how chunks are filled.
static void more_script_quota_is_never_worse(void)
{
  enum { CHUNKS = 2 * 16384 };
  size_t least = SIZE_MAX - CHUNKS;
  for (size_t quota = 400000; quota < 900000; quota += 7001) {
    const bool runs = runs_within(quota);
    if (runs && quota < least)
      least = quota;
    if (!runs && quota > least + CHUNKS)
      printf("\n%zu bytes", quota);
    CHECK(runs || quota <= least + CHUNKS);
  }
  CHECK(least < 900000);
}

static const char *const small_script =
  "local nd = require 'nadir'\n"
  "local x = nd.Variable(3.)\n"
  "with nd.GradientTape() as tape do y = nd.square(x) end\n"
  "assert(tape:gradient(y, x):item() == 6)";

static void open_with_memory(size_t quota)
{
  nd_config config = host_config(&h);
  config.memory_quota = quota;
  i = nd_interpreter_new(&config);
  CHECK(i != NULL);
}

// Records of a tape count, and so does all else; what is lent stays below.
static void the_memory_quota_holds_for_all_that_a_script_causes(void)
{
  static const char *const hogs[] = {
    ("local x = nd.Variable(1.)\n"
     "local tape = nd.GradientTape()\n"
     "for k = 1, 3000000 do x = x * 1.0001 end"),
    "local t = {} for k = 1, 1e9 do t[k] = nd.ones {100} end",
    "local t = {} for k = 1, 1e9 do t[k] = nd.Variable(1.) end",
    "local t = {} for k = 1, 1e9 do t[k] = { k } end",
    ("local adam, t = nd.optimizers.Adam(), {}\n"
     "for k = 1, 1e9 do\n"
     "  t[k] = nd.Variable(nd.ones {500})\n"
     "  adam:apply_gradients({ nd.ones {500} }, { t[k] })\n"
     "end"),
    "local s = 'x' for k = 1, 1e9 do s = s .. s end",
  };
  for (size_t quota = 1 << 20; quota <= 4 << 20; quota *= 4) {
    open_with_memory(quota);
    for (size_t k = 0; k < sizeof hogs / sizeof *hogs; k++) {
      char script[600];
      snprintf(script, sizeof script,
               "local nd = require 'nadir'\n"
               "local ok, message = pcall(function()\n%s\nend)\n"
               "assert(not ok and (message:find ': out of memory: ' or\n"
               "  message:find 'not enough memory'), message)\n",
               hogs[k]);
      check_script(i, script);
      check_script(i, "collectgarbage()");
      check_script(i, quota > 2 << 20 ? train_script : small_script);
    }
    CHECK(h.bytes <= quota);
    CHECK(nd_context_peak(nd_interpreter_context(i), ND_MEMORY_ALL) <= quota);
    CHECK_INT(nd_context_bytes(nd_interpreter_context(i), ND_MEMORY_ALL),
              h.bytes);
    close_one();
  }
}

static void dropped_tapes_do_not_count_against_the_quota(void)
{
  open_with_memory(2 << 20);
  check_script(i, "local nd = require 'nadir'\n"
                  "for step = 1, 40 do\n"
                  "  local x = nd.Variable(1.)\n"
                  "  local tape = nd.GradientTape()\n"
                  "  for k = 1, 3000 do x = x * 1.0001 end\n"
                  "end\n");
  close_one();
}

static void a_quota_may_be_set_later(void)
{
  open_one(0, 0);
  nd_context *c = nd_interpreter_context(i);
  check_script(i, "x = require 'nadir'.ones {100000}");
  nd_context_set_quota(c, ND_MEMORY_ALL, 300000);
  CHECK(!nd_interpreter_run(i, "require 'nadir'.ones {100000}", "more"));
  nd_context_set_quota(c, ND_MEMORY_ALL, 0);
  check_script(i, "y = require 'nadir'.ones {100000}");
  nd_context_set_quota(c, ND_MEMORY_TENSOR, 900000);
  CHECK(!nd_interpreter_run(i, "require 'nadir'.ones {100000}", "more"));
  CHECK_STR(nd_interpreter_error(i),
            "more:1: ones: out of memory: 300000 bytes more than the quota of "
            "900000 allows");
  close_one();
}

// A configuration of a host that was compiled before there was this quota.
static void an_older_configuration_has_no_memory_quota(void)
{
  nd_config config = host_config(&h);
  config.size = offsetof(nd_config, memory_quota);
  config.memory_quota = 1;
  i = nd_interpreter_new(&config);
  check_script(i, train_script);
  close_one();
}

static void a_gradient_that_fails_leaves_its_tape(void)
{
  open_one(0, 0);
  nd_context *c = nd_interpreter_context(i);
  check_script(i, "nd = require 'nadir'\n"
                  "v = nd.Variable(nd.ones {1000})\n"
                  "with nd.GradientTape() as t do\n"
                  "  tape, y = t, nd.reduce_sum(v * v * v)\n"
                  "end");
  for (size_t room = 0; room < 12000; room += 3000) {
    nd_context_set_quota(c, ND_MEMORY_TENSOR,
                         nd_context_bytes(c, ND_MEMORY_TENSOR) + room);
    CHECK(!nd_interpreter_run(i, "tape:gradient(y, v)", "try"));
    CHECK(strstr(nd_interpreter_error(i), "out of memory") != NULL);
  }
  nd_context_set_quota(c, ND_MEMORY_TENSOR, 0);
  check_script(i, "assert(tape:gradient(y, v)[7]:item() == 3)");
  check_script(i, "assert(not pcall(tape.gradient, tape, y, v))");
  close_one();
}

int main(void)
{
  RUN(the_tensor_quota_is_an_error_that_scripts_catch);
  RUN(dropped_tensors_do_not_count_against_the_quota);
  RUN(the_host_never_lends_much_more_than_the_tensor_quota);
  RUN(a_draw_that_finds_no_memory_draws_nothing);
  RUN(the_script_quota_is_an_error_that_scripts_catch);
  RUN(more_script_quota_is_never_worse);
  RUN(the_memory_quota_holds_for_all_that_a_script_causes);
  RUN(dropped_tapes_do_not_count_against_the_quota);
  RUN(a_quota_may_be_set_later);
  RUN(an_older_configuration_has_no_memory_quota);
  RUN(a_gradient_that_fails_leaves_its_tape);
  return check_done();
}
