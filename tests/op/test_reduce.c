// Tests of ops/reduce.c: what is too long for a fact, and the one tree that
// sums are added up by.

#include "../values.h"

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

int main(void)
{
  RUN(a_mean_of_many_bytes_is_a_number);
  RUN(long_sums_stay_exact);
  return check_done();
}
