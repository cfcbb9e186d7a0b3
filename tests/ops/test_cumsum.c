// Tests of ops/cumsum.c: long rows of float64, which are summed up in lanes.

#include "../values.h"

enum { LONGEST = 3000 };

static double x[LONGEST], y[LONGEST];

// The running sums of the first `n` of x, into y.
static void run_sums(int n, bool reverse)
{
  nd_tensor *row = own(nd_tensor_new(c, ND_FLOAT64, 1, (int64_t[]){ n }, x));
  nd_tensor *sums = CALL("cumsum", reverse ? "reverse=true" : NULL, row);
  read_numbers(sums, n, y);
  release_to(0);
}

// Whole numbers, whose sums have up to 62 bits.
static void check_sums_of(int n, bool reverse)
{
  uint32_t state = (uint32_t)n;
  int64_t sum = 0;
  for (int i = 0; i < n; i++) {
    state = state * 1664525 + 1013904223;
    x[i] = (double)(((int64_t)state << 18) - ((int64_t)1 << 48) + i);
  }
  run_sums(n, reverse);
  for (int k = 0; k < n; k++) {
    const int i = reverse ? n - 1 - k : k;
    sum += (int64_t)x[i];
    CHECK(y[i] == (double)sum);
  }
}

static void sums_of_any_length_are_right_to_the_last_digit(void)
{
  static const int lengths[] = { 1,   7,    127,  128,  129,  200,
                                 999, 1023, 1024, 1025, 2000, LONGEST };
  start();
  for (int i = 0; i < 12; i++) {
    check_sums_of(lengths[i], false);
    check_sums_of(lengths[i], true);
  }
  finish();
}

static bool is_same(double a, double b)
{
  return a == b || (isnan(a) && isnan(b));
}

// Zeros but for numbers at three places; sums are `before`, and `after` from
// the last of the places on.
static void check_sums(const int *at, const double *numbers, double before,
                       double after)
{
  memset(x, 0, sizeof x);
  for (int i = 0; i < 3; i++)
    x[at[i]] = numbers[i];
  run_sums(1000, false);
  CHECK(is_same(y[at[2] - 1], before));
  for (int i = at[2]; i < 1000; i++)
    CHECK(is_same(y[i], after));
}

#define PLACES(...) ((const int[]){ __VA_ARGS__ })
#define NUMBERS(...) ((const double[]){ __VA_ARGS__ })

static void what_is_not_finite_stays_in_long_rows(void)
{
  start();
  check_sums(PLACES(3, 4, 500), NUMBERS(1, 1, INFINITY), 2, INFINITY);
  check_sums(PLACES(3, 4, 500), NUMBERS(1, 1, NAN), 2, NAN);
  check_sums(PLACES(3, 500, 998), NUMBERS(1, INFINITY, -1), INFINITY, INFINITY);
  check_sums(PLACES(3, 500, 998), NUMBERS(INFINITY, -INFINITY, 1), NAN, NAN);
  finish();
}

// Wherever rows are cut, as one number after the other.
static void sums_overflow_where_they_do_in_turn(void)
{
  start();
  check_sums(PLACES(0, 300, 301), NUMBERS(-1.7e308, 1.7e308, 1.7e308), 0,
             1.7e308);
  check_sums(PLACES(0, 300, 301), NUMBERS(1.7e308, 1e308, -1e308), INFINITY,
             INFINITY);
  finish();
}

// Whole numbers, but that row `at` of the first column is inf unless it is -1.
static void check_columns(int columns, int at)
{
  int64_t sum[30] = { 0 };
  const int rows = LONGEST / columns;
  for (int i = 0; i < rows * columns; i++)
    x[i] = (double)(((int64_t)i * i % 1009 - 500) << 40) + i;
  if (at >= 0)
    x[at * columns] = INFINITY;
  nd_tensor *matrix = own(
    nd_tensor_new(c, ND_FLOAT64, 2, (int64_t[]){ rows, columns }, x));
  read_numbers(CALL("cumsum", "axis=1", matrix), rows * columns, y);
  for (int i = 0; i < rows * columns; i++) {
    const bool over = i % columns == 0 && at >= 0 && i / columns >= at;
    sum[i % columns] += over ? 0 : (int64_t)x[i];
    CHECK(y[i] == (over ? INFINITY : (double)sum[i % columns]));
  }
  release_to(0);
}

static void columns_have_sums_of_their_own(void)
{
  start();
  for (int columns = 2; columns <= 30; columns++) {
    check_columns(columns, -1);
    check_columns(columns, 70);
  }
  finish();
}

int main(void)
{
  RUN(sums_of_any_length_are_right_to_the_last_digit);
  RUN(columns_have_sums_of_their_own);
  RUN(what_is_not_finite_stays_in_long_rows);
  RUN(sums_overflow_where_they_do_in_turn);
  return check_done();
}
