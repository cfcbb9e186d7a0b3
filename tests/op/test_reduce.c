// Tests of op/reduce.c and op/argmax.c: axes, empty folds, nan, every dtype,
// and the one tree that sums are added up by.

#include "../values.h"

static void axes_fold_in_any_order(void)
{
  start();
  nd_tensor *x = F32("[[[1 2] [3 4]] [[5 6] [7 8]]]");
  CHECK_VALUES(CALL("reduce_sum", NULL, x), "36", 0);
  CHECK_VALUES(CALL("reduce_sum", "axis=1", x), "[[6 8] [10 12]]", 0);
  CHECK_VALUES(CALL("reduce_sum", "axis=2", x), "[[4 6] [12 14]]", 0);
  CHECK_VALUES(CALL("reduce_sum", "axis=3", x), "[[3 7] [11 15]]", 0);
  CHECK_VALUES(CALL("reduce_sum", "axis=[3 1]", x), "[14 22]", 0);
  CHECK_VALUES(CALL("reduce_sum", "axis=[1 2] keepdims=true", x), "[[[16 20]]]",
               0);
  CHECK_VALUES(CALL("reduce_sum", "axis=[]", x),
               "[[[1 2] [3 4]] [[5 6] [7 8]]]", 0);
  CHECK_VALUES(CALL("reduce_sum", "keepdims=true", x), "[[[36]]]", 0);
  CHECK_VALUES(CALL("reduce_mean", "axis=1", x), "[[3 4] [5 6]]", 0);
  CHECK_VALUES(CALL("reduce_prod", "axis=3", x), "[[2 12] [30 56]]", 0);
  CHECK_VALUES(CALL("reduce_max", "axis=[1 3]", x), "[6 8]", 0);
  CHECK_VALUES(CALL("reduce_min", "axis=[1 3]", x), "[1 3]", 0);
  finish();
}

static void nothing_folds_to_the_neutral_value(void)
{
  start();
  nd_tensor *x = F32("[[] [] []]");
  CHECK_VALUES(CALL("reduce_sum", "axis=2", x), "[0 0 0]", 0);
  CHECK_VALUES(CALL("reduce_sum", "axis=1", x), "[]", 0);
  CHECK_VALUES(CALL("reduce_prod", NULL, x), "1", 0);
  CHECK_VALUES(CALL("reduce_mean", NULL, x), "nan", 0);
  CHECK_VALUES(CALL("reduce_max", NULL, x), "-inf", 0);
  CHECK_VALUES(CALL("reduce_min", NULL, x), "inf", 0);
  CHECK_VALUES(CALL("reduce_max", NULL, I32("[]")), "-2147483648", 0);
  CHECK_VALUES(CALL("reduce_min", NULL, U8("[]")), "255", 0);
  CHECK_VALUES(CALL("reduce_any", NULL, BOOL("[]")), "0", 0);
  CHECK_VALUES(CALL("reduce_all", NULL, BOOL("[]")), "1", 0);
  CHECK_VALUES(CALL("reduce_mean", NULL, I32("[]")), "0", 0);
  CHECK_VALUES(CALL("reduce_sum", "axis=1", ZEROS(ND_FLOAT32, 0, 3)), "[0 0 0]",
               0);
  finish();
}

static void nan_wins(void)
{
  start();
  nd_tensor *x = F64("[[1 nan 3] [4 5 6]]");
  CHECK_VALUES(CALL("reduce_max", "axis=2", x), "[nan 6]", 0);
  CHECK_VALUES(CALL("reduce_min", "axis=1", x), "[1 nan 3]", 0);
  CHECK_VALUES(CALL("reduce_sum", NULL, x), "nan", 0);
  finish();
}

static void integers_truncate_their_mean_toward_zero(void)
{
  start();
  CHECK_VALUES(CALL("reduce_mean", NULL, I32("[-3 -4]")), "-3", 0);
  CHECK_VALUES(CALL("reduce_mean", NULL, I64("[3 4]")), "3", 0);
  CHECK_VALUES(CALL("reduce_mean", NULL, U8("[3 4]")), "3", 0);
  finish();
}

// 256 is 0 as a uint8, and 512 of them take more than one block.
static void a_mean_of_many_bytes_is_a_number(void)
{
  start();
  CHECK_VALUES(CALL("reduce_mean", NULL, ZEROS(ND_UINT8, 256)), "0", 0);
  for (int axis = 1; axis <= 2; axis++) {
    nd_tensor *x = CALL("broadcast_to", "shape=[700 700]", U8("255"));
    nd_tensor *y = CALL("reduce_mean", axis == 1 ? "axis=1" : "axis=2", x);
    CHECK_VALUES(CALL("reduce_min", NULL, y), "255", 0);
    CHECK_VALUES(CALL("reduce_mean", NULL, y), "255", 0);
  }
  finish();
}

static void any_and_all_fold_bools(void)
{
  start();
  nd_tensor *x = BOOL("[[1 0] [0 0] [1 1]]");
  CHECK_VALUES(CALL("reduce_any", "axis=2", x), "[1 0 1]", 0);
  CHECK_VALUES(CALL("reduce_all", "axis=2", x), "[0 0 1]", 0);
  CHECK_VALUES(CALL("reduce_all", "axis=1", x), "[0 0]", 0);
  CHECK_FAILS(CALL("reduce_any", NULL, F32("1")),
              "reduce_any: x must be bool, got float32; use nd.cast");
  finish();
}

static void long_sums_stay_exact(void)
{
  start();
  const int64_t n = 1 << 20;
  nd_tensor *x = CALL("broadcast_to", "shape=[1048576]", F32(".1"));
  double sum;
  CHECK(nd_tensor_item(CALL("reduce_sum", NULL, x), &sum));
  CHECK_NEAR(sum, (double)n * (double).1F, .02);
  CHECK(nd_tensor_item(CALL("reduce_sum", "axis=1 keepdims=true",
                            CALL("reshape", "shape=[1048576 1]", x)),
                       &sum));
  CHECK_NEAR(sum, (double)n * (double).1F, .5);
  finish();
}

static void positions_count_from_one(void)
{
  start();
  nd_tensor *x = F32("[[1 5 5] [9 2 3]]");
  nd_tensor *y = CALL("argmax", "axis=2", x);
  CHECK_VALUES(y, "[2 1]", 0);
  CHECK_INT(nd_tensor_dtype(y), ND_INT64);
  CHECK_VALUES(CALL("argmax", NULL, x), "[2 1 1]", 0);
  CHECK_VALUES(CALL("argmin", "axis=-1", x), "[1 2]", 0);
  CHECK_VALUES(CALL("argmax", NULL, F32("[nan 1]")), "2", 0);
  CHECK_VALUES(CALL("argmax", NULL, F32("[1 nan 2]")), "3", 0);
  CHECK_VALUES(CALL("argmin", NULL, F64("[nan nan]")), "1", 0);
  CHECK_VALUES(CALL("argmax", NULL, U8("[3 200 200]")), "2", 0);
  CHECK_VALUES(CALL("argmax", "axis=2", CALL("transpose", NULL, x)), "[2 1 1]",
               0);
  finish();
}

static void positions_need_elements(void)
{
  start();
  CHECK_FAILS(CALL("argmax", NULL, F32("1")), "argmax: needs an axis, x is []");
  CHECK_FAILS(CALL("argmin", "axis=2", F32("[[] []]")),
              "argmin: axis 2 is empty: x is [2 0]");
  CHECK_VALUES(CALL("argmax", "axis=1", F32("[[] []]")), "[]", 0);
  CHECK_FAILS(CALL("argmax", NULL, BOOL("[1]")),
              "argmax: x must be numbers, got bool; use nd.cast");
  finish();
}

int main(void)
{
  RUN(axes_fold_in_any_order);
  RUN(nothing_folds_to_the_neutral_value);
  RUN(nan_wins);
  RUN(integers_truncate_their_mean_toward_zero);
  RUN(a_mean_of_many_bytes_is_a_number);
  RUN(any_and_all_fold_bools);
  RUN(long_sums_stay_exact);
  RUN(positions_count_from_one);
  RUN(positions_need_elements);
  return check_done();
}
