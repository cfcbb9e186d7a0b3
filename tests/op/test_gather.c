// Tests of op/gather.c and op/join.c: positions, lists of tensors, and what is
// wrong with them.

#include "../values.h"
#include "tape/tape.h"

static nd_tensor *matrix(void)
{
  return F32("[[1 2] [3 4] [5 6]]");
}

static void positions_pick_rows(void)
{
  start();
  nd_tensor *x = matrix();
  CHECK_VALUES(CALL("gather", NULL, x, I32("[3 1 -1]")), "[[5 6] [1 2] [5 6]]",
               0);
  CHECK_VALUES(CALL("gather", NULL, x, I64("2")), "[3 4]", 0);
  CHECK_VALUES(CALL("gather", NULL, x, U8("[[1] [2]]")), "[[[1 2]] [[3 4]]]",
               0);
  CHECK_VALUES(CALL("gather", "axis=2", x, I32("[2 2 1]")),
               "[[2 2 1] [4 4 3] [6 6 5]]", 0);
  CHECK_VALUES(CALL("gather", "axis=-1", x, I32("[]")), "[[] [] []]", 0);
  nd_tensor *view = CALL("transpose", NULL, x);
  CHECK_VALUES(CALL("gather", NULL, view, I32("[2]")), "[[2 4 6]]", 0);
  CHECK_VALUES(CALL("gather", NULL, BOOL("[1 0]"), I32("[2 1]")), "[0 1]", 0);
  finish();
}

static void positions_outside_are_errors(void)
{
  start();
  nd_tensor *x = matrix();
  CHECK_FAILS(CALL("gather", NULL, x, I32("[1 4]")),
              "gather: index 4 is outside 1..3");
  CHECK_FAILS(CALL("gather", NULL, x, I32("-4")),
              "gather: index -4 is outside 1..3");
  CHECK_FAILS(CALL("gather", NULL, x, I32("[1 0]")),
              "gather: index 0: positions count from 1 here, and -1 is the "
              "last");
  CHECK_FAILS(CALL("gather", NULL, F32("[]"), I32("[1]")),
              "gather: index 1 is outside 1..0");
  CHECK_FAILS(CALL("gather", NULL, F32("1"), I32("[1]")),
              "gather: needs an axis, x is []");
  nd_tensor *deep = ZEROS(ND_FLOAT32, 1, 1, 1, 1, 1);
  CHECK_FAILS(CALL("gather", NULL, deep, ZEROS(ND_INT32, 1, 1, 1, 1, 1)),
              "gather: at most 8 axes, the result has 9");
  finish();
}

static void segments_add_up(void)
{
  start();
  nd_tensor *x = matrix();
  CHECK_VALUES(
    CALL("unsorted_segment_sum", "num_segments=3", x, I32("[3 1 3]")),
    "[[3 4] [0 0] [6 8]]", 0);
  CHECK_VALUES(CALL("unsorted_segment_sum", "num_segments=2", x,
                    I32("[[1 2] [1 2] [1 1]]")),
               "[15 6]", 0);
  CHECK_VALUES(CALL("unsorted_segment_sum", "num_segments=2",
                    CALL("transpose", NULL, I64("[[1 2 3] [4 5 6]]")),
                    I32("[2 1 2]")),
               "[[2 5] [4 10]]", 0);
  CHECK_FAILS(CALL("unsorted_segment_sum", "num_segments=2", x, I32("[3 1 1]")),
              "unsorted_segment_sum: segment id 3 is above num_segments, 2");
  CHECK_FAILS(CALL("unsorted_segment_sum", "num_segments=2", x, I32("[1 1]")),
              "unsorted_segment_sum: shapes differ: segment_ids is [2], x is "
              "[3 2]");
  CHECK_FAILS(
    CALL("unsorted_segment_sum", "num_segments=-1", x, I32("[1 1 1]")),
    "unsorted_segment_sum: num_segments is negative: -1");
  CHECK_FAILS(CALL("unsorted_segment_sum", "num_segments=2",
                   ZEROS(ND_FLOAT32, 1, 1, 1, 1, 1, 1, 1, 1), I32("1")),
              "unsorted_segment_sum: at most 8 axes, the result has 9");
  finish();
}

static void concat_joins_along_an_axis(void)
{
  start();
  nd_tensor *x = matrix(), *y = F32("[[7 8]]");
  CHECK_VALUES(CALL("concat", "axis=1", x, y), "[[1 2] [3 4] [5 6] [7 8]]", 0);
  CHECK_VALUES(CALL("concat", "axis=1", y), "[[7 8]]", 0);
  CHECK_VALUES(
    CALL("concat", "axis=2", x, CALL("reshape", "shape=[3 1]", F32("[7 8 9]"))),
    "[[1 2 7] [3 4 8] [5 6 9]]", 0);
  CHECK_VALUES(CALL("concat", "axis=-1", F32("[]"), F32("[1]"), F32("[]"),
                    F32("[2 3]"), F32("[]")),
               "[1 2 3]", 0);
  CHECK_VALUES(CALL("concat", "axis=1", F32("[]"), F32("[]")), "[]", 0);
  CHECK_VALUES(CALL("concat", "axis=2", CALL("transpose", NULL, x),
                    CALL("transpose", NULL, y)),
               "[[1 3 5 7] [2 4 6 8]]", 0);
  finish();
}

static void stack_joins_along_a_new_axis(void)
{
  start();
  nd_tensor *x = F32("[1 2]"), *y = F32("[3 4]");
  CHECK_VALUES(CALL("stack", NULL, x, y), "[[1 2] [3 4]]", 0);
  CHECK_VALUES(CALL("stack", "axis=2", x, y), "[[1 3] [2 4]]", 0);
  CHECK_VALUES(CALL("stack", "axis=-1", F32("1"), F32("2")), "[1 2]", 0);
  CHECK_VALUES(CALL("stack", NULL, x, y, x, y, x, y),
               "[[1 2] [3 4] [1 2] [3 4] [1 2] [3 4]]", 0);
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

static void what_cannot_be_joined_is_shown(void)
{
  start();
  nd_tensor *x = F32("[1 2]"), *y = F32("[3 4 5]"), *m = matrix();
  CHECK_FAILS(CALL("stack", NULL, x, y), "stack: shapes differ: [2] and [3]");
  CHECK_FAILS(CALL("concat", "axis=1", x, m),
              "concat: shapes differ: [2] and [3 2]");
  CHECK_FAILS(CALL("concat", "axis=2", m, F32("[[1 2]]")),
              "concat: shapes differ: [3 2] and [1 2]");
  CHECK_FAILS(CALL("concat", "axis=1", F32("1"), F32("2")),
              "concat: needs an axis, values are []");
  CHECK_FAILS(CALL0("concat", "axis=1"), "concat: needs at least one tensor");
  nd_tensor *long_one = CALL("broadcast_to", "shape=[4611686018427387904]",
                             U8("1"));
  CHECK_FAILS(CALL("concat", "axis=1", long_one, long_one),
              "concat: too large");
  CHECK_FAILS(CALL0("stack", NULL), "stack: needs at least one tensor");
  CHECK_FAILS(CALL("stack", "axis=3", x, x), "stack: axis 3 is outside 1..2");
  nd_tensor *deep = ZEROS(ND_FLOAT32, 1, 1, 1, 1, 1, 1, 1, 1);
  CHECK_FAILS(CALL("stack", NULL, deep), "stack: at most 8 axes");
  finish();
}

int main(void)
{
  RUN(positions_pick_rows);
  RUN(positions_outside_are_errors);
  RUN(segments_add_up);
  RUN(concat_joins_along_an_axis);
  RUN(stack_joins_along_a_new_axis);
  RUN(the_gradient_of_a_list_goes_past_each_input_once);
  RUN(what_cannot_be_joined_is_shown);
  return check_done();
}
