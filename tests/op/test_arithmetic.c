// Tests of op/unary.c, op/binary.c and op/select.c: values at the edges of
// their domains and of their dtypes. Gradients are in test_gradient.c.

#include "../values.h"

static void quotients_round_down_and_remainders_have_the_sign_of_b(void)
{
  start();
  CHECK_VALUES(CALL("floordiv", NULL, I32("[7 -7 7 -7]"), I32("[3 3 -3 -3]")),
               "[2 -3 -3 2]", 0);
  CHECK_VALUES(CALL("mod", NULL, I32("[7 -7 7 -7]"), I32("[3 3 -3 -3]")),
               "[1 2 -2 -1]", 0);
  CHECK_VALUES(CALL("floordiv", NULL, F32("[7 -7 7 -7]"), F32("[3 3 -3 -3]")),
               "[2 -3 -3 2]", 0);
  CHECK_VALUES(CALL("mod", NULL, F32("[7 -7 7 -7]"), F32("[3 3 -3 -3]")),
               "[1 2 -2 -1]", 0);
  CHECK_VALUES(CALL("mod", NULL, U8("[250 7]"), U8("[100 7]")), "[50 0]", 0);
  CHECK_VALUES(CALL("mod", NULL, F64("131"), F64("17")), "12", 0);
  finish();
}

static void the_lowest_integer_divides_by_minus_one(void)
{
  start();
  const int64_t low = INT64_MIN;
  nd_tensor *x = own(nd_tensor_new(c, ND_INT64, 0, NULL, &low));
  nd_tensor *y = CALL("floordiv", NULL, x, I64("-1"));
  CHECK(y != NULL && y->value.int64 == INT64_MIN);
  CHECK_VALUES(CALL("mod", NULL, x, I64("-1")), "0", 0);
  CHECK_VALUES(CALL("floordiv", NULL, I32("[-2147483648]"), I32("[-1]")),
               "[-2147483648]", 0);
  finish();
}

static void integers_divided_by_zero_are_an_error(void)
{
  start();
  CHECK_FAILS(CALL("floordiv", NULL, I32("[1 2]"), I32("[1 0]")),
              "floordiv: integer division by zero");
  CHECK_FAILS(CALL("mod", NULL, U8("1"), U8("0")),
              "mod: integer division by zero");
  nd_tensor *stepped = CALL("slice", "ranges=[1:3:2]", I64("[0 1 2]"));
  CHECK_FAILS(CALL("mod", NULL, I64("5"), stepped),
              "mod: integer division by zero");
  CHECK_VALUES(CALL("floordiv", NULL, F32("[1 -1 0]"), F32("0")),
               "[inf -inf nan]", 0);
  CHECK_VALUES(CALL("mod", NULL, F32("[1 0]"), F32("0")), "[nan nan]", 0);
  CHECK_VALUES(CALL("floordiv", NULL, I32("[]"), I32("[]")), "[]", 0);
  finish();
}

static void integers_to_negative_powers_are_an_error(void)
{
  start();
  CHECK_VALUES(CALL("pow", NULL, I32("[2 -3 0 7]"), I32("[10 3 0 0]")),
               "[1024 -27 1 1]", 0);
  CHECK_FAILS(CALL("pow", NULL, I32("2"), I32("[1 -1]")),
              "pow: integer to a negative power");
  CHECK_VALUES(CALL("pow", NULL, F32("[2 4]"), F32("[-1 -.5]")), "[.5 .5]", 0);
  finish();
}

static void integers_wrap_around(void)
{
  start();
  CHECK_VALUES(CALL("add", NULL, U8("250"), U8("10")), "4", 0);
  CHECK_VALUES(CALL("subtract", NULL, U8("1"), U8("2")), "255", 0);
  CHECK_VALUES(CALL("add", NULL, I32("2147483647"), I32("1")), "-2147483648",
               0);
  CHECK_VALUES(CALL("abs", NULL, I32("[-5 5 -2147483648]")),
               "[5 5 -2147483648]", 0);
  CHECK_VALUES(CALL("negative", NULL, I32("[1 -2]")), "[-1 2]", 0);
  finish();
}

static void extremes_let_nan_win(void)
{
  start();
  nd_tensor *a = F32("[1 nan 3 nan]"), *b = F32("[2 2 nan nan]");
  CHECK_VALUES(CALL("maximum", NULL, a, b), "[2 nan nan nan]", 0);
  CHECK_VALUES(CALL("minimum", NULL, a, b), "[1 nan nan nan]", 0);
  CHECK_VALUES(CALL("relu", NULL, F32("[-1 0 2 nan]")), "[0 0 2 nan]", 0);
  CHECK_VALUES(CALL("sign", NULL, F32("[-2 0 3 nan]")), "[-1 0 1 nan]", 0);
  finish();
}

static void halves_round_to_even_and_zero_keeps_its_sign(void)
{
  start();
  CHECK_VALUES(CALL("round", NULL, F32("[.5 1.5 2.5 -.5 -1.5]")),
               "[0 2 2 0 -2]", 0);
  double numbers[1];
  read_numbers(CALL("round", NULL, F64("[-.3]")), 1, numbers);
  CHECK(numbers[0] == 0 && signbit(numbers[0]));
  CHECK_VALUES(CALL("floor", NULL, F64("[1.5 -1.5 -0]")), "[1 -2 0]", 0);
  CHECK_VALUES(CALL("ceil", NULL, F64("[1.5 -1.5]")), "[2 -1]", 0);
  finish();
}

static void functions_reach_the_ends_of_their_domain(void)
{
  start();
  CHECK_VALUES(CALL("log", NULL, F32("[0 -1 inf]")), "[-inf nan inf]", 0);
  CHECK_VALUES(CALL("sqrt", NULL, F64("[0 -1 inf 4]")), "[0 nan inf 2]", 0);
  CHECK_VALUES(CALL("rsqrt", NULL, F64("[0 -1 4]")), "[inf nan .5]", 0);
  CHECK_VALUES(CALL("exp", NULL, F32("[-inf 0 100 inf]")), "[0 1 inf inf]", 0);
  CHECK_VALUES(CALL("log1p", NULL, F64("[-1 -2 0]")), "[-inf nan 0]", 0);
  CHECK_VALUES(CALL("acos", NULL, F64("[1 2]")), "[0 nan]", 0);
  CHECK_VALUES(CALL("tanh", NULL, F32("[-inf -50 50 inf]")), "[-1 -1 1 1]", 0);
  CHECK_VALUES(CALL("sigmoid", NULL, F32("[-inf -200 0 200 inf]")),
               "[0 0 .5 1 1]", 0);
  CHECK_VALUES(CALL("softplus", NULL, F64("[-100 0 100]")),
               "[3.720075976020836e-44 .6931471805599453 100]", 1e-15);
  CHECK_VALUES(
    CALL("multiply_no_nan", NULL, F64("[nan inf 2]"), F64("[0 0 3]")),
    "[0 0 6]", 0);
  finish();
}

static void comparisons_give_bools(void)
{
  start();
  nd_tensor *a = F32("[1 2 nan]"), *b = F32("[1 3 nan]");
  nd_tensor *y = CALL("equal", NULL, a, b);
  CHECK_VALUES(y, "[1 0 0]", 0);
  CHECK_INT(nd_tensor_dtype(y), ND_BOOL);
  CHECK_VALUES(CALL("not_equal", NULL, a, b), "[0 1 1]", 0);
  CHECK_VALUES(CALL("less", NULL, a, b), "[0 1 0]", 0);
  CHECK_VALUES(CALL("less_equal", NULL, a, b), "[1 1 0]", 0);
  CHECK_VALUES(CALL("greater", NULL, I64("[5 -5]"), I64("0")), "[1 0]", 0);
  CHECK_VALUES(CALL("greater_equal", NULL, U8("[5 255]"), U8("255")), "[0 1]",
               0);
  CHECK_VALUES(CALL("equal", NULL, BOOL("[1 0]"), BOOL("1")), "[1 0]", 0);
  CHECK_VALUES(CALL("is_nan", NULL, F32("[1 nan inf]")), "[0 1 0]", 0);
  CHECK_VALUES(CALL("is_inf", NULL, F64("[1 nan -inf]")), "[0 0 1]", 0);
  CHECK_VALUES(CALL("is_finite", NULL, F64("[1 nan -inf]")), "[1 0 0]", 0);
  finish();
}

static void truth_tables_hold(void)
{
  start();
  nd_tensor *a = BOOL("[1 1 0 0]"), *b = BOOL("[1 0 1 0]");
  CHECK_VALUES(CALL("logical_and", NULL, a, b), "[1 0 0 0]", 0);
  CHECK_VALUES(CALL("logical_or", NULL, a, b), "[1 1 1 0]", 0);
  CHECK_VALUES(CALL("logical_xor", NULL, a, b), "[0 1 1 0]", 0);
  CHECK_VALUES(CALL("logical_not", NULL, a), "[0 0 1 1]", 0);
  finish();
}

static void where_chooses_in_every_dtype(void)
{
  start();
  nd_tensor *condition = BOOL("[1 0]");
  for (int d = 0; d < ND_DTYPES; d++) {
    nd_tensor *y = CALL("where", NULL, condition,
                        tensor((nd_dtype)d, "[[1] [0]]"),
                        tensor((nd_dtype)d, "[0 1]"));
    CHECK_VALUES(y, "[[1 1] [0 1]]", 0);
    CHECK_INT(nd_tensor_dtype(y), d);
  }
  finish();
}

int main(void)
{
  RUN(quotients_round_down_and_remainders_have_the_sign_of_b);
  RUN(the_lowest_integer_divides_by_minus_one);
  RUN(integers_divided_by_zero_are_an_error);
  RUN(integers_to_negative_powers_are_an_error);
  RUN(integers_wrap_around);
  RUN(extremes_let_nan_win);
  RUN(halves_round_to_even_and_zero_keeps_its_sign);
  RUN(functions_reach_the_ends_of_their_domain);
  RUN(comparisons_give_bools);
  RUN(truth_tables_hold);
  RUN(where_chooses_in_every_dtype);
  return check_done();
}
