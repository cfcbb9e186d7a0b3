// nd_interrupt from another thread ends what runs, and the interpreter goes on.

#include "lua/nadirlua.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "embed/train.h"

static nd_interpreter *i;
static atomic_bool ended;

static void sleep_ms(long n)
{
  nanosleep(&(struct timespec){ .tv_nsec = n * 1000000 }, NULL);
}

// Again and again, as the first may come before the script has begun.
static void *interrupt_until_ended(void *context)
{
  while (!atomic_load(&ended)) {
    sleep_ms(20);
    nd_interrupt(context);
  }
  return NULL;
}

// Runs a script that ends only by interruption. Returns the seconds it took.
static double run_interrupted(const char *script)
{
  struct timespec start, end;
  pthread_t thread;
  atomic_store(&ended, false);
  clock_gettime(CLOCK_MONOTONIC, &start);
  CHECK_INT(pthread_create(&thread, NULL, interrupt_until_ended,
                           nd_interpreter_context(i)),
            0);
  CHECK(!nd_interpreter_run(i, script, "loop"));
  clock_gettime(CLOCK_MONOTONIC, &end);
  atomic_store(&ended, true);
  CHECK_INT(pthread_join(thread, NULL), 0);
  return (double)(end.tv_sec - start.tv_sec) +
         (double)(end.tv_nsec - start.tv_nsec) * 1e-9;
}

static void check_goes_on(void)
{
  // One interruption may be left over.
  nd_interpreter_run(i, "require 'nadir'.add(1., 1.)", "left over");
  const bool ok = nd_interpreter_run(i, train_script, "train");
  CHECK_STR(nd_interpreter_error(i), "");
  CHECK(ok);
}

// Either the op or the VM notices first; both say where.
static void check_interrupted(const char *setup, const char *script)
{
  i = nd_interpreter_new(NULL);
  CHECK(nd_interpreter_run(i, setup, "setup"));
  const double seconds = run_interrupted(script);
  CHECK(strncmp(nd_interpreter_error(i), "loop:1: ", 8) == 0);
  CHECK(strstr(nd_interpreter_error(i), "interrupted") != NULL);
  CHECK(seconds < 30);
  check_goes_on();
  nd_interpreter_free(i);
}

static void a_loop_of_small_ops_stops(void)
{
  check_interrupted("x = require 'nadir'.constant(1.)",
                    "while true do x = x * 1 end");
}

static void a_long_op_stops_between_its_ranges(void)
{
  check_interrupted("x = require 'nadir'.ones {3000000}",
                    "while true do x:sin() end");
}

static void a_matmul_stops_between_its_ranges(void)
{
  check_interrupted("x = require 'nadir'.ones {1000, 1000}",
                    "while true do x:matmul(x) end");
}

static void a_loop_without_ops_stops(void)
{
  check_interrupted("", "while true do end");
}

static void a_coroutine_stops(void)
{
  check_interrupted("", "coroutine.wrap(function() while true do end end)()");
}

static void a_training_loop_stops_and_its_tape_is_left(void)
{
  i = nd_interpreter_new(NULL);
  run_interrupted("local nd = require 'nadir'\n"
                  "local v = nd.Variable(1.)\n"
                  "local sgd = nd.optimizers.SGD()\n"
                  "while true do\n"
                  "  local y\n"
                  "  with nd.GradientTape() as tape do y = nd.square(v) end\n"
                  "  sgd:apply_gradients({tape:gradient(y, v)}, {v})\n"
                  "end\n");
  CHECK(strstr(nd_interpreter_error(i), ": interrupted") != NULL);
  check_goes_on();
  nd_interpreter_free(i);
}

int main(void)
{
  RUN(a_loop_of_small_ops_stops);
  RUN(a_long_op_stops_between_its_ranges);
  RUN(a_matmul_stops_between_its_ranges);
  RUN(a_loop_without_ops_stops);
  RUN(a_coroutine_stops);
  RUN(a_training_loop_stops_and_its_tape_is_left);
  return check_done();
}
