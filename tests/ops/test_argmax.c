// Tests of ops/argmax.c: long rows, which are searched in parts.

#include "../values.h"

enum { ROW = 200000 };

// Position of the largest of two rows of zeros but for what is put there.
static void check_largest(int at, double value, int other, double rival,
                          const char *text)
{
  static double x[2 * ROW];
  memset(x, 0, sizeof x);
  for (int i = 0; i < 2; i++) {
    x[i * ROW + at - 1] = value;
    x[i * ROW + other - 1] = rival;
  }
  nd_tensor *rows = own(
    nd_tensor_new(c, ND_FLOAT64, 2, (int64_t[]){ 2, ROW }, x));
  CHECK_VALUES(CALL("argmax", "axis=2", rows), text, 0);
  nd_tensor *negative = CALL("negative", NULL, rows);
  CHECK_VALUES(CALL("argmin", "axis=2", negative), text, 0);
}

static void the_first_of_equals_wins_in_long_rows(void)
{
  start();
  check_largest(70000, 3, 199999, 3, "[70000 70000]");
  check_largest(150000, 3, 199999, 4, "[199999 199999]");
  check_largest(1, 0, 2, 0, "[1 1]");
  finish();
}

static void nan_is_passed_over_in_long_rows(void)
{
  start();
  check_largest(1, NAN, 150000, 1, "[150000 150000]");
  check_largest(65537, NAN, 2, -1, "[1 1]");
  finish();
}

int main(void)
{
  RUN(the_first_of_equals_wins_in_long_rows);
  RUN(nan_is_passed_over_in_long_rows);
  return check_done();
}
