// Tests of ops/shape.c and ops/slice.c: what views share, and how long it
// lives. Their values and messages are facts.

#include "../values.h"

// Both have the same memory.
static bool share(const nd_tensor *x, const nd_tensor *y)
{
  return x != NULL && y != NULL && x->block != NULL && x->block == y->block;
}

static void transpose_shares_its_values(void)
{
  start();
  nd_tensor *x = F32("[[1 2 3] [4 5 6]]"), *y = CALL("transpose", NULL, x);
  CHECK(share(x, y));
  finish();
}

static void reshape_shares_dense_values_and_copies_others(void)
{
  start();
  nd_tensor *x = F32("[[1 2 3] [4 5 6]]");
  nd_tensor *y = CALL("reshape", "shape=[3 2]", x);
  CHECK(share(x, y));
  nd_tensor *z = CALL("reshape", "shape=[-1]", CALL("transpose", NULL, x));
  CHECK(!share(x, z));
  finish();
}

static void broadcast_to_shares_its_values(void)
{
  start();
  nd_tensor *x = F32("[[1] [2]]");
  nd_tensor *y = CALL("broadcast_to", "shape=[2 2 3]", x);
  CHECK(share(x, y));
  finish();
}

static void views_of_views_share_their_values(void)
{
  start();
  nd_tensor *x = CALL("reshape", "shape=[4 6]",
                      CALL("range", NULL, F32("1"), F32("24"), F32("1")));
  nd_tensor *y = CALL("slice", "ranges=[4:1:-1 2:6:2]", x);
  nd_tensor *t = CALL("transpose", NULL, y);
  nd_tensor *z = CALL("slice", "ranges=[3:1:-2 2:4]", t);
  CHECK(share(x, z));
  finish();
}

static void a_view_lives_on_without_what_it_views(void)
{
  start();
  nd_tensor *x = nd_tensor_new(c, ND_FLOAT32, 1, (int64_t[]){ 3 },
                               (float[]){ 1, 2, 3 });
  nd_tensor *y = CALL("slice", "ranges=[2:3]", x);
  nd_tensor_release(x);
  CHECK_VALUES(y, "[2 3]", 0);
  finish();
}

static void a_scalar_in_memory_of_the_caller_can_be_viewed(void)
{
  start();
  nd_tensor x;
  nd_scalar_set(c, &x, ND_FLOAT64, 2.5);
  nd_tensor *y = CALL("broadcast_to", "shape=[3]", &x);
  nd_tensor *z = CALL("identity", NULL, &x);
  x.value.float64 = 9;
  CHECK_VALUES(y, "[2.5 2.5 2.5]", 0);
  CHECK_VALUES(z, "2.5", 0);
  finish();
}

int main(void)
{
  RUN(transpose_shares_its_values);
  RUN(reshape_shares_dense_values_and_copies_others);
  RUN(broadcast_to_shares_its_values);
  RUN(views_of_views_share_their_values);
  RUN(a_view_lives_on_without_what_it_views);
  RUN(a_scalar_in_memory_of_the_caller_can_be_viewed);
  return check_done();
}
