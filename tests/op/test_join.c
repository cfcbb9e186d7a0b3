// Tests of op/join.c: which codes of a program become one loop, and which must
// not. That the bits stay is test_pending.c's.

#include "../values.h"
#include "op/plan.h"

// What one pass for these tensors does.
static nd_program program_of(int n, nd_tensor *const *roots)
{
  static nd_plan plan;
  CHECK(nd_plan_nodes(c, n, roots, &plan));
  CHECK(nd_plan_program(&plan));
  nd_plan_abandon(&plan);
  return plan.program;
}

static nd_program program_of_one(nd_tensor *root)
{
  return program_of(1, &root);
}

static nd_tensor *sampled(const char *options)
{
  return CALL0("normal", options);
}

static nd_tensor *number(void)
{
  return sampled("shape=[]");
}

static void a_line_through_points_is_one_loop(void)
{
  start();
  nd_tensor *x = sampled("shape=[1000]"), *y = sampled("shape=[1000]");
  nd_tensor *line = CALL("add", NULL, CALL("multiply", NULL, number(), x),
                         number());
  const nd_program p = program_of_one(CALL("subtract", NULL, line, y));
  CHECK_INT(p.codes, 1);
  CHECK_INT(p.code[0].n, 4);
  CHECK_INT(p.code[0].ones, 1 << 0 | 1 << 2);
  CHECK(!p.spread[0] && !p.spread[1]);
  finish();
}

static void a_difference_is_joined_on_either_side(void)
{
  start();
  nd_tensor *x = sampled("shape=[1000]"), *y = sampled("shape=[1000]");
  nd_tensor *xy = CALL("multiply", NULL, x, y);
  CHECK_INT(program_of_one(CALL("subtract", NULL, xy, x)).codes, 1);
  CHECK_INT(program_of_one(CALL("subtract", NULL, x, xy)).codes, 1);
  finish();
}

static void a_sum_comes_with_what_it_sums(void)
{
  start();
  nd_tensor *x = sampled("shape=[1000]");
  nd_tensor *square = CALL("square", NULL, CALL("exp", NULL, x));
  const nd_program p = program_of_one(CALL("reduce_mean", NULL, square));
  CHECK_INT(p.codes, 2);
  CHECK(p.code[1].summed != NULL && !p.code[1].kept);
  finish();
}

static void what_is_summed_is_kept_for_who_reads_it(void)
{
  start();
  nd_tensor *x = sampled("shape=[1000]");
  nd_tensor *square = CALL("square", NULL, x);
  nd_tensor *sum = CALL("reduce_sum", NULL, square);
  nd_tensor *most = CALL("reduce_max", NULL, square);
  const nd_program p = program_of(2, (nd_tensor *[]){ sum, most });
  CHECK_INT(p.codes, 2);
  CHECK(p.code[0].summed != NULL && p.code[0].kept);
  CHECK(p.code[1].kernel == NULL);
  finish();
}

static void what_two_codes_read_is_not_joined_away(void)
{
  start();
  nd_tensor *x = sampled("shape=[1000]"), *y = sampled("shape=[1000]");
  nd_tensor *xy = CALL("multiply", NULL, x, y);
  nd_tensor *sum = CALL("add", NULL, xy, x);
  nd_tensor *both = CALL("divide", NULL, sum, xy);
  CHECK_INT(program_of_one(both).codes, 3);
  CHECK_INT(program_of_one(CALL("add", NULL, xy, xy)).codes, 2);
  finish();
}

static void sums_of_short_rows_and_other_dtypes_have_loops_of_their_own(void)
{
  start();
  nd_tensor *x = CALL("square", NULL, sampled("shape=[100 10]"));
  CHECK_INT(program_of_one(CALL("reduce_sum", "axis=2", x)).codes, 2);
  CHECK_INT(program_of_one(CALL("reduce_sum", "axis=1", x)).codes, 2);
  nd_tensor *wide = sampled("shape=[1000] dtype=float64");
  nd_tensor *y = CALL("square", NULL, wide);
  CHECK_INT(program_of_one(CALL("reduce_sum", NULL, y)).codes, 2);
  finish();
}

int main(void)
{
  RUN(a_line_through_points_is_one_loop);
  RUN(a_difference_is_joined_on_either_side);
  RUN(a_sum_comes_with_what_it_sums);
  RUN(what_is_summed_is_kept_for_who_reads_it);
  RUN(what_two_codes_read_is_not_joined_away);
  RUN(sums_of_short_rows_and_other_dtypes_have_loops_of_their_own);
  return check_done();
}
