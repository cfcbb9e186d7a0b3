// Tests of tape/finder.c: what specs cannot see of the finder of nan and inf,
// whose messages are in tests/lua/debugging_spec.lua.

#include "nest.h"

static void it_is_off_at_first_and_turned_on_and_off(void)
{
  start();
  CHECK(!nd_context_checks_numerics(c));
  nd_context_set_check_numerics(c, true);
  nd_context_set_check_numerics(c, true);
  CHECK(nd_context_checks_numerics(c));
  CHECK_FAILS(CALL("log", NULL, F32("0")),
              "log: result is not finite: 1 inf in 1 element of float32 []; "
              "input float32 [] 0");
  nd_context_set_check_numerics(c, false);
  nd_context_set_check_numerics(c, false);
  CHECK(!nd_context_checks_numerics(c));
  CHECK_VALUES(CALL("log", NULL, F32("0")), "-inf", 0);
  CHECK(!nd_context_checks_numerics(NULL));
  nd_context_set_check_numerics(NULL, true);
  finish();
}

static void it_counts_for_nobody_who_counts_recorders(void)
{
  start();
  nd_context_set_check_numerics(c, true);
  CHECK_INT(nd_recorders_depth(c), 0);
  nd_tape *t = nd_tape_new(c, 0);
  CHECK_INT(nd_recorders_depth(c), 1);
  nd_recorders_leave_to(c, 0);
  CHECK(nd_context_checks_numerics(c));
  CHECK(CALL("log", NULL, F32("0")) == NULL);
  nd_error_clear(c);
  nd_tape_free(t);
  finish();
}

static void each_strand_has_its_own(void)
{
  start();
  nd_strand other;
  nd_strand_start(&other);
  nd_context_set_check_numerics(c, true);
  nd_tape *t = nd_tape_new(c, 0);
  nd_strand_swap(c, &other);
  CHECK(!nd_context_checks_numerics(c));
  CHECK_VALUES(CALL("log", NULL, F32("0")), "-inf", 0);
  nd_strand_swap(c, &other);
  CHECK(nd_context_checks_numerics(c));
  CHECK(CALL("log", NULL, F32("0")) == NULL);
  nd_error_clear(c);
  CHECK_INT(nd_recorders_depth(c), 1);
  nd_tape_free(t);
  CHECK_VALUES(CALL("log", NULL, F32("1")), "0", 0);
  nd_strand_end(c, &other);
  finish();
}

// What waits is computed when its op is applied, within the quota.
static void a_quota_refuses_as_ever(void)
{
  start();
  nd_context_set_check_numerics(c, true);
  nd_context_set_quota(c, ND_MEMORY_TENSOR, 1 << 20);
  nd_tensor *x = CALL("ones", "shape=[100000]");
  nd_tensor *y = CALL("exp", NULL, x), *z = CALL("exp", NULL, y);
  nd_tensor *last = CALL("exp", NULL, z);
  CHECK(z == NULL || last == NULL);
  CHECK_INT(nd_error_code(c), ND_NO_MEMORY);
  nd_error_clear(c);
  nd_context_set_quota(c, ND_MEMORY_TENSOR, 0);
  finish();
}

static void strict_gradients_are_turned_on_and_off(void)
{
  start();
  CHECK(!nd_context_has_strict_gradients(c));
  nd_context_set_strict_gradients(c, true);
  CHECK(nd_context_has_strict_gradients(c));
  nd_context_set_strict_gradients(c, false);
  CHECK(!nd_context_has_strict_gradients(c));
  CHECK(!nd_context_has_strict_gradients(NULL));
  nd_context_set_strict_gradients(NULL, true);
  finish();
}

int main(void)
{
  RUN(it_is_off_at_first_and_turned_on_and_off);
  RUN(it_counts_for_nobody_who_counts_recorders);
  RUN(each_strand_has_its_own);
  RUN(a_quota_refuses_as_ever);
  RUN(strict_gradients_are_turned_on_and_off);
  return check_done();
}
