// Gradients at the edges: the points where TensorFlow and PyTorch give nan, or
// differ. Each test says where; values are those of TensorFlow 2.21 unless the
// name of the test says that they are ours.

#include "../values.h"
#include "tape/tape.h"

static nd_tape *tape;

static nd_tensor *watched(nd_tensor *x)
{
  nd_tape_watch(tape, x);
  return x;
}

// Starts with a persistent tape, which `close_tape` ends.
static void open_tape(void)
{
  start();
  tape = nd_tape_new(c, ND_TAPE_PERSISTENT);
}

static void close_tape(void)
{
  nd_tape_free(tape);
  finish();
}

static nd_tensor *gradient(nd_tensor *y, nd_tensor *x)
{
  nd_tensor *g = NULL;
  nd_tape_differentiate(tape, 1, &y, NULL, 1, &x, &g);
  return own(g);
}

// The same through the recorded rules, which an outer tape asks for.
static nd_tensor *recorded_gradient(const char *name, nd_tensor *x)
{
  nd_tape *inner = nd_tape_new(c, 0);
  nd_tape_watch(inner, x);
  nd_tensor *y = CALL(name, NULL, x), *g = NULL;
  nd_tape_differentiate(inner, 1, &y, NULL, 1, &x, &g);
  nd_tape_free(inner);
  return own(g);
}

// Checks d op(x) / dx with an upstream of 1, fused and recorded.
static void check_slope(const char *name, const char *at, const char *want,
                        double tolerance)
{
  open_tape();
  nd_tensor *x = watched(F64(at));
  CHECK_VALUES(gradient(CALL(name, NULL, x), x), want, tolerance);
  CHECK_VALUES(recorded_gradient(name, x), want, tolerance);
  close_tape();
  open_tape();
  x = watched(F32(at));
  CHECK_VALUES(gradient(CALL(name, NULL, x), x), want, tolerance + 1e-6);
  close_tape();
}

static void check_slopes(const char *name, const char *a, const char *b,
                         const char *by_a, const char *by_b)
{
  open_tape();
  nd_tensor *x = watched(F64(a)), *y = watched(F64(b));
  nd_tensor *z = CALL(name, NULL, x, y);
  CHECK_VALUES(gradient(z, x), by_a, 1e-12);
  CHECK_VALUES(gradient(z, y), by_b, 1e-12);
  close_tape();
}

static void slopes_are_infinite_where_functions_are_vertical(void)
{
  check_slope("sqrt", "[0]", "[inf]", 0);
  check_slope("rsqrt", "[0]", "[-inf]", 0);
  check_slope("reciprocal", "[0]", "[-inf]", 0);
  check_slope("log", "[0]", "[inf]", 0);
  check_slope("log1p", "[-1]", "[inf]", 0);
  check_slope("acos", "[1]", "[-inf]", 0);
  check_slope("asin", "[1]", "[inf]", 0);
}

// where(x > 0, f(x), 0) at 0: no nan from the branch that is not taken.
static void check_branch(const char *name)
{
  open_tape();
  nd_tensor *x = watched(F32("[0 4]")), *zero = F32("0");
  nd_tensor *y = CALL("where", NULL, CALL("greater", NULL, x, zero),
                      CALL(name, NULL, x), zero);
  nd_tensor *g = gradient(y, x);
  double values[2];
  read_numbers(g, 2, values);
  CHECK(values[0] == 0);
  CHECK(isfinite(values[1]) && values[1] != 0);
  close_tape();
}

static void ours_a_branch_not_taken_gives_zero(void)
{
  check_branch("sqrt");
  check_branch("rsqrt");
  check_branch("reciprocal");
  check_branch("log");
}

static void ours_a_division_not_taken_gives_zero(void)
{
  open_tape();
  nd_tensor *x = watched(F32("[0 2]")), *a = watched(F32("[3 4]"));
  nd_tensor *zero = F32("0");
  nd_tensor *y = CALL("where", NULL, CALL("greater", NULL, x, zero),
                      CALL("divide", NULL, a, x), zero);
  CHECK_VALUES(gradient(y, x), "[0 -1]", 0);
  CHECK_VALUES(gradient(y, a), "[0 .5]", 0);
  y = CALL("where", NULL, CALL("greater", NULL, x, zero),
           CALL("pow", NULL, x, F32(".5")), zero);
  CHECK_VALUES(gradient(y, x), "[0 .35355338]", 1e-6);
  close_tape();
}

static void ours_an_overflow_not_taken_gives_zero(void)
{
  open_tape();
  nd_tensor *a = watched(F32("10"));
  nd_tensor *y = CALL("where", NULL, CALL("less", NULL, a, F32("15")), a,
                      CALL("pow", NULL, F32("10"), CALL("exp", NULL, a)));
  CHECK_VALUES(gradient(y, a), "1", 0);
  close_tape();
}

static void abs_has_slope_zero_at_zero(void)
{
  check_slope("abs", "[-2 0 -0 3]", "[-1 0 0 1]", 0);
}

static void sign_is_connected_with_slope_zero(void)
{
  check_slope("sign", "[-2 0 3]", "[0 0 0]", 0);
}

static void flat_ops_are_not_connected(void)
{
  static const char *const flat[] = { "floor",     "ceil",         "round",
                                      "argmax",    "is_nan",       "zeros_like",
                                      "ones_like", "stop_gradient" };
  open_tape();
  nd_tensor *x = watched(F32("[1.5 2]"));
  for (size_t i = 0; i < sizeof flat / sizeof *flat; i++)
    CHECK(gradient(CALL(flat[i], NULL, x), x) == NULL);
  CHECK(gradient(CALL("floordiv", NULL, x, F32("2")), x) == NULL);
  CHECK(gradient(CALL("less", NULL, x, F32("2")), x) == NULL);
  close_tape();
}

static void remainders_have_the_slope_of_the_quotient(void)
{
  check_slopes("mod", "131", "17", "1", "-7");
}

static void ties_belong_to_the_first(void)
{
  check_slopes("maximum", "[2 1 3]", "[2 3 1]", "[1 0 1]", "[0 1 0]");
  check_slopes("minimum", "[2 1 3]", "[2 3 1]", "[1 1 0]", "[0 0 1]");
}

static void ties_share_a_reduction(void)
{
  check_slope("reduce_max", "[1 1 0]", "[.5 .5 0]", 0);
  check_slope("reduce_min", "[0 0 1]", "[.5 .5 0]", 0);
}

static void relu_is_flat_at_zero_and_has_no_slope_at_nan(void)
{
  check_slope("relu", "[-1 0 1 nan]", "[0 0 1 nan]", 0);
}

static void softplus_keeps_small_slopes(void)
{
  check_slope("softplus", "[-100 0 100]", "[3.720075976020836e-44 .5 1]",
              1e-50);
}

static void powers_have_slopes_at_zero(void)
{
  check_slopes("pow", "[-1 0 1]", "[2 2 2]", "[-2 0 2]", "[0 0 0]");
  check_slopes("pow", "0", ".5", "inf", "0");
  check_slopes("pow", "[-2 -2 0]", "[2 3 2]", "[-4 12 0]", "[0 0 0]");
}

static void ours_a_power_of_zero_is_flat(void)
{
  check_slopes("pow", "0", "0", "0", "0");
  check_slopes("pow", "[0 0]", "[-1 -2]", "[-inf -inf]", "[-inf -inf]");
}

static void products_have_slopes_at_zeros(void)
{
  check_slope("reduce_prod", "[2 0 3]", "[0 6 0]", 0);
  check_slope("reduce_prod", "[0 0 3]", "[0 0 0]", 0);
  check_slope("reduce_prod", "[2 4 3]", "[12 6 8]", 1e-12);
}

static void products_have_slopes_where_they_overflow(void)
{
  open_tape();
  const char *twos =
    "[[1.2676506002282294e+30 1.2676506002282294e+30] "  // 2^100
    "[7.888609052210118e-31 7.888609052210118e-31] "     // 2^-100
    "[8.478601278668534e-22 8.478601278668534e-22]]";    // 1025 2^-80
  nd_tensor *x = watched(F32(twos));
  CHECK_VALUES(gradient(CALL("reduce_prod", "axis=2", x), x), twos, 0);
  close_tape();
  check_slope("reduce_prod", "[inf 2]", "[2 inf]", 0);
  check_slope("reduce_prod", "[nan 2]", "[2 nan]", 0);
}

static void products_have_second_slopes_at_zeros(void)
{
  open_tape();
  nd_tensor *x = watched(F64("[[2 0 3] [0 5 0]]"));
  nd_tensor *y = CALL("reduce_prod", "axis=2", x);
  nd_tensor *g = gradient(y, x);
  CHECK_VALUES(g, "[[0 6 0] [0 0 0]]", 0);
  nd_tensor *w = F64("[[1 10 100] [1 10 100]]");
  nd_tensor *s = CALL("reduce_sum", NULL, CALL("multiply", NULL, g, w));
  CHECK_VALUES(gradient(s, x), "[[30 203 20] [500 0 5]]", 0);
  close_tape();
}

static void products_over_several_axes_have_slopes_at_zeros(void)
{
  open_tape();
  nd_tensor *x = watched(F64("[[2 0] [3 5]]"));
  CHECK_VALUES(gradient(CALL("reduce_prod", NULL, x), x), "[[0 30] [0 0]]", 0);
  CHECK_VALUES(gradient(CALL("reduce_prod", "axis=1", x), x), "[[3 5] [2 0]]",
               0);
  close_tape();
}

static void gathered_rows_add_up(void)
{
  open_tape();
  nd_tensor *x = watched(F32("[7 8 9]"));
  CHECK_VALUES(gradient(CALL("gather", NULL, x, I32("[1 1 3]")), x), "[2 0 1]",
               0);
  close_tape();
}

static void an_argmax_skips_nan(void)
{
  start();
  CHECK_VALUES(CALL("argmax", NULL, F32("[nan 1]")), "2", 0);
  CHECK_VALUES(CALL("argmax", NULL, F32("[1 nan 2]")), "3", 0);
  finish();
}

static void a_cast_to_integers_cuts_the_gradient(void)
{
  open_tape();
  nd_tensor *x = watched(F32("[1 2]"));
  nd_tensor *y = CALL("cast", "dtype=float32", CALL("cast", "dtype=int32", x));
  CHECK(gradient(y, x) == NULL);
  y = CALL("cast", "dtype=float32", CALL("cast", "dtype=float64", x));
  CHECK_VALUES(gradient(y, x), "[1 1]", 0);
  close_tape();
}

static void multiply_no_nan_keeps_the_slope_of_the_number(void)
{
  check_slopes("multiply_no_nan", "[3 inf nan]", "[0 0 0]", "[0 0 0]",
               "[3 inf nan]");
}

int main(void)
{
  RUN(slopes_are_infinite_where_functions_are_vertical);
  RUN(ours_a_branch_not_taken_gives_zero);
  RUN(ours_a_division_not_taken_gives_zero);
  RUN(ours_an_overflow_not_taken_gives_zero);
  RUN(abs_has_slope_zero_at_zero);
  RUN(sign_is_connected_with_slope_zero);
  RUN(flat_ops_are_not_connected);
  RUN(remainders_have_the_slope_of_the_quotient);
  RUN(ties_belong_to_the_first);
  RUN(ties_share_a_reduction);
  RUN(relu_is_flat_at_zero_and_has_no_slope_at_nan);
  RUN(softplus_keeps_small_slopes);
  RUN(powers_have_slopes_at_zero);
  RUN(ours_a_power_of_zero_is_flat);
  RUN(products_have_slopes_at_zeros);
  RUN(products_have_slopes_where_they_overflow);
  RUN(products_have_second_slopes_at_zeros);
  RUN(products_over_several_axes_have_slopes_at_zeros);
  RUN(gathered_rows_add_up);
  RUN(an_argmax_skips_nan);
  RUN(a_cast_to_integers_cuts_the_gradient);
  RUN(multiply_no_nan_keeps_the_slope_of_the_number);
  return check_done();
}
