// Tests of op/gather.c and op/join.c: how many axes there may be, and how long
// the gradient of a list takes.

#include "../values.h"
#include "tape/tape.h"

static void there_are_at_most_eight_axes(void)
{
  start();
  nd_tensor *half = ZEROS(ND_FLOAT32, 1, 1, 1, 1, 1);
  nd_tensor *deep = ZEROS(ND_FLOAT32, 1, 1, 1, 1, 1, 1, 1, 1);
  CHECK_FAILS(CALL("gather", NULL, half, ZEROS(ND_INT32, 1, 1, 1, 1, 1)),
              "gather: at most 8 axes, the result has 9");
  CHECK_FAILS(CALL("unsorted_segment_sum", "num_segments=2", deep, I32("1")),
              "unsorted_segment_sum: at most 8 axes, the result has 9");
  CHECK_FAILS(CALL("stack", NULL, deep), "stack: at most 8 axes");
  finish();
}

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
  RUN(there_are_at_most_eight_axes);
  RUN(the_gradient_of_a_list_goes_past_each_input_once);
  return check_done();
}
