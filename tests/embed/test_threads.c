// Two interpreters in two threads share nothing: each computes what it computes
// alone, and the thread sanitizer sees no race.

#include "lua/nadirlua.h"

#include <pthread.h>

#include "check.h"
#include "embed/train.h"

enum { ROUNDS = 5 };

static const char *const noise_script =
  "local nd = require 'nadir'\n"
  "nd.random.set_seed(7)\n"
  "local w = nd.Variable(nd.random.normal {64, 64})\n"
  "local adam = nd.optimizers.Adam()\n"
  "for step = 1, 5 do\n"
  "  local loss\n"
  "  with nd.GradientTape() as tape do\n"
  "    local x = nd.random.uniform {32, 64}\n"
  "    loss = nd.reduce_sum(nd.sin(nd.matmul(x, w)))\n"
  "  end\n"
  "  adam:apply_gradients({ tape:gradient(loss, w) }, { w })\n"
  "end\n"
  "result = nd.reduce_sum(w)\n";

// NAN after a failure.
static double run_once(void)
{
  double result = NAN;
  nd_interpreter *i = nd_interpreter_new(NULL);
  if (i == NULL || !nd_interpreter_run(i, train_script, "train") ||
      !nd_interpreter_run(i, noise_script, "noise") ||
      !nd_interpreter_get_number(i, "result", &result))
    result = NAN;
  nd_interpreter_free(i);
  return result;
}

static void *run_rounds(void *results)
{
  double *result = results;
  for (int k = 0; k < ROUNDS; k++)
    result[k] = run_once();
  return NULL;
}

static void two_interpreters_in_two_threads_are_independent(void)
{
  const double alone = run_once();
  CHECK(!isnan(alone));
  double results[2][ROUNDS];
  pthread_t threads[2];
  for (int k = 0; k < 2; k++)
    CHECK_INT(pthread_create(&threads[k], NULL, run_rounds, results[k]), 0);
  for (int k = 0; k < 2; k++)
    CHECK_INT(pthread_join(threads[k], NULL), 0);
  for (int k = 0; k < 2 * ROUNDS; k++)
    CHECK_NEAR(results[k / ROUNDS][k % ROUNDS], alone, 0);
}

// An interpreter may go from thread to thread, if one at a time uses it.
static void *run_given(void *i)
{
  return nd_interpreter_run(i, train_script, "train") ? i : NULL;
}

static void an_interpreter_moves_between_threads(void)
{
  nd_interpreter *i = nd_interpreter_new(NULL);
  for (int k = 0; k < 3; k++) {
    pthread_t thread;
    void *result = NULL;
    CHECK_INT(pthread_create(&thread, NULL, run_given, i), 0);
    CHECK_INT(pthread_join(thread, &result), 0);
    CHECK(result == i);
    CHECK(nd_interpreter_run(i, train_script, "train"));
  }
  nd_interpreter_free(i);
}

int main(void)
{
  RUN(two_interpreters_in_two_threads_are_independent);
  RUN(an_interpreter_moves_between_threads);
  return check_done();
}
