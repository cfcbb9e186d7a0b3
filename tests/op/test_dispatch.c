// Tests of op/dispatch.c and op/engine.c: what every op has in common: units,
// interruption, quotas, and errors that stay. How dtypes and shapes meet is in
// the facts.

#include "pieces.h"

// ------------------------------------------------------------------- units --

static size_t bytes_of(const nd_tensor *x)
{
  return (size_t)x->size * nd_dtype_size((nd_dtype)x->dtype);
}

static void spoil(const nd_job *j)
{
  for (int k = 0; k < j->outs; k++)
    memset(j->out[k]->data, 0xee, bytes_of(j->out[k]));
}

static void check_same(const nd_job *whole, const nd_job *cut, const char *text)
{
  for (int k = 0; k < cut->outs; k++) {
    const nd_tensor *x = whole->out[k], *y = cut->out[k];
    if (memcmp(x->data, y->data, bytes_of(y)) != 0)
      CHECK_STR(cut->op->name, text);
  }
}

// Whether the job, which has run, gives the same when its units run otherwise.
// `cut` has outputs of its own.
static void check_units(const nd_job *whole, const nd_job *cut,
                        const char *text)
{
  static const int64_t sizes[] = { 1, 2, 7, 513 };
  pieces p;
  if (!pieces_start(&p, cut))
    return;
  for (int i = 0; i < 4; i++) {
    spoil(cut);
    pieces_run_shuffled(&p, sizes[i]);
    check_same(whole, cut, text);
  }
  spoil(cut);
  pieces_run_on_threads(&p);
  check_same(whole, cut, text);
  pieces_end(&p);
}

static void check_case_units(const trial *t, nd_dtype dtype)
{
  case_call whole, cut;
  call_start(&whole, t, dtype, DENSE);
  call_start(&cut, t, dtype, DENSE);
  if (call_run(&whole) && call_run(&cut) && whole.job.outs > 0)
    check_units(&whole.job, &cut.job, t->text);
  nd_error_clear(c);  // an op of other dtypes
}

static void units_run_in_any_order_and_on_two_threads(void)
{
  static trial t;
  const nd_op *op;
  start();
  for (int i = 0; (op = nd_op_at(i)) != NULL; i++) {
    for (const char *s = op->cases; s != NULL;) {
      s = case_read(&t, op, s);
      check_case_units(&t, ND_FLOAT32);
      check_case_units(&t, ND_FLOAT64);
      release_to(0);
    }
  }
  finish();
}

// The op, applied; its output goes to `*out`.
static nd_job job_of(const nd_op *op, nd_tensor **x, const nd_value *attr,
                     nd_tensor **out)
{
  nd_job j = { .op = op, .n = 1, .outs = 1, .in = x, .out = out };
  j.attr = attr;
  *out = own(nd_apply(c, op, 1, x, attr));
  return j;
}

static void check_long_fold(const char *name, nd_tensor *x, int64_t axis)
{
  const nd_op *op = nd_op_find(name);
  const nd_value attr[] = { axis == 0 ? (nd_value){ 0 }
                                      : nd_value_list(1, &axis),
                            nd_value_integer(0) };
  nd_tensor *y, *z;
  const nd_job whole = job_of(op, &x, attr, &y);
  const nd_job cut = job_of(op, &x, attr, &z);
  check_units(&whole, &cut, name);
}

static void check_long_row(const char *name, bool folds, nd_tensor *x,
                           int64_t axis)
{
  const nd_op *op = nd_op_find(name);
  const nd_value attr[] = { folds ? nd_value_list(1, &axis)
                                  : nd_value_integer(axis),
                            nd_value_integer(0) };
  nd_tensor *y, *z;
  const nd_job whole = job_of(op, &x, attr, &y);
  const nd_job cut = job_of(op, &x, attr, &z);
  check_units(&whole, &cut, name);
}

// Folds of more than one part, along rows, columns and both.
static void long_folds_repeat_in_any_order(void)
{
  static const char *const folds[] = { "reduce_sum", "reduce_mean",
                                       "reduce_prod", "reduce_max",
                                       "reduce_logsumexp" };
  start();
  nd_tensor *rows = CALL0("normal", "shape=[2 140000]");
  nd_tensor *columns = CALL0("normal", "shape=[70000 3]");
  nd_tensor *whole = CALL("cast", "dtype=uint8", CALL("abs", NULL, rows));
  nd_tensor *exact = CALL0("normal", "shape=[131072] dtype=float64");
  check_long_fold("reduce_mean", whole, 2);
  check_long_fold("reduce_mean", whole, 0);
  for (int i = 0; i < 5; i++) {
    check_long_fold(folds[i], rows, 2);
    check_long_fold(folds[i], rows, 0);
    check_long_fold(folds[i], columns, 1);
    check_long_fold(folds[i], exact, 0);
  }
  finish();
}

// Rows of more than one part: beside each other in memory, and not.
static void long_rows_repeat_in_any_order(void)
{
  static const char *const names[] = { "softmax", "log_softmax", "argmax",
                                       "argmin", "reduce_logsumexp" };
  start();
  nd_tensor *rows = CALL0("normal", "shape=[2 140000]");
  nd_tensor *columns = CALL0("normal", "shape=[50000 3] dtype=float64");
  nd_tensor *wide = CALL0("normal", "shape=[2 300 520]");
  for (int i = 0; i < 5; i++) {
    const bool folds = i == 4;
    check_long_row(names[i], folds, rows, 2);
    check_long_row(names[i], folds, columns, 1);
    check_long_row(names[i], folds, wide, 2);
  }
  finish();
}

// Multiplies that are cut into areas, along k, or both.
static void long_multiplies_repeat_in_any_order(void)
{
  static const char *const shapes[][3] = {
    { "shape=[300 300]", "shape=[300 500]", "" },
    { "shape=[100 1300]", "shape=[1300 700]", "" },
    { "shape=[2 1000 300]", "shape=[2 300 130]", "" },
    { "shape=[1 3000]", "shape=[3000 9000]", "" },
    { "shape=[3 200000]", "shape=[200000 5]", "" },
    { "shape=[5 200000]", "shape=[200000 3]", "" },
    { "shape=[1 1200000]", "shape=[2 1200000]", "transpose_b=true" },
    { "shape=[2 1200000]", "shape=[1200000 1]", "" },
    { "shape=[1300 500]", "shape=[1300 300]", "transpose_a=true" },
  };
  start();
  const nd_op *op = nd_op_find("matmul");
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    nd_tensor *x[] = { CALL0("normal", shapes[i][0]),
                       CALL0("normal", shapes[i][1]) };
    nd_value attr[2];
    nd_values_start(op, attr);
    CHECK(nd_values_parse(c, op, attr, NULL, shapes[i][2]));
    nd_tensor *y = own(nd_apply(c, op, 2, x, attr)), *z = NULL;
    nd_job whole = { .op = op, .n = 2, .outs = 1, .in = x, .out = &y };
    whole.attr = attr;
    nd_job cut = whole;
    cut.out = &z;
    z = own(nd_apply(c, op, 2, x, attr));
    check_units(&whole, &cut, shapes[i][0]);
    release_to(0);
  }
  finish();
}

// The op, applied to `x` and to ids; its output goes to `*out`.
static nd_job sum_of(nd_tensor **x, const nd_value *attr, nd_tensor **out)
{
  const nd_op *op = nd_op_find("unsorted_segment_sum");
  nd_job j = { .op = op, .n = 2, .outs = 1, .in = x, .out = out };
  j.attr = attr;
  *out = own(nd_apply(c, op, 2, x, attr));
  return j;
}

// Segments of several pieces, some with trees; all columns, and one.
static void long_segments_repeat_in_any_order(void)
{
  static const char *const shapes[] = { "shape=[3000 5]", "shape=[3000]" };
  start();
  nd_tensor *range = CALL("range", NULL, I32("1"), I32("3000"), I32("1"));
  nd_tensor *ids = CALL("mod", NULL, CALL("multiply", NULL, range, range),
                        I32("31"));
  const nd_value attr[] = { nd_value_integer(31) };
  for (int i = 0; i < 2; i++) {
    nd_tensor *x[] = { CALL0("normal", shapes[i]), ids }, *y, *z;
    const nd_job whole = sum_of(x, attr, &y), cut = sum_of(x, attr, &z);
    check_units(&whole, &cut, shapes[i]);
  }
  finish();
}

// ------------------------------------------------------------ interruption --

static void an_interrupt_stops_the_next_op_once(void)
{
  start();
  nd_tensor *x = F32("[1 2]");
  nd_interrupt(c);
  CHECK_FAILS_AS(CALL("add", NULL, x, x), ND_INTERRUPTED, "add: interrupted");
  CHECK_VALUES(CALL("add", NULL, x, x), "[2 4]", 0);
  nd_interrupt(c);
  CHECK_FAILS_AS(nd_tensor_new(c, ND_FLOAT32, 0, NULL, NULL), ND_INTERRUPTED,
                 "interrupted");
  finish();
}

// Works that interrupt themselves: an op of one step, one of three.
static int units_run;

static void interrupt_elements(const nd_job *j, int64_t from, int64_t to)
{
  units_run++;
  nd_interrupt(j->out[0]->context);
}

static void interrupt_units(const void *what, void *shared, void *own,
                            int64_t from, int64_t to)
{
  const nd_job *j = what;
  interrupt_elements(j, from, to);
}

static bool three_steps(const void *what, nd_step *step, int i)
{
  *step = (nd_step){ .units = 1, .run = interrupt_units };
  return i < 3;
}

static nd_work plan_three_steps(const nd_job *j)
{
  return (nd_work){ .shared = 100, .own = 10, .next = three_steps };
}

static void check_stops(const nd_op *op)
{
  nd_tensor *x = ZEROS(ND_UINT8, 5000);
  units_run = 0;
  CHECK_FAILS_AS(nd_apply(c, op, 1, &x, NULL), ND_INTERRUPTED,
                 "zeros_like: interrupted");
  CHECK_INT(units_run, 1);
}

static void an_interrupt_stops_a_long_op_between_units(void)
{
  start();
  nd_op op = *nd_op_find("zeros_like");
  op.cost = 1e6F;
  op.run = interrupt_elements;
  check_stops(&op);
  op.run = NULL;
  op.work = plan_three_steps;
  check_stops(&op);
  finish();
}

// ------------------------------------------------------------------ errors --

static void the_first_error_stays_until_it_is_cleared(void)
{
  start();
  nd_tensor *x = F32("[1 2]");
  nd_tensor *bad = CALL("add", NULL, x, F32("[1 2 3]"));
  CHECK(bad == NULL);
  CHECK(CALL("exp", NULL, x) == NULL);
  CHECK(CALL("no_such_op", NULL, x) == NULL);
  CHECK(nd_variable_new(x, true) == NULL);
  CHECK(nd_tape_new(c, 0) == NULL);
  CHECK(nd_tensor_new(c, ND_FLOAT32, 0, NULL, NULL) == NULL);
  CHECK_FAILS(bad, "add: shapes do not broadcast: [2] and [3]");
  CHECK_VALUES(CALL("add", NULL, x, x), "[2 4]", 0);
  finish();
}

static void a_chain_is_checked_once_at_its_end(void)
{
  start();
  nd_tensor *x = F32("[1 2]");
  nd_tensor *y = CALL("matmul", NULL, x, x);
  CHECK_FAILS(CALL("exp", NULL, CALL("add", NULL, y, x)),
              "matmul: needs at least 2 axes: a is [2]");
  finish();
}

// ------------------------------------------------------------------ memory --

static void a_quota_limits_tensors(void)
{
  CHECK(start_with((nd_config){ .tensor_quota = 1000 }));
  nd_tensor *x = ZEROS(ND_FLOAT32, 150);
  CHECK(x != NULL);
  CHECK_INT(nd_context_bytes(c, ND_MEMORY_TENSOR), 600);
  CHECK_FAILS_AS(CALL("add", NULL, x, x), ND_NO_MEMORY,
                 "add: out of memory: 200 bytes more than the quota of 1000 "
                 "allows");
  CHECK(CALL("slice", "ranges=[1:50:1]", x) != NULL);
  CHECK_INT(nd_context_bytes(c, ND_MEMORY_TENSOR), 600);
  CHECK_VALUES(CALL("reduce_sum", NULL, x), "0", 0);
  finish();
}

static void a_broadcast_counts_against_the_quota_at_its_whole_size(void)
{
  CHECK(start_with((nd_config){ .tensor_quota = 1000 }));
  nd_tensor *one = F32("1");
  CHECK(CALL("fill", "shape=[250]", one) != NULL);
  CHECK_INT(nd_context_bytes(c, ND_MEMORY_TENSOR), 4);
  CHECK_FAILS_AS(CALL("fill", "shape=[251]", one), ND_NO_MEMORY,
                 "fill: out of memory: 8 bytes more than the quota of 1000 "
                 "allows");
  CHECK_FAILS_AS(CALL("broadcast_to", "shape=[1000000 1000000]", one),
                 ND_NO_MEMORY,
                 "broadcast_to: out of memory: 3999999999004 bytes more than "
                 "the quota of 1000 allows");
  finish();
}

static void what_is_released_counts_no_more(void)
{
  CHECK(start_with((nd_config){ .tensor_quota = 1000 }));
  for (int i = 0; i < 100; i++) {
    nd_tensor *x = nd_tensor_new(c, ND_FLOAT32, 1, (int64_t[]){ 200 }, NULL);
    CHECK(x != NULL);
    nd_tensor_release(x);
  }
  CHECK_INT(nd_context_bytes(c, ND_MEMORY_TENSOR), 0);
  CHECK_INT(nd_context_peak(c, ND_MEMORY_TENSOR), 800);
  finish();
}

int main(void)
{
  RUN(units_run_in_any_order_and_on_two_threads);
  RUN(long_folds_repeat_in_any_order);
  RUN(long_rows_repeat_in_any_order);
  RUN(long_multiplies_repeat_in_any_order);
  RUN(long_segments_repeat_in_any_order);
  RUN(an_interrupt_stops_the_next_op_once);
  RUN(an_interrupt_stops_a_long_op_between_units);
  RUN(the_first_error_stays_until_it_is_cleared);
  RUN(a_chain_is_checked_once_at_its_end);
  RUN(a_quota_limits_tensors);
  RUN(a_broadcast_counts_against_the_quota_at_its_whole_size);
  RUN(what_is_released_counts_no_more);
  return check_done();
}
