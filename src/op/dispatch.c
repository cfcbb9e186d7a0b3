// op/dispatch.c: the one way an op happens:
//   check -> infer -> allocate -> run in ranges -> tell the tapes.
// Ranges, interruption and, later, threads and time slices live here and
// nowhere else.

#include "op/engine.h"
#include "op/op.h"

// About a millisecond's work: how long an interrupt may wait.
static const float RANGE_COST = 1e6F;

// --------------------------------------------------------------- checking --

static bool fail_dtype(nd_context *c, const char *param, int set, nd_dtype got)
{
  const char *wanted = set == ND_FLOATS    ? "float32 or float64"
                       : set == ND_NUMBERS ? "numbers"
                       : set == ND_INTS    ? "integers"
                       : set == ND_BOOLS   ? "bool"
                                           : "another dtype";
  return nd_fail(c, ND_BAD_ARGUMENT, "%s must be %s, got %s; use nd.cast",
                 param, wanted, nd_dtype_name(got));
}

// The dtype to cast to is a float if one of the two is.
static bool fail_mixed(nd_context *c, nd_dtype first, nd_dtype other)
{
  const bool other_wins = nd_dtype_in(other, ND_FLOATS) &&
                          !nd_dtype_in(first, ND_FLOATS);
  return nd_fail(c, ND_BAD_ARGUMENT,
                 "dtypes differ: %s and %s; use nd.cast(x, nd.%s)",
                 nd_dtype_name(first), nd_dtype_name(other),
                 nd_dtype_name(other_wins ? other : first));
}

// Inputs without a context are outlines that stand for many tensors.
static bool check_contexts(nd_context *c, const nd_args *a)
{
  for (int i = 0; i < a->n; i++) {
    const nd_context *home = a->in[i]->context;
    if (home != c && home != NULL)
      return nd_fail_foreign(c, "input", i + 1);
  }
  return true;
}

static bool check_dtypes(nd_context *c, const nd_op *op, const nd_args *a)
{
  const nd_tensor *first = NULL;
  const nd_param *p = op->params;
  for (int i = 0; i < a->n; i++) {
    while (p->kind != ND_TENSOR && p->kind != ND_TENSORS)
      p++;
    const nd_dtype dtype = (nd_dtype)a->in[i]->dtype;
    const int set = p->dtypes ? p->dtypes : op->dtypes;
    if (!nd_dtype_in(dtype, set))
      return fail_dtype(c, p->name, set, dtype);
    if (p->dtypes == 0) {
      if (first != NULL && first->dtype != dtype)
        return fail_mixed(c, (nd_dtype)first->dtype, dtype);
      first = a->in[i];
    }
    if (p->kind == ND_TENSOR)
      p++;
  }
  return true;
}

static bool has_null(const nd_args *a)
{
  for (int i = 0; i < a->n; i++) {
    if (a->in[i] == NULL)
      return true;
  }
  return false;
}

// -------------------------------------------------------------- inference --

// Shows input `i` and the one before it that it does not broadcast with.
static bool fail_broadcast(nd_context *c, const nd_args *a, int i)
{
  const nd_tensor *y = a->in[i];
  const nd_tensor *x = a->in[0];
  bool fits = true;
  for (int k = 0; k < i && fits; k++) {
    x = a->in[k];
    for (int j = 1; j <= x->rank && j <= y->rank; j++) {
      const int64_t p = x->dims[x->rank - j];
      const int64_t q = y->dims[y->rank - j];
      fits = fits && (p == q || p == 1 || q == 1);
    }
  }
  return nd_fail(c, ND_BAD_ARGUMENT, "shapes do not broadcast: %s and %s",
                 ND_SHAPE(x->rank, x->dims), ND_SHAPE(y->rank, y->dims));
}

bool nd_broadcast(nd_context *c, const nd_args *a, nd_type *out)
{
  out->rank = 0;
  for (int i = 0; i < a->n; i++) {
    if (a->in[i]->rank > out->rank)
      out->rank = a->in[i]->rank;
  }
  for (int axis = 0; axis < out->rank; axis++)
    out->shape[axis] = 1;
  for (int i = 0; i < a->n; i++) {
    const nd_tensor *x = a->in[i];
    const int missing = out->rank - x->rank;
    for (int j = 0; j < x->rank; j++) {
      int64_t *size = &out->shape[missing + j];
      if (*size == 1)
        *size = x->dims[j];
      else if (x->dims[j] != 1 && x->dims[j] != *size)
        return fail_broadcast(c, a, i);
    }
  }
  return true;
}

// The dtype that an elementwise kernel of `op` reads.
static nd_dtype kernel_dtype(const nd_op *op, nd_dtype dtype)
{
  const bool is_float = nd_dtype_in(dtype, ND_FLOATS);
  return op->result == ND_AS_FLOAT && !is_float ? ND_FLOAT32 : dtype;
}

static bool infer(nd_context *c, const nd_op *op, const nd_args *a,
                  nd_type *type)
{
  if (op->infer != NULL)
    return op->infer(c, a, type);
  const nd_dtype dtype = (nd_dtype)a->in[0]->dtype;
  type->dtype = op->result == ND_AS_BOOL ? ND_BOOL : kernel_dtype(op, dtype);
  return nd_broadcast(c, a, type);
}

// ---------------------------------------------------------------- running --

// Something that computes elements from..to-1.
typedef bool range_run(nd_context *c, const void *work, int64_t from,
                       int64_t to);

// Runs `work` over `size` elements that cost about `cost` ns each, in ranges
// between which an interrupt is noticed.
static bool run_in_ranges(nd_context *c, int64_t size, float cost,
                          range_run *run, const void *work)
{
  int64_t step = (int64_t)(RANGE_COST / (cost > 0 ? cost : 1));
  step = step < ND_BLOCK ? ND_BLOCK : step / ND_BLOCK * ND_BLOCK;
  for (int64_t from = 0; from < size; from += step) {
    const int64_t to = size - from < step ? size : from + step;
    if ((from > 0 && !nd_context_ready(c)) || !run(c, work, from, to))
      return false;
  }
  return true;
}

static bool run_job(nd_context *c, const void *work, int64_t from, int64_t to)
{
  const nd_job *job = work;
  return job->op->run(c, job, from, to);
}

static bool run_engine(nd_context *c, const void *work, int64_t from,
                       int64_t to)
{
  (void)c;
  nd_engine_run(work, from, to);
  return true;
}

// kernel(inputs) broadcast to `out`, all read as `dtype`.
static bool run_kernel(nd_context *c, nd_block_kernel *kernel, int n,
                       nd_tensor *const *inputs, nd_dtype dtype, float cost,
                       nd_tensor *out)
{
  const nd_dtype dtypes[] = { dtype, dtype, dtype, dtype };
  nd_engine e;
  nd_engine_start(&e, kernel, n, inputs, dtypes, out);
  return run_in_ranges(c, out->size, cost, run_engine, &e);
}

static bool run(nd_context *c, const nd_job *job)
{
  const nd_op *op = job->op;
  const nd_args *a = job->args;
  if (op->run != NULL)
    return run_in_ranges(c, job->out->size, op->cost, run_job, job);
  const nd_dtype dtype = kernel_dtype(op, (nd_dtype)a->in[0]->dtype);
  return run_kernel(c, op->kernels[c->level]->forward[dtype], a->n, a->in,
                    dtype, op->cost, job->out);
}

// The kernel of an elementwise op if all its inputs are scalars of the context
// and of one dtype that it reads, so that there is nothing to check, infer,
// walk or cast.
static nd_block_kernel *scalar_kernel(const nd_context *c, const nd_op *op,
                                      const nd_args *a)
{
  if (op->infer != NULL || op->check != NULL)
    return NULL;
  const nd_tensor *first = a->in[0];
  for (int i = 0; i < a->n; i++) {
    const nd_tensor *x = a->in[i];
    if (x == NULL || x->rank != 0 || x->dtype != first->dtype ||
        x->context != c)
      return NULL;
  }
  return op->kernels[c->level]->forward[first->dtype];
}

static nd_tensor *run_scalar(nd_context *c, const nd_op *op, const nd_args *a,
                             nd_block_kernel *kernel, nd_tensor *home)
{
  const nd_dtype in_dtype = (nd_dtype)a->in[0]->dtype;
  const nd_dtype dtype = op->result == ND_AS_BOOL ? ND_BOOL : in_dtype;
  nd_tensor *out = home;
  if (home != NULL)
    nd_scalar_start(c, home, dtype);
  else
    out = nd_scalar_make(c, dtype);
  if (out == NULL)
    return NULL;
  const void *in[ND_MAX_FEEDS];
  for (int i = 0; i < a->n; i++)
    in[i] = nd_values(a->in[i]);
  kernel(1, out->data, in);
  return out;
}

// Values may be many: they are not looked at for a result that is too large,
// which nd_tensor_make refuses.
static bool check_values(nd_context *c, const nd_op *op, const nd_args *a,
                         const nd_type *type)
{
  return op->check == NULL || nd_type_size(type) < 0 || op->check(c, a);
}

static nd_tensor *attempt(nd_context *c, const nd_op *op, const nd_args *a)
{
  nd_type type;
  if (!check_contexts(c, a) || !check_dtypes(c, op, a) ||
      !infer(c, op, a, &type) || !check_values(c, op, a, &type))
    return NULL;
  if (op->view != NULL)
    return op->view(c, a, &type);
  nd_job job = { .op = op, .args = a, .out = nd_tensor_make(c, &type) };
  if (job.out == NULL)
    return NULL;
  if (run(c, &job))
    return job.out;
  nd_tensor_release(job.out);
  return NULL;
}

// What fails has taken no stream of random numbers: trying again draws what it
// would have drawn.
static nd_tensor *compute(nd_context *c, const nd_op *op, const nd_args *a)
{
  const uint64_t stream = c->stream;
  nd_tensor *out = attempt(c, op, a);
  if (out == NULL)
    c->stream = stream;
  return out;
}

nd_tensor *nd_apply_at(nd_context *c, const nd_op *op, const nd_args *a,
                       nd_tensor *home)
{
  const char *before = nd_context_enter(c, op->name);
  nd_tensor *out = NULL;
  if (nd_context_ready(c)) {
    nd_block_kernel *kernel = scalar_kernel(c, op, a);
    if (kernel != NULL)
      out = run_scalar(c, op, a, kernel, home);
    else if (!has_null(a))
      out = compute(c, op, a);
  }
  if (out != NULL && c->on_apply != NULL && !c->on_apply(c, op, a, out)) {
    nd_tensor_release(out);
    out = NULL;
  }
  nd_context_leave(c, before);
  return out;
}

nd_tensor *nd_apply(nd_context *c, const nd_op *op, const nd_args *a)
{
  return nd_apply_at(c, op, a, NULL);
}

// ---------------------------------------------------------------- backward --

// What the kernel reads but the slope does not use may be an outline without
// values; `g` stands in for it.
static void choose_slope_inputs(const nd_op *op, const nd_args *a,
                                nd_tensor *out, nd_tensor *g, nd_tensor **in)
{
  in[0] = g;
  for (int j = 0; j < a->n; j++)
    in[1 + j] = op->needs >> j & 1 ? a->in[j] : g;
  in[1 + a->n] = op->needs & ND_NEEDS_OUT ? out : g;
}

nd_tensor *nd_apply_slope(nd_context *c, const nd_op *op, int i,
                          const nd_args *a, nd_tensor *out, nd_tensor *g)
{
  if (!nd_context_ready(c) || g == NULL)
    return NULL;
  const nd_dtype dtype = (nd_dtype)out->dtype;
  nd_block_kernel *kernel = op->kernels[c->level]->slope[i][dtype];
  nd_tensor *in[ND_MAX_FEEDS];
  choose_slope_inputs(op, a, out, g, in);
  if (out->rank == 0) {
    nd_tensor *y = nd_scalar_make(c, dtype);
    const void *p[ND_MAX_FEEDS];
    for (int j = 0; j < a->n + 2; j++)
      p[j] = nd_values(in[j]);
    if (y != NULL)
      kernel(1, y->data, p);
    return y;
  }
  const nd_type type = nd_type_of(out);
  nd_tensor *y = nd_tensor_make(c, &type);
  if (y == NULL || run_kernel(c, kernel, a->n + 2, in, dtype, op->cost, y))
    return y;
  nd_tensor_release(y);
  return NULL;
}
