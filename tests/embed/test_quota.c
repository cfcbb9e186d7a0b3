// A script that wants more than its quota gets an ordinary Lua error, and what
// it dropped can be used again, for tensors as for the Lua heap.

#include "lua/nadirlua.h"

#include "check.h"
#include "embed/host.h"
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
  CHECK_INT(h.blocks, 0);
  CHECK_INT(h.mistakes, 0);
}

static void check_script(const char *script)
{
  const bool ok = nd_interpreter_run(i, script, "test");
  CHECK_STR(nd_interpreter_error(i), "");
  CHECK(ok);
}

static void the_tensor_quota_is_an_error_that_scripts_catch(void)
{
  open_one(TENSORS, 0);
  CHECK(!nd_interpreter_run(i, "local nd = require 'nadir'\nnd.zeros {300000}",
                            "big"));
  CHECK_STR(nd_interpreter_error(i),
            "big:2: zeros: out of memory: 151424 bytes more than the quota of "
            "1048576 allows");
  check_script("local nd = require 'nadir'\n"
               "local ok, message = pcall(nd.zeros, {300000})\n"
               "assert(not ok)\n"
               "assert(message:find 'zeros: out of memory: ', message)\n"
               "local x = nd.zeros {200000}\n"
               "assert(not pcall(nd.add, x, 1))\n"
               "x = nil\n"
               "assert(#nd.zeros {200000} == 200000)\n");
  check_script(train_script);
  close_one();
}

// Every way to a tensor collects before it gives up.
static void dropped_tensors_do_not_count_against_the_quota(void)
{
  open_one(TENSORS, 0);
  check_script("local nd = require 'nadir'\n"
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
  check_script("local nd = require 'nadir'\n"
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
  check_script("local nd = require 'nadir'\n"
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
  check_script("local nd = require 'nadir'\n"
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
    check_script(train_script);
    // Lua's string buffers ask once, and do not collect when refused.
    check_script("collectgarbage() local s = ('x'):rep(5e5) .. 'y'");
    check_script("local t = {} for k = 1, 1e4 do t[k] = { k, s = k } end");
    check_script("local f = {}\n"
                 "for k = 1, 1e4 do f[k] = function() return k end end");
  }
  check_script("local ok, message = pcall(function()\n"
               "  local t = {} for k = 1, 1e9 do t[k] = {} end\n"
               "end)\n"
               "assert(not ok and message == 'not enough memory', message)\n"
               "local t = {} for k = 1, 1e4 do t[k] = { k } end");
  close_one();
}

int main(void)
{
  RUN(the_tensor_quota_is_an_error_that_scripts_catch);
  RUN(dropped_tensors_do_not_count_against_the_quota);
  RUN(the_host_never_lends_much_more_than_the_tensor_quota);
  RUN(a_draw_that_finds_no_memory_draws_nothing);
  RUN(the_script_quota_is_an_error_that_scripts_catch);
  return check_done();
}
