// Tests of tape/jacobian.c: the same numbers by rows and by columns, in little
// memory, heard by those outside, and stopped in between.

#include "tape/jacobian.h"

#include "nest.h"

static nd_tensor *jacobian(nd_tape *t, nd_tensor *y, nd_tensor *x)
{
  const nd_jacobian_options options = { .name = "jacobian" };
  nd_tensor *result = NULL;
  nd_tape_jacobians(t, &options, y, 1, &x, &result);
  return own(result);
}

static nd_tensor *batch(nd_tape *t, nd_tensor *y, nd_tensor *x, bool check)
{
  return own(nd_tape_batch_jacobian(t, y, x, check));
}

static void rows_and_columns_agree(void)
{
  start();
  nd_tensor *x = F64("[0.5 -1.5]"), *m = F64("[[1 2] [3 4] [5 6]]");
  nd_tape *t = tape_on(x, ND_TAPE_PERSISTENT);
  nd_tensor *y = CALL("sin", NULL, product(m, x));
  nd_tensor *sums = CALL("reduce_sum", "axis=1", y);
  nd_tape_stop(t);
  nd_tensor *tall = jacobian(t, y, x), *wide = jacobian(t, sums, x);
  nd_tensor *whole = jacobian(t, y, CALL("identity", NULL, x));
  CHECK(whole == NULL && nd_error_code(c) == ND_OK);
  CHECK_INT(tall->rank, 3);
  for (int j = 0; j < 2; j++) {
    double numbers[12], of_sums[4];
    read_numbers(tall, 12, numbers);
    read_numbers(wide, 4, of_sums);
    for (int i = 0; i < 2; i++)
      CHECK_NEAR(of_sums[2 * j + i],
                 numbers[4 * 0 + 2 * j + i] + numbers[4 * 1 + 2 * j + i] +
                   numbers[4 * 2 + 2 * j + i],
                 1e-15);
    CHECK_NEAR(numbers[3 * j], cos((j + 1) * (j == 0 ? 0.5 : -1.5)) * (j + 1),
               1e-15);
  }
  nd_tape_free(t);
  finish();
}

static void hosts_ask_by_variables(void)
{
  start();
  nd_variable *v = nd_variable_new(F32("[1 2]"), true);
  nd_variable *w = nd_variable_new(F32("[3 4]"), true);
  nd_variable *both[] = { v, w };
  nd_tensor *j[2];
  nd_tape *t = nd_tape_new(c, 0);
  nd_tensor *y = squared(value_of(v));
  CHECK(nd_tape_jacobian(t, y, 2, both, j));
  CHECK_VALUES(own(j[0]), "[[2 0] [0 4]]", 0);
  CHECK(j[1] == NULL);
  CHECK_FAILS_AS(nd_tape_jacobian(t, y, 2, both, j), ND_BAD_STATE,
                 "jacobian: the tape has given its gradient; persistent = "
                 "true allows more than one");
  nd_tape_free(t);
  nd_variable_release(v);
  nd_variable_release(w);
  finish();
}

static void examples_are_independent_or_that_is_said(void)
{
  start();
  nd_tensor *x = F32("[[1 2] [3 4]]");
  nd_tape *t = tape_on(x, ND_TAPE_PERSISTENT);
  nd_tensor *y = squared(x);
  nd_tensor *mixed = product(x, CALL("reduce_sum", NULL, x));
  nd_tensor *wide = CALL("concat", "axis=2", mixed, y, y);
  nd_tape_stop(t);
  CHECK_VALUES(batch(t, y, x, true), "[[[2 0] [0 4]] [[6 0] [0 8]]]", 0);
  CHECK_VALUES(batch(t, mixed, x, false), "[[[14 4] [6 16]] [[14 4] [6 16]]]",
               0);
  static const char *const message =
    "batch_jacobian: target depends on source across the batch; use jacobian";
  CHECK_FAILS(batch(t, mixed, x, true), message);
  CHECK_FAILS(batch(t, wide, x, true), message);
  CHECK_FAILS(batch(t, y, F32("[[1 2]]"), false),
              "batch_jacobian: first sizes differ: target is [2 2], source is "
              "[1 2]");
  CHECK_FAILS(batch(t, F32("1"), x, false),
              "batch_jacobian: target must have rank at least 2, as its first "
              "axis is that of the examples: it is []");
  CHECK_VALUES(batch(t, y, F32("[[1] [2]]"), true), "[[[0] [0]] [[0] [0]]]", 0);
  nd_tape_free(t);
  finish();
}

// [S44]
static void nothing_has_derivatives_too(void)
{
  start();
  nd_tensor *x = ZEROS(ND_FLOAT32, 0, 2), *z = ZEROS(ND_FLOAT32, 3, 0);
  nd_tape *t = tape_on(x, ND_TAPE_PERSISTENT);
  nd_tape_watch(t, z);
  nd_tensor *y = squared(x), *u = squared(z);
  CHECK_STR(ND_SHAPE(jacobian(t, y, x)->rank, jacobian(t, y, x)->dims),
            "[0 2 0 2]");
  nd_tape_stop(t);
  nd_tensor *of[] = { jacobian(t, y, x), batch(t, y, x, true),
                      batch(t, u, z, true) };
  CHECK_STR(ND_SHAPE(of[0]->rank, of[0]->dims), "[0 2 0 2]");
  CHECK_STR(ND_SHAPE(of[1]->rank, of[1]->dims), "[0 2 2]");
  CHECK_STR(ND_SHAPE(of[2]->rank, of[2]->dims), "[3 0 0]");
  nd_tape_free(t);
  finish();
}

static void too_many_axes_are_refused(void)
{
  start();
  nd_tensor *x = ZEROS(ND_FLOAT32, 1, 1, 1, 1, 1);
  nd_tape *t = tape_on(x, 0);
  CHECK_FAILS(jacobian(t, squared(x), x),
              "jacobian: the result would have 10 axes, and 8 are the most: "
              "target is [1 1 1 1 1], source is [1 1 1 1 1]");
  nd_tape_free(t);
  finish();
}

static size_t peak_above(nd_tape *t, nd_tensor *y, nd_tensor *x, size_t size)
{
  const size_t before = nd_context_peak(c, ND_MEMORY_TENSOR);
  const int mark = owned_count;
  CHECK_INT(jacobian(t, y, x)->size, size);
  release_to(mark);
  return nd_context_peak(c, ND_MEMORY_TENSOR) - before;
}

// Beside the result there is one line at a time, whichever way it goes.
static void memory_is_that_of_the_result(void)
{
  start();
  enum { WIDE = 500, LINE = WIDE * sizeof(float) };
  nd_tensor *x = ZEROS(ND_FLOAT32, WIDE);
  nd_tape *t = tape_on(x, ND_TAPE_PERSISTENT);
  nd_tensor *y = CALL("exp", NULL, CALL("exp", NULL, x));
  nd_tensor *pairs = CALL("reduce_sum", "axis=2",
                          CALL("reshape", "shape=[250 2]", y));
  nd_tape_stop(t);
  CHECK(peak_above(t, pairs, x, WIDE * WIDE / 2) < WIDE / 2 * LINE + 12 * LINE);
  CHECK(peak_above(t, y, x, WIDE * WIDE) < WIDE * LINE + 12 * LINE);
  nd_tape_free(t);
  finish();
}

// A derivative of each order by one way, of what the other gave.
static void tapes_outside_hear_it(void)
{
  start();
  nd_tensor *x = F64("[2 3]");
  nd_tape *outer = tape_on(x, ND_TAPE_PERSISTENT), *inner = tape_on(x, 0);
  nd_accumulator *a = watching(x, F64("[1 1]"));
  nd_accumulator_start(a);
  nd_tensor *y = product(x, squared(x));
  nd_tensor *pair = CALL("stack", "axis=1", y, y);
  nd_tensor *j = jacobian(inner, y, x);
  nd_tape *again = tape_on(x, 0);
  nd_tensor *z = product(x, squared(x));
  nd_tensor *tall = jacobian(again, CALL("stack", "axis=1", z, z), x);
  nd_accumulator_stop(a);
  nd_tape_stop(outer);
  CHECK_VALUES(j, "[[12 0] [0 27]]", 0);
  CHECK_VALUES(jvp(a, j), "[[12 0] [0 18]]", 0);
  CHECK_VALUES(jacobian(outer, j, x), "[[[12 0] [0 0]] [[0 0] [0 18]]]", 0);
  CHECK_VALUES(tall, "[[[12 0] [0 27]] [[12 0] [0 27]]]", 0);
  CHECK_VALUES(jvp(a, tall), "[[[12 0] [0 18]] [[12 0] [0 18]]]", 0);
  nd_tensor *g = NULL;
  nd_tape_differentiate(outer, 1, &tall, NULL, 1, &x, &g);
  CHECK_VALUES(own(g), "[24 36]", 0);
  CHECK_INT(pair->rank, 2);
  nd_accumulator_free(a);
  nd_tape_free(inner);
  nd_tape_free(again);
  nd_tape_free(outer);
  finish();
}

static void second_derivatives_are_blocks(void)
{
  start();
  nd_tensor *x = F64("2"), *y = F64("[1 3]"), *two[] = { x, y }, *h[4];
  for (int flags = 0; flags <= ND_TAPE_PERSISTENT; flags++) {
    nd_tape *t = tape_on(x, flags);
    nd_tape_watch(t, y);
    nd_tensor *z = CALL("reduce_sum", NULL, product(squared(y), squared(x)));
    nd_tape_stop(t);
    CHECK(nd_tape_hessians(t, false, z, 2, two, h));
    CHECK_VALUES(own(h[0]), "20", 0);
    CHECK_VALUES(own(h[1]), "[8 24]", 0);
    CHECK_VALUES(own(h[2]), "[8 24]", 0);
    CHECK_VALUES(own(h[3]), "[[8 0] [0 8]]", 0);
    CHECK_INT(nd_recorders_depth(c), 0);
    nd_tape_free(t);
  }
  finish();
}

// A rule of a host's that interrupts the third sweep.
static int sweeps;

static bool interrupt_third(void *data, nd_context *in, int count,
                            nd_tensor *const *upstream, int n,
                            nd_tensor **gradients)
{
  if (++sweeps == 3)
    nd_interrupt(in);
  gradients[0] = nd_tensor_retain(upstream[0]);
  return true;
}

static void an_interrupt_stops_it_between_rows(void)
{
  start();
  nd_tensor *x = F32("[1 2 3 4 5 6 7 8]"), *y = NULL;
  nd_tape *t = tape_on(x, 0);
  const nd_custom f = { keep_values, interrupt_third, NULL, NULL };
  nd_custom_gradient(c, &f, 1, &x, 1, &y);
  CHECK_FAILS_AS(jacobian(t, own(y), x), ND_INTERRUPTED,
                 "jacobian: interrupted");
  CHECK_INT(sweeps, 3);
  CHECK(jacobian(t, y, x) != NULL);
  nd_tape_free(t);
  finish();
}

int main(void)
{
  RUN(rows_and_columns_agree);
  RUN(hosts_ask_by_variables);
  RUN(examples_are_independent_or_that_is_said);
  RUN(nothing_has_derivatives_too);
  RUN(too_many_axes_are_refused);
  RUN(memory_is_that_of_the_result);
  RUN(tapes_outside_hear_it);
  RUN(second_derivatives_are_blocks);
  RUN(an_interrupt_stops_it_between_rows);
  return check_done();
}
