// Refuses the n-th request of an interpreter, for every n until none is
// refused: what was asked for fails with a clean error or succeeds, the
// interpreter goes on, and the host gets all of its memory back.

#include "lua/nadirlua.h"

#include "check.h"
#include "embed/script.h"
#include "host.h"
#include "embed/train.h"

// The memory that an interpreter took is back after request `n` was refused.
static void check_returned_after(const host *h, long n)
{
  if (h->blocks != 0 || h->bytes != 0 || h->mistakes != 0)
    printf("request %ld: ", n);
  check_returned(h);
}

static void check_recovers(nd_interpreter *i)
{
  double result = 0;
  CHECK(nd_interpreter_run(i, "result = 1 + 1", "after"));
  CHECK(nd_interpreter_get_number(i, "result", &result));
  CHECK_NEAR(result, 2, 0);
  check_script(i, train_script);
  CHECK(nd_interpreter_get_number(i, "result", &result));
  CHECK_NEAR(result, 2, 0);
}

// An interpreter that is made while `refused` requests from the n-th on fail;
// false when it was not reached.
static bool make_one(long n, long refused)
{
  host h;
  const nd_config config = host_config(&h);
  host_refuse(&h, n, refused);
  nd_interpreter *i = nd_interpreter_new(&config);
  const bool reached = h.asked > n;
  host_relent(&h);
  CHECK(i != NULL || reached);
  if (i != NULL && reached)
    check_recovers(i);
  nd_interpreter_free(i);
  check_returned_after(&h, n);
  return reached;
}

static bool run_one(long n, long refused)
{
  host h;
  const nd_config config = host_config(&h);
  nd_interpreter *i = nd_interpreter_new(&config);
  host_refuse(&h, n, refused);
  const long before = h.asked;
  const bool ok = nd_interpreter_run(i, train_script, "train");
  const bool reached = h.asked > before + n;
  host_relent(&h);
  if (!ok && !is_clean(nd_interpreter_error(i)))
    printf("request %ld: %s\n", n, nd_interpreter_error(i));
  CHECK(ok ? true : reached && is_clean(nd_interpreter_error(i)));
  check_recovers(i);
  nd_interpreter_free(i);
  check_returned_after(&h, n);
  return reached;
}

static void sweep(bool (*one)(long n, long refused), long refused)
{
  long n = 0;
  while (one(n, refused))
    n++;
  printf(" (%ld requests)", n);
  CHECK(n > 10);
}

static void making_survives_one_refusal(void)
{
  sweep(make_one, 1);
}

static void making_survives_an_empty_host(void)
{
  sweep(make_one, LONG_MAX);
}

static void running_survives_one_refusal(void)
{
  sweep(run_one, 1);
}

// Lua collects and asks again, so that one refusal may go unnoticed.
static void running_survives_two_refusals(void)
{
  sweep(run_one, 2);
}

static void running_survives_an_empty_host(void)
{
  sweep(run_one, LONG_MAX);
}

static const char *const closing_script =
  "local nd = require 'nadir'\n"
  "kept = setmetatable({}, { __gc = function()\n"
  "  local x = nd.Variable(nd.ones {100})\n"
  "  nd.GradientTape():watch(x)\n"
  "  setmetatable({ x * 2 }, { __gc = function(t) t[1]:item() end })\n"
  "  error 'in a finalizer'\n"
  "end })\n"
  "co = coroutine.wrap(function()\n"
  "  with nd.GradientTape() as tape do coroutine.yield(tape) end\n"
  "end)\n"
  "tape = co()\n"
  "y = nd.Variable(1.) * 2\n";

static void closing_returns_what_finalizers_make(void)
{
  host h;
  const nd_config config = host_config(&h);
  nd_interpreter *i = nd_interpreter_new(&config);
  CHECK(nd_interpreter_run(i, closing_script, "closing"));
  CHECK_STR(nd_interpreter_error(i), "");
  nd_interpreter_free(i);
  check_returned(&h);
}

// LPeg keeps a compiled pattern beside its object.
static void closing_returns_what_a_first_with_takes(void)
{
  host h;
  const nd_config config = host_config(&h);
  nd_interpreter *i = nd_interpreter_new(&config);
  CHECK(nd_interpreter_run(i,
                           "local nd = require 'nadir'\n"
                           "kept = setmetatable({}, { __gc = function()\n"
                           "  assert(nd.load 'with ... as x do end')\n"
                           "end })",
                           "closing"));
  const long before = h.asked;
  nd_interpreter_free(i);
  CHECK(h.asked > before + 10);
  check_returned(&h);
}

// Where the refusal is one of a stack's, Lua says only that.
static void loading_without_memory_has_its_code(void)
{
  static const char *const text = "function f(m) with m as x do end end";
  bool reached = true;
  for (long n = 0; reached; n++) {
    host h;
    const nd_config config = host_config(&h);
    nd_interpreter *i = nd_interpreter_new(&config);
    const long before = h.asked;
    host_refuse(&h, n, LONG_MAX);
    const bool ok = nd_interpreter_run(i, text, "script");
    reached = h.asked > before + n;
    host_relent(&h);
    CHECK(ok || nd_interpreter_code(i) == ND_NO_MEMORY ||
          strstr(nd_interpreter_error(i), "stack overflow (") != NULL);
    nd_interpreter_free(i);
    check_returned_after(&h, n);
  }
}

static void a_context_frees_what_is_still_held(void)
{
  host h;
  const nd_config config = host_config(&h);
  nd_context *c = nd_context_new(&config);
  nd_tensor *x = nd_tensor_new(c, ND_FLOAT32, 1, (int64_t[]){ 100 }, NULL);
  nd_variable *v = nd_variable_new(x, true);
  CHECK(nd_tape_new(c, 0) != NULL);
  CHECK(nd_variable_read(v) != NULL);
  CHECK(nd_optimizer_new(c, "Adam", NULL) != NULL);
  CHECK(h.blocks > 4);
  nd_context_free(c);
  check_returned(&h);
}

int main(void)
{
  RUN(a_context_frees_what_is_still_held);
  RUN(closing_returns_what_finalizers_make);
  RUN(closing_returns_what_a_first_with_takes);
  RUN(making_survives_one_refusal);
  RUN(making_survives_an_empty_host);
  RUN(loading_without_memory_has_its_code);
  RUN(running_survives_one_refusal);
  RUN(running_survives_two_refusals);
  RUN(running_survives_an_empty_host);
  return check_done();
}
