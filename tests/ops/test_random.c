// Tests of ops/random.c: seeds, ranges, and streams. What is refused is in the
// facts.

#include "../values.h"

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

static void a_seed_repeats_on_any_number_of_threads(void)
{
  static const char *const names[] = { "uniform", "normal", "truncated_normal",
                                       "gamma", "poisson" };
  enum { MANY = 200001 };
  static float numbers[2][MANY];
  start();
  nd_tensor *parameter = F32("9.5");
  for (int i = 0; i < 5; i++) {
    for (int threads = 1; threads <= 8; threads *= 2) {
      CHECK(nd_context_set_threads(c, threads));
      nd_random_set_seed(c, 7);
      nd_tensor *x = i < 3 ? CALL0(names[i], "shape=[200001]")
                           : CALL(names[i], "shape=[200001]", parameter);
      CHECK(nd_tensor_read(x, numbers[threads > 1]));
      CHECK(threads == 1 ||
            memcmp(numbers[0], numbers[1], sizeof numbers[0]) == 0);
    }
  }
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
  CHECK(CALL("gamma", "shape=[10000]", F32("1")) == NULL);
  nd_error_clear(c);
  CHECK(CALL("poisson", "shape=[1]", F32("-1")) == NULL);
  nd_error_clear(c);
  nd_interrupt(c);
  CHECK(CALL0("normal", "shape=[10]") == NULL);
  CHECK_INT(nd_error_code(c), ND_INTERRUPTED);
  nd_error_clear(c);
  read_numbers(CALL0("normal", "shape=[10]"), 10, got);
  CHECK(memcmp(want, got, sizeof want) == 0);
  finish();
}

int main(void)
{
  RUN(a_seed_repeats_what_follows);
  RUN(a_seed_repeats_in_another_context);
  RUN(a_seed_repeats_on_any_number_of_threads);
  RUN(random_numbers_lie_in_their_range);
  RUN(an_interval_may_be_wider_than_the_largest_number);
  RUN(uniform_numbers_are_within_their_bounds_in_double);
  RUN(a_draw_that_fails_takes_no_stream);
  return check_done();
}
