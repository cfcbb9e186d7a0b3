// Tests of ops/join.c: what a gradient costs, which facts cannot tell.

#include "../values.h"
#include "tape/tape.h"

extern const nd_op nd_op_concat;

static int calls;

static void counting(nd_context *in, const nd_job *j, nd_tensor *const *g,
                     const bool *wanted, nd_tensor **gx)
{
  calls++;
  nd_op_concat.transpose(in, j, g, wanted, gx);
}

static void the_gradient_of_a_list_is_one_call_of_the_rule(void)
{
  enum { N = 100 };
  start();
  nd_op op = nd_op_concat;
  op.transpose = counting;
  nd_tensor *x[N], *g[N];
  nd_tape *t = nd_tape_new(c, 0);
  for (int i = 0; i < N; i++) {
    x[i] = i % 2 ? F32("[1 2]") : F32("[3]");
    nd_tape_watch(t, x[i]);
  }
  const nd_value axis = nd_value_integer(1);
  nd_tensor *y = own(nd_apply(c, &op, N, x, &axis));
  nd_tensor *seed = CALL("range", NULL, F32("1"), F32("150"), F32("1"));
  calls = 0;
  CHECK(nd_tape_differentiate(t, 1, &y, &seed, N, x, g));
  CHECK_INT(calls, 1);
  for (int i = 0; i < N; i++)
    own(g[i]);
  CHECK_VALUES(g[98], "[148]", 0);
  CHECK_VALUES(g[99], "[149 150]", 0);
  nd_tape_free(t);
  finish();
}

int main(void)
{
  RUN(the_gradient_of_a_list_is_one_call_of_the_rule);
  return check_done();
}
