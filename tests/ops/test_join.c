// Tests of ops/join.c: how long the gradient of a list takes.

#include "../values.h"
#include "tape/tape.h"

extern const nd_op nd_op_concat;

static int64_t steps;

// The rule of concat; counts how many inputs it has to go past.
static nd_tensor *counting(nd_context *in, int i, const nd_args *a,
                           nd_tensor *out, nd_tensor *g)
{
  steps += i -
           (a->cursor != NULL && a->cursor->next <= i ? a->cursor->next : 0);
  return nd_op_concat.transpose(in, i, a, out, g);
}

static void the_gradient_of_a_list_goes_past_each_input_once(void)
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
  nd_args a = { .n = N, .in = x };
  a.attr[0] = (nd_attr){ .given = true, .integer = 1 };
  nd_tensor *y = own(nd_apply(c, &op, &a));
  nd_tensor *seed = CALL("range", NULL, F32("1"), F32("150"), F32("1"));
  steps = 0;
  CHECK(nd_tape_differentiate(t, 1, &y, &seed, N, x, g));
  CHECK_INT(steps, N - 1);
  for (int i = 0; i < N; i++)
    own(g[i]);
  CHECK_VALUES(g[98], "[148]", 0);
  CHECK_VALUES(g[99], "[149 150]", 0);
  nd_tape_free(t);
  finish();
}

int main(void)
{
  RUN(the_gradient_of_a_list_goes_past_each_input_once);
  return check_done();
}
