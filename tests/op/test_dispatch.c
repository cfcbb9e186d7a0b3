// Tests of op/dispatch.c and op/engine.c: what every op has in common: ranges,
// interruption, quotas, and errors that stay. How dtypes and shapes meet is in
// the facts.

#include "cases.h"

// ------------------------------------------------------------ broadcasting --

static void blocks_and_broadcasts_meet_at_every_offset(void)
{
  start();
  for (int64_t n = 509; n < 516; n++) {
    nd_tensor *x = CALL("range", NULL, F32("1"),
                        CALL("cast", "dtype=float32", I64("0")), F32("-1"));
    CHECK_INT(nd_tensor_size(x), 2);
    char shape[40];
    snprintf(shape, sizeof shape, "shape=[3 %d]", (int)n);
    nd_tensor *wide = CALL0("ones", shape);
    nd_tensor *y = CALL("add", NULL, wide, F32("[[1] [2] [3]]"));
    nd_tensor *sums = CALL("reduce_sum", "axis=2", y);
    char want[80];
    snprintf(want, sizeof want, "[%d %d %d]", (int)(2 * n), (int)(3 * n),
             (int)(4 * n));
    CHECK_VALUES(sums, want, 0);
  }
  finish();
}

// ------------------------------------------------------------------ ranges --

static size_t bytes_of(const nd_tensor *x)
{
  return (size_t)x->size * nd_dtype_size((nd_dtype)x->dtype);
}

// Runs the op's own loop over the outputs in pieces of these sizes, in turn.
static void run_in_pieces(const trial *t, nd_dtype dtype, const int64_t *sizes,
                          int n)
{
  case_call whole, cut;
  call_start(&whole, t, dtype, DENSE);
  call_start(&cut, t, dtype, DENSE);
  if (!call_run(&whole) || !call_run(&cut))  // an op of other dtypes
    nd_error_clear(c);
  if (whole.out[0] == NULL || t->op->run == NULL)
    return;
  const int64_t size = whole.out[0]->size;
  for (int k = 0; k < cut.job.outs; k++)
    memset(cut.out[k]->data, 0xee, bytes_of(cut.out[k]));
  int turn = 0;
  for (int64_t from = 0; from < size; turn++) {
    const int64_t to = from + sizes[turn % n];
    const int64_t end = to < size ? to : size;
    t->op->run(c, &cut.job, from, end);
    from = end;
  }
  for (int k = 0; k < cut.job.outs; k++) {
    if (memcmp(whole.out[k]->data, cut.out[k]->data, bytes_of(cut.out[k])) == 0)
      continue;
    CHECK_STR(t->op->name, "the same for any ranges");
    CHECK_STR(t->text, "");
  }
}

static void any_ranges_give_the_same_bits(void)
{
  static const int64_t sizes[] = { 1, 3, 2, 7, 5 };
  static trial t;
  const nd_op *op;
  start();
  for (int i = 0; (op = nd_op_at(i)) != NULL; i++) {
    for (const char *s = op->cases; s != NULL;) {
      s = case_read(&t, op, s);
      run_in_pieces(&t, ND_FLOAT32, sizes, 5);
      run_in_pieces(&t, ND_FLOAT64, sizes, 2);
      release_to(0);
    }
  }
  finish();
}

// Large enough for several blocks, groups and rows.
static void reductions_repeat_for_any_ranges(void)
{
  static const char *const folds[] = { "reduce_sum", "reduce_mean",
                                       "reduce_prod", "reduce_max",
                                       "reduce_logsumexp" };
  static const char *const cases[] = { "[40 50] axis=1", "[40 50] axis=2",
                                       "[2000]", "[5 20 20] axis=[1 3]",
                                       "[5 20 20] axis=2" };
  static const int64_t sizes[] = { 7, 1, 13 };
  static trial t;
  start();
  for (int i = 0; i < 5; i++) {
    for (int j = 0; j < 5; j++) {
      case_read(&t, nd_op_find(folds[i]), cases[j]);
      run_in_pieces(&t, ND_FLOAT32, sizes, 3);
      run_in_pieces(&t, ND_FLOAT64, sizes, 1);
      release_to(0);
    }
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

// An op that interrupts itself in its first range.
static int ranges_run;

static bool run_and_interrupt(nd_context *at, const nd_job *j, int64_t from,
                              int64_t to)
{
  ranges_run++;
  nd_interrupt(at);
  return true;
}

static void an_interrupt_stops_a_long_op_between_ranges(void)
{
  start();
  nd_op op = *nd_op_find("zeros_like");
  op.run = run_and_interrupt;
  op.cost = 1e6F;
  nd_tensor *x = ZEROS(ND_UINT8, 5000);
  ranges_run = 0;
  CHECK_FAILS_AS(nd_apply(c, &op, 1, &x, NULL), ND_INTERRUPTED,
                 "zeros_like: interrupted");
  CHECK_INT(ranges_run, 1);
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
  RUN(blocks_and_broadcasts_meet_at_every_offset);
  RUN(any_ranges_give_the_same_bits);
  RUN(reductions_repeat_for_any_ranges);
  RUN(an_interrupt_stops_the_next_op_once);
  RUN(an_interrupt_stops_a_long_op_between_ranges);
  RUN(the_first_error_stays_until_it_is_cleared);
  RUN(a_chain_is_checked_once_at_its_end);
  RUN(a_quota_limits_tensors);
  RUN(a_broadcast_counts_against_the_quota_at_its_whole_size);
  RUN(what_is_released_counts_no_more);
  return check_done();
}
