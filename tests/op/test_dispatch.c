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

// The outputs of a job that waits in no other way than with its rows.
static bool run_and_force(case_call *call)
{
  bool ok = call_run(call);
  for (int k = 0; k < call->job.outs && ok; k++)
    ok = nd_force(call->job.out[k]);
  return ok;
}

static void check_case_units(const trial *t, nd_dtype dtype)
{
  case_call whole, cut;
  call_start(&whole, t, dtype, DENSE);
  call_start(&cut, t, dtype, DENSE);
  if (run_and_force(&whole) && run_and_force(&cut) && whole.job.outs > 0)
    check_units(&whole.job, &cut.job, t->text);
  nd_error_clear(c);  // an op of other dtypes
}

static void units_run_in_any_order_and_on_two_threads(void)
{
  static trial t;
  const nd_op *op;
  start();
  nd_context_set_eager(c, true);
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

// Normal numbers in a shape that is written there; for other dtypes the whole
// part of their sizes.
static nd_tensor *make_long(nd_dtype dtype, const char *shape, int length)
{
  char text[80];
  const bool real = nd_dtype_in(dtype, ND_FLOATS);
  const char *name = nd_dtype_name(dtype);
  snprintf(text, sizeof text, "shape=%.*s dtype=%s", length, shape,
           real ? name : "float32");
  nd_tensor *x = CALL0("normal", text);
  snprintf(text, sizeof text, "dtype=%s", name);
  return real ? x
              : CALL("cast", text, CALL("floor", NULL, CALL("abs", NULL, x)));
}

// The same as booleans, or as matrices of that kind (cases.h).
static nd_tensor *make_kind(nd_tensor *x, int kind)
{
  char text[40];
  if (kind == TRUTH)
    return CALL("cast", "dtype=bool", x);
  if (kind == FLOATING || !nd_dtype_in((nd_dtype)x->dtype, ND_FLOATS))
    return x;
  snprintf(text, sizeof text, "dtype=%s", nd_dtype_name((nd_dtype)x->dtype));
  nd_tensor *y = settle(CALL("cast", "dtype=float64", x));
  case_regular(y->rank, y->dims, kind == SYMMETRIC, 1,
               (double *)(void *)y->data);
  return CALL("cast", text, y);
}

// Reads "{1 3}" or "{{1 2} {3 4}}" as a tensor of integers.
static const char *read_whole(const char *s, nd_tensor **x)
{
  int64_t v[64], shape[2];
  int32_t data[64];
  int n, rows = 0;
  s = s[1] == '{' ? case_rows(s, v, &n, &rows) : case_list(s, v, &n);
  for (int i = 0; i < n; i++)
    data[i] = (int32_t)v[i];
  shape[0] = rows > 0 ? rows : n;
  shape[1] = rows > 0 ? n / rows : 1;
  *x = own(nd_tensor_new(c, ND_INT32, rows > 0 ? 2 : 1, shape, data));
  return s;
}

// A long case, and room for the outputs of two that do it.
typedef struct long_case {
  nd_job whole, cut;
  nd_tensor *in[CASE_INPUTS], *out[2][CASE_OUTPUTS];
  nd_value attr[ND_MAX_ATTRS];
  int64_t lists[16];
} long_case;

static void read_long_case(long_case *l, const nd_op *op, nd_dtype dtype,
                           const char *s)
{
  char text[80];
  const char *end = s + strcspn(s, ";"), *at = case_space(s);
  l->whole = (nd_job){ .op = op, .in = l->in, .attr = l->attr };
  for (int kind; *(at = case_word(at, &kind)) == '[' || *at == '{';
       at = case_space(at)) {
    if (*at == '{') {
      at = read_whole(at, &l->in[l->whole.n++]);
      continue;
    }
    const int length = (int)strcspn(at, "]") + 1;
    l->in[l->whole.n++] = make_kind(make_long(dtype, at, length), kind);
    at += length;
  }
  snprintf(text, sizeof text, "%.*s", (int)(end - at), at);
  nd_values_start(op, l->attr);
  CHECK(nd_values_parse(c, op, l->attr, l->lists, text));
  l->cut = l->whole;
  l->whole.out = l->out[0];
  l->cut.out = l->out[1];
}

static bool apply_long(nd_job *j)
{
  if (!nd_job_count(c, j) || !nd_job_apply(c, j))
    return false;
  for (int k = 0; k < j->outs; k++)
    own(j->out[k]);
  return true;
}

// Whether the job gives the same when other threads help.
static void check_threads(const nd_job *whole, nd_job *cut, const char *text)
{
  for (int threads = 2; threads <= 8; threads *= 4) {
    CHECK(nd_context_set_threads(c, threads));
    CHECK(apply_long(cut));
    check_same(whole, cut, text);
  }
  CHECK(nd_context_set_threads(c, 1));
}

// Runs the long case at `s`, which is to be cut; false if the op refuses the
// dtype.
static bool check_long_case(const nd_op *op, nd_dtype dtype, const char *s)
{
  long_case l;
  read_long_case(&l, op, dtype, s);
  const bool ok = apply_long(&l.whole) && apply_long(&l.cut);
  if (ok) {
    if (op->work(&l.whole).next == NULL)
      CHECK_STR(op->name, s);
    check_units(&l.whole, &l.cut, s);
    check_threads(&l.whole, &l.cut, s);
  } else {
    CHECK_INT(nd_error_code(c), ND_BAD_ARGUMENT);
    nd_error_clear(c);
  }
  release_to(0);
  return ok;
}

static void long_work_repeats_in_any_order(void)
{
  static const nd_dtype dtypes[] = { ND_FLOAT32, ND_FLOAT64, ND_UINT8,
                                     ND_BOOL };
  const nd_op *op;
  start();
  nd_context_set_eager(c, true);
  for (int i = 0; (op = nd_op_at(i)) != NULL; i++) {
    for (const char *s = op->long_cases; s != NULL;) {
      int accepted = 0;
      for (int k = 0; k < 4; k++)
        accepted += check_long_case(op, dtypes[k], s);
      if (accepted == 0)
        CHECK_STR(op->name, s);
      s = strchr(s, ';');
      s = s != NULL ? s + 1 : NULL;
    }
  }
  finish();
}

static void long_elementwise_work_repeats_on_any_number_of_threads(void)
{
  const nd_op *op;
  start();
  nd_context_set_eager(c, true);
  for (int i = 0; (op = nd_op_at(i)) != NULL; i++) {
    if (op->kernels[c->level] == NULL || op->attrs > 0)
      continue;
    nd_tensor *in[CASE_INPUTS], *out[2];
    nd_job whole = { .op = op, .in = in, .out = &out[0] };
    whole.n = nd_params_count(op->params);
    for (int k = 0; k < whole.n; k++)
      in[k] = make_long(ND_FLOAT32, "[150001]", 8);
    nd_job cut = whole;
    cut.out = &out[1];
    if (apply_long(&whole))
      check_threads(&whole, &cut, op->name);
    nd_error_clear(c);  // an op of other dtypes
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
  RUN(long_work_repeats_in_any_order);
  RUN(long_elementwise_work_repeats_on_any_number_of_threads);
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
