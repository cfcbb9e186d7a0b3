// Tests of ops/rejection.c: levels, and slopes of quantiles against golden ones
// over all of alpha. Draws and what is refused are facts.

#include "../values.h"
#include "base/cpu.h"

#include "../golden/rejection.h"

// Level by level, or the best there is.
static bool start_level(int level)
{
  return start_with((nd_config){ .cpu = nd_level_name((nd_level)level) });
}

static nd_tensor *slope(nd_tensor *a, nd_tensor *z)
{
  return own(
    nd_apply(c, nd_op_find("gamma_slope"), 2, (nd_tensor *[]){ a, z }, NULL));
}

static void slopes_are_those_of_quantiles(void)
{
  enum { ROWS = sizeof golden_slopes / sizeof *golden_slopes };
  double a[ROWS], z[ROWS], got[ROWS];
  for (int i = 0; i < ROWS; i++) {
    a[i] = golden_slopes[i][0];
    z[i] = golden_slopes[i][1];
  }
  const int64_t shape[] = { ROWS };
  for (int level = 0; level < ND_LEVELS && start_level(level); level++) {
    read_numbers(slope(own(nd_tensor_new(c, ND_FLOAT64, 1, shape, a)),
                       own(nd_tensor_new(c, ND_FLOAT64, 1, shape, z))),
                 ROWS, got);
    for (int i = 0; i < ROWS; i++)
      CHECK_NEAR(got[i] / golden_slopes[i][2], 1, 1e-12);
    finish();
  }
}

// At a large z = alpha it is about 1 + 1 / (6 alpha).
static void slopes_at_corners_are_limits_or_nan(void)
{
  start();
  CHECK_VALUES(slope(F64("[3 0 1e-3]"), F64("0")), "[0 0 0]", 0);
  CHECK_VALUES(slope(F64("[1e6 1e12 1e15]"), F64("[1e6 1e12 1e15]")),
               "[1.00000016666666 1 1]", 1e-12);
  CHECK_VALUES(slope(F64("[nan -1 2 0]"), F64("[1 1 nan 1]")),
               "[nan nan nan nan]", 0);
  finish();
}

static void draws_are_the_same_at_every_level(void)
{
  enum { N = 2000 };
  static double first[2][N], next[N];
  static const char *const names[] = { "gamma", "poisson" };
  for (int level = 0; level < ND_LEVELS && start_level(level); level++) {
    for (int i = 0; i < 2; i++) {
      read_numbers(CALL(names[i], "shape=[2000] seed=[1 2]", F32("11")), N,
                   level == 0 ? first[i] : next);
      CHECK(level == 0 || memcmp(first[i], next, sizeof next) == 0);
    }
    finish();
  }
}

int main(void)
{
  RUN(slopes_are_those_of_quantiles);
  RUN(slopes_at_corners_are_limits_or_nan);
  RUN(draws_are_the_same_at_every_level);
  return check_done();
}
