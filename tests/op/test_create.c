// Tests of op/create.c, op/random.c and op/matmul.c's shapes: tensors from
// nothing, and what their sizes may be.

#include "../values.h"

static void constants_have_any_dtype(void)
{
  start();
  CHECK_VALUES(CALL0("zeros", "shape=[2 2]"), "[[0 0] [0 0]]", 0);
  nd_tensor *x = CALL0("ones", "shape=[3] dtype=uint8");
  CHECK_VALUES(x, "[1 1 1]", 0);
  CHECK_INT(nd_tensor_dtype(x), ND_UINT8);
  CHECK_VALUES(CALL0("ones", "shape=[]"), "1", 0);
  CHECK_VALUES(CALL("ones_like", NULL, I64("[5 6]")), "[1 1]", 0);
  CHECK_VALUES(CALL("zeros_like", NULL, BOOL("[1 1]")), "[0 0]", 0);
  CHECK_VALUES(CALL("fill", "shape=[2 1]", F64("2.5")), "[[2.5] [2.5]]", 0);
  CHECK_FAILS(CALL0("zeros", "shape=[2 -2]"), "zeros: negative size: [2 -2]");
  CHECK_FAILS(CALL("fill", "shape=[2]", F32("[1]")),
              "fill: needs numbers, got [1]");
  finish();
}

static void eye_may_have_more_columns_or_rows(void)
{
  start();
  CHECK_VALUES(CALL0("eye", "rows=2"), "[[1 0] [0 1]]", 0);
  CHECK_VALUES(CALL0("eye", "rows=2 columns=3"), "[[1 0 0] [0 1 0]]", 0);
  CHECK_VALUES(CALL0("eye", "rows=3 columns=1 dtype=bool"), "[[1] [0] [0]]", 0);
  CHECK_VALUES(CALL0("eye", "rows=2 columns=0"), "[[] []]", 0);
  CHECK_FAILS(CALL0("eye", "rows=-1"), "eye: negative size: [-1 -1]");
  finish();
}

static void ranges_include_their_limit(void)
{
  start();
  CHECK_VALUES(CALL("range", NULL, I32("1"), I32("5"), I32("2")), "[1 3 5]", 0);
  CHECK_VALUES(CALL("range", NULL, I32("1"), I32("6"), I32("2")), "[1 3 5]", 0);
  CHECK_VALUES(CALL("range", NULL, I32("3"), I32("1"), I32("-1")), "[3 2 1]",
               0);
  CHECK_VALUES(CALL("range", NULL, I32("3"), I32("1"), I32("1")), "[]", 0);
  CHECK_VALUES(CALL("range", NULL, F64("0"), F64("1"), F64(".25")),
               "[0 .25 .5 .75 1]", 0);
  nd_tensor *x = CALL("range", "dtype=float64", I32("1"), I32("2"), I32("1"));
  CHECK_VALUES(x, "[1 2]", 0);
  CHECK_INT(nd_tensor_dtype(x), ND_FLOAT64);
  CHECK_FAILS(CALL("range", NULL, F32("1"), F32("5"), F32("0")),
              "range: no such range: 1 to 5 by 0");
  CHECK_FAILS(CALL("range", NULL, F32("1"), F32("inf"), F32("1")),
              "range: no such range: 1 to inf by 1");
  CHECK_FAILS(CALL("range", NULL, F32("nan"), F32("1"), F32("1")),
              "range: no such range: nan to 1 by 1");
  CHECK_FAILS(CALL("range", NULL, I32("[1]"), I32("2"), I32("1")),
              "range: needs numbers, got [1]");
  CHECK_FAILS(CALL("range", "dtype=bool", I32("1"), I32("2"), I32("1")),
              "range: no such dtype here: bool");
  finish();
}

static void linspace_reaches_both_ends(void)
{
  start();
  CHECK_VALUES(CALL("linspace", "num=5", F64("0"), F64("1")),
               "[0 .25 .5 .75 1]", 0);
  CHECK_VALUES(CALL("linspace", "num=1", F64("3"), F64("7")), "[3]", 0);
  CHECK_VALUES(CALL("linspace", "num=0", F64("3"), F64("7")), "[]", 0);
  nd_tensor *x = CALL("linspace", "num=11", F32("0"), F32(".1"));
  double last[11];
  read_numbers(x, 11, last);
  CHECK(last[10] == (double).1F);
  CHECK_FAILS(CALL("linspace", "num=-1", F32("0"), F32("1")),
              "linspace: num is negative: -1");
  CHECK_FAILS(CALL("linspace", "num=3 dtype=int32", F32("0"), F32("1")),
              "linspace: no such dtype here: int32");
  CHECK_FAILS(CALL("linspace", "num=3", F32("[0]"), F32("1")),
              "linspace: needs numbers, got [1]");
  finish();
}

static void one_hot_counts_from_one(void)
{
  start();
  CHECK_VALUES(CALL("one_hot", "depth=0", I64("[2]")), "[[]]", 0);
  CHECK_FAILS(
    CALL("one_hot", "depth=2", ZEROS(ND_INT32, 1, 1, 1, 1, 1, 1, 1, 1)),
    "one_hot: no such shape: indices is [1 1 1 1 1 1 1 1], depth 2");
  finish();
}

// ------------------------------------------------------------------ random --

static void a_seed_repeats_what_follows(void)
{
  start();
  nd_random_set_seed(c, 7);
  nd_tensor *x = CALL0("normal", "shape=[1000]");
  nd_tensor *y = CALL0("normal", "shape=[1000]");
  nd_random_set_seed(c, 7);
  nd_tensor *z = CALL0("normal", "shape=[1000]");
  CHECK_VALUES(CALL("reduce_all", NULL, CALL("equal", NULL, x, z)), "1", 0);
  CHECK_VALUES(CALL("reduce_any", NULL, CALL("equal", NULL, x, y)), "0", 0);
  nd_random_set_seed(c, 8);
  z = CALL0("normal", "shape=[1000]");
  CHECK_VALUES(CALL("reduce_any", NULL, CALL("equal", NULL, x, z)), "0", 0);
  finish();
}

static void a_seed_repeats_in_another_context(void)
{
  start();
  nd_random_set_seed(c, 7);
  nd_tensor *x = CALL0("uniform", "shape=[100] dtype=float64");
  double first[100], second[100];
  read_numbers(x, 100, first);
  finish();
  start();
  nd_random_set_seed(c, 7);
  read_numbers(CALL0("uniform", "shape=[100] dtype=float64"), 100, second);
  CHECK(memcmp(first, second, sizeof first) == 0);
  finish();
}

static void random_numbers_lie_in_their_range(void)
{
  start();
  nd_tensor *x = CALL0("uniform", "shape=[4000] minval=-2 maxval=3");
  CHECK_VALUES(CALL("reduce_all", NULL, CALL("less", NULL, x, F32("3"))), "1",
               0);
  CHECK_VALUES(CALL("reduce_min", NULL, x), "-2", .01);
  CHECK_VALUES(CALL("reduce_mean", NULL, x), ".5", .1);
  nd_tensor *i = CALL0("uniform", "shape=[4000] minval=1 maxval=6 dtype=int32");
  CHECK_VALUES(CALL("reduce_min", NULL, i), "1", 0);
  CHECK_VALUES(CALL("reduce_max", NULL, i), "6", 0);
  nd_tensor *t = CALL0("truncated_normal", "shape=[4000] mean=1 stddev=2");
  CHECK_VALUES(CALL("reduce_max", NULL, t), "4.9", .1);
  CHECK_VALUES(CALL("reduce_min", NULL, t), "-2.9", .1);
  finish();
}

static void random_arguments_are_checked(void)
{
  start();
  CHECK_FAILS(CALL0("normal", "shape=[-1]"), "normal: negative size: [-1]");
  CHECK_FAILS(CALL0("normal", "shape=[1] dtype=int32"),
              "normal: dtype must be a float, got int32");
  CHECK_FAILS(CALL0("normal", "shape=[1] stddev=-1"),
              "normal: stddev must be 0 or more, got -1");
  CHECK_FAILS(CALL0("truncated_normal", "shape=[1] stddev=nan"),
              "truncated_normal: stddev must be a finite float32, got nan");
  CHECK_FAILS(CALL0("normal", "shape=[1] stddev=inf dtype=float64"),
              "normal: stddev must be a finite float64, got inf");
  CHECK_FAILS(CALL0("normal", "shape=[1] mean=1e39"),
              "normal: mean must be a finite float32, got 1e+39");
  CHECK_FAILS(CALL0("uniform", "shape=[1] dtype=bool"),
              "uniform: no such dtype here: bool");
  CHECK_FAILS(CALL0("uniform", "shape=[1] minval=2 maxval=1"),
              "uniform: no such interval of float32: 2 to 1");
  CHECK_FAILS(CALL0("uniform", "shape=[1] maxval=inf dtype=float64"),
              "uniform: no such interval of float64: 0 to inf");
  CHECK_FAILS(CALL0("uniform", "shape=[1] maxval=1e39"),
              "uniform: no such interval of float32: 0 to 1e+39");
  CHECK_FAILS(CALL0("uniform", "shape=[1] minval=.1 maxval=.100000000001"),
              "uniform: no such interval of float32: 0.1 to 0.100000000001");
  finish();
}

// 2^40 is no int32: what would be drawn is undefined in C.
static void integer_bounds_fit_the_dtype(void)
{
  start();
  CHECK_FAILS(CALL0("uniform", "shape=[1] maxval=1099511627776 dtype=int32"),
              "uniform: no such interval of int32: 0 to 1099511627776");
  CHECK_FAILS(CALL0("uniform", "shape=[1] maxval=1e30 dtype=int64"),
              "uniform: no such interval of int64: 0 to 1e+30");
  CHECK_FAILS(CALL0("uniform", "shape=[9] minval=1.5 maxval=2.5 dtype=int32"),
              "uniform: bounds of int32 must be whole numbers: 1.5 to 2.5");
  finish();
}

// Half of the numbers lie in the inner half, and some on each side of it.
static void check_spread(const char *options, const char *half)
{
  nd_tensor *x = CALL0("uniform", options);
  const nd_dtype dtype = nd_tensor_dtype(x);
  nd_tensor *low = CALL("negative", NULL, tensor(dtype, half));
  CHECK_VALUES(CALL("reduce_any", NULL, CALL("less", NULL, x, low)), "1", 0);
  CHECK_VALUES(
    CALL("reduce_any", NULL, CALL("greater", NULL, x, tensor(dtype, half))),
    "1", 0);
  nd_tensor *inner = CALL("less", NULL, CALL("abs", NULL, x),
                          tensor(dtype, half));
  inner = CALL("cast", "dtype=float32", inner);
  CHECK_VALUES(CALL("reduce_mean", NULL, inner), ".5", .1);
}

static void an_interval_may_be_wider_than_the_largest_number(void)
{
  start();
  check_spread("shape=[1000] minval=-3e38 maxval=3e38", "1.5e38");
  check_spread("shape=[1000] minval=-1.7e308 maxval=1.7e308 dtype=float64",
               "8.5e307");
  finish();
}

// .7 and .6 round down in float32: the least float of .7 and more is the next.
static void uniform_numbers_are_within_their_bounds_in_double(void)
{
  start();
  enum { N = 200 };
  double x[N];
  read_numbers(CALL0("uniform", "shape=[200] minval=.7 maxval=.7000001"), N, x);
  for (int i = 0; i < N; i++)
    CHECK(x[i] >= .7 && x[i] < .7000001);
  CHECK_VALUES(CALL0("uniform", "shape=[2] minval=.7 maxval=.7"), "[.7 .7]",
               1e-7);
  finish();
}

static void a_draw_that_fails_takes_no_stream(void)
{
  CHECK(start_with((nd_config){ .tensor_quota = 4000 }));
  double want[10], got[10];
  nd_random_set_seed(c, 7);
  read_numbers(CALL0("normal", "shape=[10]"), 10, want);
  nd_random_set_seed(c, 7);
  CHECK(CALL0("normal", "shape=[10000]") == NULL);
  CHECK_INT(nd_error_code(c), ND_NO_MEMORY);
  nd_error_clear(c);
  CHECK(CALL0("normal", "shape=[10] stddev=-1") == NULL);
  nd_error_clear(c);
  nd_interrupt(c);
  CHECK(CALL0("normal", "shape=[10]") == NULL);
  CHECK_INT(nd_error_code(c), ND_INTERRUPTED);
  nd_error_clear(c);
  read_numbers(CALL0("normal", "shape=[10]"), 10, got);
  CHECK(memcmp(want, got, sizeof want) == 0);
  finish();
}

// ------------------------------------------------------------------ matmul --

static void batches_of_matrices_broadcast(void)
{
  start();
  nd_tensor *a = F64("[[[1 2] [3 4]] [[5 6] [7 8]]]");
  CHECK_VALUES(CALL("matmul", NULL, a, F64("[[1] [10]]")),
               "[[[21] [43]] [[65] [87]]]", 0);
  CHECK_VALUES(CALL("matmul", NULL, F64("[[1 10]]"), a),
               "[[[31 42]] [[75 86]]]", 0);
  CHECK_VALUES(CALL("matmul", "transpose_b=true", F64("[[1 10]]"), a),
               "[[[21 43]] [[65 87]]]", 0);
  CHECK_VALUES(CALL("matmul", NULL, I32("[[1 2]]"), I32("[[3] [4]]")), "[[11]]",
               0);
  CHECK_VALUES(
    CALL("matmul", NULL, ZEROS(ND_FLOAT32, 2, 0), ZEROS(ND_FLOAT32, 0, 1)),
    "[[0] [0]]", 0);
  finish();
}

static void matrices_that_do_not_fit_are_shown(void)
{
  start();
  nd_tensor *a = ZEROS(ND_FLOAT32, 2, 3), *b = ZEROS(ND_FLOAT32, 4, 5);
  CHECK_FAILS(CALL("matmul", NULL, a, b),
              "matmul: inner sizes differ: a is [2 3], b is [4 5]");
  CHECK_FAILS(CALL("matmul", "transpose_a=true", a, b),
              "matmul: inner sizes differ: a is [2 3] transposed, b is [4 5]");
  CHECK_FAILS(CALL("matmul", "transpose_b=true", a, b),
              "matmul: inner sizes differ: a is [2 3], b is [4 5] transposed");
  CHECK_FAILS(CALL("matmul", NULL, a, F32("[1 2 3]")),
              "matmul: needs at least 2 axes: b is [3]");
  CHECK_FAILS(CALL("matmul", NULL, ZEROS(ND_FLOAT32, 2, 2, 3),
                   ZEROS(ND_FLOAT32, 3, 3, 2)),
              "matmul: batch axes do not broadcast: a is [2 2 3], b is [3 3 "
              "2]");
  CHECK_FAILS(CALL("matmul", NULL, BOOL("[[1]]"), BOOL("[[1]]")),
              "matmul: a must be numbers, got bool; use nd.cast");
  finish();
}

int main(void)
{
  RUN(constants_have_any_dtype);
  RUN(eye_may_have_more_columns_or_rows);
  RUN(ranges_include_their_limit);
  RUN(linspace_reaches_both_ends);
  RUN(one_hot_counts_from_one);
  RUN(a_seed_repeats_what_follows);
  RUN(a_seed_repeats_in_another_context);
  RUN(random_numbers_lie_in_their_range);
  RUN(random_arguments_are_checked);
  RUN(integer_bounds_fit_the_dtype);
  RUN(an_interval_may_be_wider_than_the_largest_number);
  RUN(uniform_numbers_are_within_their_bounds_in_double);
  RUN(a_draw_that_fails_takes_no_stream);
  RUN(batches_of_matrices_broadcast);
  RUN(matrices_that_do_not_fit_are_shown);
  return check_done();
}
