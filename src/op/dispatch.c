// op/dispatch.c: the one way an op happens:
//   check -> infer -> allocate -> run -> tell the tapes.

#include "op/compose.h"
#include "op/kernel.h"
#include "op/pending.h"
#include "op/plain.h"
#include "op/slices.h"

// --------------------------------------------------------------- checking --

static bool fail_dtype(nd_context *c, const char *param, int set, nd_dtype got)
{
  const char *wanted = set == ND_FLOATS    ? "float32 or float64"
                       : set == ND_NUMBERS ? "numbers"
                       : set == ND_INTS    ? "integers"
                       : set == ND_BOOLS   ? "bool"
                                           : "another dtype";
  if (!nd_dtype_in(got, ND_VALUES) && (set & ND_FLOATS) != 0)
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "%s is %s, which is only stored; use nd.cast(x, nd.float32)",
                   param, nd_dtype_name(got));
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

// Inputs without a context are outlines that stand for many scalars.
static bool check_contexts(nd_context *c, const nd_job *j)
{
  for (int i = 0; i < j->n; i++) {
    const nd_context *home = j->in[i] != NULL ? j->in[i]->context : c;
    if (home != c && home != NULL)
      return nd_fail_foreign(c, "input", i + 1);
  }
  return true;
}

static bool check_dtypes(nd_context *c, const nd_job *j)
{
  const nd_tensor *first = NULL;
  const nd_param *p = j->op->params;
  for (int i = 0; i < j->n; i++) {
    while (!nd_param_is_tensor(p))
      p++;
    const nd_param *of = p;
    p += p->kind == ND_TENSOR;
    if (j->in[i] == NULL)
      continue;
    const nd_dtype dtype = (nd_dtype)j->in[i]->dtype;
    const int set = of->dtypes ? of->dtypes : j->op->dtypes;
    if (!nd_dtype_in(dtype, set))
      return fail_dtype(c, of->name, set, dtype);
    if (of->dtypes == 0) {
      if (first != NULL && first->dtype != dtype)
        return fail_mixed(c, (nd_dtype)first->dtype, dtype);
      first = j->in[i];
    }
  }
  return true;
}

// Whether input `i` may be left out.
static bool may_lack(const nd_op *op, int i)
{
  const nd_param *p = op->params;
  while (!nd_param_is_tensor(p) || (p->kind == ND_TENSOR && i-- > 0))
    p++;
  return nd_param_may_lack(p);
}

static bool check_inputs(nd_context *c, const nd_job *j)
{
  for (int i = 0; i < j->n; i++) {
    if (j->in[i] == NULL && !may_lack(j->op, i))
      return false;
  }
  return check_contexts(c, j) && check_dtypes(c, j);
}

// -------------------------------------------------------------- inference --

// Shows input `i` and the one before it that it does not broadcast with.
static bool fail_broadcast(nd_context *c, const nd_job *j, int i)
{
  const nd_tensor *y = j->in[i];
  const nd_tensor *x = j->in[0];
  bool fits = true;
  for (int k = 0; k < i && fits; k++) {
    x = j->in[k];
    for (int axis = 1; axis <= x->rank && axis <= y->rank; axis++) {
      const int64_t p = x->dims[x->rank - axis];
      const int64_t q = y->dims[y->rank - axis];
      fits = fits && (p == q || p == 1 || q == 1);
    }
  }
  return nd_fail(c, ND_BAD_ARGUMENT, "shapes do not broadcast: %s and %s",
                 ND_SHAPE(x->rank, x->dims), ND_SHAPE(y->rank, y->dims));
}

bool nd_broadcast(nd_context *c, const nd_job *j, nd_type *out)
{
  out->rank = 0;
  for (int i = 0; i < j->n; i++) {
    if (j->in[i]->rank > out->rank)
      out->rank = j->in[i]->rank;
  }
  for (int axis = 0; axis < out->rank; axis++)
    out->shape[axis] = 1;
  for (int i = 0; i < j->n; i++) {
    const nd_tensor *x = j->in[i];
    const int missing = out->rank - x->rank;
    for (int axis = 0; axis < x->rank; axis++) {
      int64_t *size = &out->shape[missing + axis];
      if (*size == 1)
        *size = x->dims[axis];
      else if (x->dims[axis] != 1 && x->dims[axis] != *size)
        return fail_broadcast(c, j, i);
    }
  }
  return true;
}

static bool infer(nd_context *c, const nd_job *j, nd_type *types)
{
  const nd_op *op = j->op;
  if (op->infer != NULL)
    return op->infer(c, j, types);
  types->dtype = nd_kernel_result(j, nd_kernel_dtype(j));
  return nd_broadcast(c, j, types);
}

// ---------------------------------------------------------------- running --

static bool force_inputs(int n, nd_tensor *const *in)
{
  for (int i = 0; i < n; i++) {
    if (!nd_force(in[i]))
      return false;
  }
  return true;
}

// Whether a set of inputs as in op->dense has input `i`.
static bool has_input(int set, int i)
{
  return set >> (i < 7 ? i : 7) & 1;
}

// The cost of one element of the result, for these shapes.
static float element_cost(const nd_job *j)
{
  const float cost = nd_op_cost(j->op);
  const int64_t size = j->out[0]->size;
  int64_t most = size;
  for (int i = 0; i < j->n; i++) {
    if (!has_input(j->op->picks, i) && j->in[i]->size > most)
      most = j->in[i]->size;
  }
  return most == size ? cost : cost * (float)most / (float)(size + 1);
}

static void run_elements(const void *what, void *shared, void *own,
                         int64_t from, int64_t to)
{
  const nd_job *j = what;
  j->op->run(j, from, to);
}

static void run_blocks(const void *what, void *shared, void *own, int64_t from,
                       int64_t to)
{
  nd_engine_run(what, from, to);
}

// The cost of one element of `out`, read and written in order.
static float moving_cost(const nd_elements *e, const nd_tensor *out)
{
  if (out->size <= ND_BLOCK)
    return nd_op_cost(e->op);
  size_t bytes = nd_dtype_size((nd_dtype)out->dtype);
  for (int i = 0; i < e->n; i++) {
    if (e->in[i]->size == out->size)
      bytes += nd_dtype_size((nd_dtype)e->in[i]->dtype);
  }
  return nd_moving_cost(nd_op_cost(e->op), (float)bytes, out->size);
}

// The elements of `out`, which has no values yet: now, or when somebody asks.
static bool run_elements_of(const nd_elements *e, nd_tensor *out)
{
  nd_context *c = out->context;
  if (!nd_slices_force(e->n, e->in))
    return false;
  if (nd_may_wait(e, out))
    return nd_wait_elements(e, out);
  if (!force_inputs(e->n, e->in) || !nd_tensor_give_values(out))
    return false;
  nd_engine engine;
  nd_engine_start(&engine, e->kernel, e->p, e->n, e->in, e->as, out);
  const nd_step step = { .units = out->size,
                         .cost = moving_cost(e, out),
                         .run = run_blocks };
  return nd_step_run(c, &step, &engine, NULL);
}

static nd_tensor *make_elements(nd_context *c, const nd_elements *e,
                                const nd_type *type)
{
  nd_tensor *out = nd_tensor_shell(c, type);
  if (out == NULL || run_elements_of(e, out))
    return out;
  nd_tensor_release(out);
  return NULL;
}

static bool run(nd_context *c, const nd_job *j)
{
  const nd_op *op = j->op;
  if (op->work != NULL) {
    const nd_work work = op->work(j);
    if (work.next != NULL)
      return nd_work_run(c, &work, j);
  }
  const nd_step step = { .units = j->out[0]->size,
                         .cost = element_cost(j),
                         .run = run_elements };
  return nd_step_run(c, &step, j, NULL);
}

static bool wants_copy(const nd_job *j, int i)
{
  return has_input(j->op->dense, i) && !j->in[i]->dense;
}

// Runs the job on copies of those inputs that it wants dense.
static bool run_on_copies(nd_context *c, const nd_job *j)
{
  const size_t bytes = (size_t)j->n * sizeof *j->in;
  nd_tensor **in = nd_memory_new(c, bytes, ND_MEMORY_OBJECT);
  if (in == NULL)
    return false;
  bool ok = true;
  for (int i = 0; i < j->n; i++) {
    in[i] = wants_copy(j, i) ? nd_tensor_dense(j->in[i]) : j->in[i];
    ok = ok && in[i] != NULL;
  }
  nd_job on_copies = *j;
  on_copies.in = in;
  ok = ok && run(c, &on_copies);
  for (int i = 0; i < j->n; i++) {
    if (wants_copy(j, i))
      nd_tensor_release(in[i]);
  }
  nd_memory_free(c, in, bytes, ND_MEMORY_OBJECT);
  return ok;
}

bool nd_job_run(nd_context *c, const nd_job *j)
{
  for (int i = 0; i < j->n && j->op->dense != 0; i++) {
    if (wants_copy(j, i))
      return run_on_copies(c, j);
  }
  return run(c, j);
}

// ---------------------------------------------------------------- applying --

// Values may be many: they are not looked at for a result that is too large,
// which nd_tensor_make refuses.
static bool check_values(nd_context *c, const nd_job *j, const nd_type *types)
{
  if (j->op->check == NULL)
    return true;
  for (int k = 0; k < j->outs; k++) {
    if (nd_type_size(&types[k]) < 0)
      return true;
  }
  return j->op->check(c, j);
}

static void make_outputs(nd_context *c, const nd_job *j, const nd_type *types)
{
  for (int k = 0; k < j->outs; k++) {
    j->out[k] = nd_tensor_make(c, &types[k]);
    if (j->out[k] == NULL)
      return;
  }
}

static bool has_outputs(const nd_job *j)
{
  for (int k = 0; k < j->outs; k++) {
    if (j->out[k] == NULL)
      return false;
  }
  return true;
}

static bool attempt_elements(nd_context *c, const nd_job *j,
                             const nd_type *type)
{
  const nd_dtype dtype = nd_kernel_dtype(j);
  nd_dtype dtypes[ND_FEW];
  double p[ND_MAX_ATTRS];
  nd_kernel_reads(j, dtype, dtypes);
  nd_kernel_parameters(j->op, j->attr, p);
  const nd_elements e = { .op = j->op,
                          .kernel = nd_kernel_find(c->level, j, dtype),
                          .p = p,
                          .n = j->n,
                          .in = j->in,
                          .as = dtypes };
  j->out[0] = make_elements(c, &e, type);
  return j->out[0] != NULL;
}

static bool attempt_fold(nd_context *c, const nd_job *j, const nd_span *span,
                         const nd_type *type)
{
  nd_tensor *out = nd_tensor_shell(c, type);
  j->out[0] = out;
  return out != NULL && nd_wait_fold(j->op, j->in[0], span, out);
}

static bool attempt_rows(nd_context *c, const nd_job *j, const nd_type *type)
{
  j->out[0] = nd_tensor_shell(c, type);
  return j->out[0] != NULL && nd_slices_wait(j, j->out[0]);
}

// Whether inputs that wait are computed whatever comes out; some ops look at
// values to infer a shape. What elementwise ops check are integers.
static bool is_eager(const nd_op *op)
{
  return op->kernels[0] == NULL && op->reduction == NULL && !op->by_type &&
         !op->rows;
}

static bool settle_inputs(const nd_job *j)
{
  if (is_eager(j->op))
    return force_inputs(j->n, j->in);
  return j->op->by_type || nd_slices_force(j->n, j->in);
}

static bool attempt(nd_context *c, const nd_job *j, nd_type *types)
{
  const nd_op *op = j->op;
  if (!settle_inputs(j) || !infer(c, j, types) || !check_values(c, j, types))
    return false;
  if (op->kernels[0] != NULL)
    return attempt_elements(c, j, types);
  nd_span span;
  if (nd_may_wait_fold(j, &span))
    return attempt_fold(c, j, &span, types);
  if (op->rows)
    return attempt_rows(c, j, types);
  if (op->reduction != NULL && !force_inputs(j->n, j->in))
    return false;
  if (op->view != NULL) {
    op->view(c, j, types);
    return has_outputs(j);
  }
  make_outputs(c, j, types);
  return has_outputs(j) && (j->outs == 0 || nd_job_run(c, j));
}

static bool attempt_many(nd_context *c, const nd_job *j)
{
  const size_t bytes = ((size_t)j->outs + 1) * sizeof(nd_type);
  nd_type *types = nd_memory_new(c, bytes, ND_MEMORY_OBJECT);
  if (types == NULL)
    return false;
  const bool ok = attempt(c, j, types);
  nd_memory_free(c, types, bytes, ND_MEMORY_OBJECT);
  return ok;
}

static void drop_outputs(const nd_job *j)
{
  for (int k = 0; k < j->outs; k++) {
    nd_tensor_release(j->out[k]);
    j->out[k] = NULL;
  }
}

// What fails has taken no stream of random numbers: trying again draws what it
// would have drawn.
static bool compute(nd_context *c, const nd_job *j)
{
  const uint64_t stream = c->stream;
  nd_type type;
  if (j->outs == 1 ? attempt(c, j, &type) : attempt_many(c, j))
    return true;
  drop_outputs(j);
  c->stream = stream;
  return false;
}

__attribute__((always_inline)) static inline bool is_told(nd_context *c,
                                                          const nd_job *j)
{
  if (!nd_context_has_recorders(c) || nd_recorders_applied(c, j))
    return true;
  drop_outputs(j);
  return false;
}

static int fixed_outs(const nd_op *op)
{
  int n = 0;
  while (op->results != NULL && op->results[n] != NULL)
    n++;
  return n > 0 ? n : 1;
}

bool nd_job_count(nd_context *c, nd_job *j)
{
  const char *before = nd_context_enter(c, j->op->name);
  const bool ok = nd_context_ready(c) && check_inputs(c, j);
  if (ok)
    j->outs = j->op->outs != NULL ? j->op->outs(c, j) : fixed_outs(j->op);
  nd_context_leave(c, before);
  return ok && j->outs >= 0;
}

static bool apply_composed(nd_context *c, const nd_job *j)
{
  return nd_compose(c, j) && (nd_hears_parts(j) || is_told(c, j));
}

bool nd_job_apply(nd_context *c, const nd_job *j)
{
  const char *before = nd_context_enter(c, j->op->name);
  const bool ok = nd_context_ready(c) && check_inputs(c, j) &&
                  (nd_is_composed(j) ? apply_composed(c, j)
                                     : compute(c, j) && is_told(c, j));
  nd_context_leave(c, before);
  return ok;
}

// --------------------------------------------------------------- one output --

// Of inputs of the context that are at hand and of one dtype, the one whose
// shape the result has if the others do or are one element; else NULL.
static const nd_tensor *find_like(const nd_context *c, int n,
                                  nd_tensor *const *in)
{
  const nd_tensor *like = in[0];
  for (int i = 0; i < n; i++) {
    const nd_tensor *x = in[i];
    if (x == NULL || x->context != c || x->dtype != in[0]->dtype || x->waits)
      return NULL;
    if (x->rank > like->rank || (x->rank == like->rank && x->size > like->size))
      like = x;
  }
  return like;
}

// The kernel of an elementwise op for inputs of which nothing is to be checked,
// inferred, walked or cast, in the shape of *like; NULL if there is.
static inline nd_block_kernel *plain_kernel(const nd_context *c,
                                            const nd_op *op, int n,
                                            nd_tensor *const *in,
                                            const nd_tensor **like)
{
  if (op->kernels[0] == NULL || op->infer != NULL || op->check != NULL ||
      op->params->dtypes != 0)
    return NULL;
  *like = find_like(c, n, in);
  if (*like == NULL || ((*like)->rank > 0 && !nd_is_plain(c, *like, n, in)))
    return NULL;
  return op->kernels[c->level]->forward[(*like)->dtype];
}

static inline nd_tensor *run_scalar(nd_context *c, int n,
                                    nd_tensor *const *inputs,
                                    nd_block_kernel *kernel, const double *p,
                                    nd_dtype dtype, nd_tensor *home)
{
  nd_tensor *out = home;
  if (home != NULL)
    nd_scalar_start(c, home, dtype);
  else
    out = nd_scalar_make(c, dtype);
  if (out == NULL)
    return NULL;
  const void *in[ND_MAX_FEEDS];
  for (int i = 0; i < n; i++)
    in[i] = nd_values(inputs[i]);
  kernel(1, p, out->data, in);
  return out;
}

// Inline in both of its callers: all arithmetic of scripts goes through here.
__attribute__((always_inline)) static inline nd_tensor *
apply_plain(nd_context *c, nd_job *j, const nd_tensor *like,
            nd_block_kernel *kernel, const double *p, nd_dtype dtype,
            nd_tensor *home)
{
  const char *before = nd_context_enter(c, j->op->name);
  if (nd_context_ready(c))
    *j->out = like->rank == 0
                ? run_scalar(c, j->n, j->in, kernel, p, dtype, home)
                : nd_plain_run(like, kernel, p, j->n, j->in, dtype);
  if (*j->out != NULL)
    is_told(c, j);
  nd_context_leave(c, before);
  return *j->out;
}

// The same with parameters.
__attribute__((noinline)) static nd_tensor *
apply_plain_with(nd_context *c, nd_job *j, const nd_tensor *like,
                 nd_tensor *home)
{
  const nd_dtype dtype = (nd_dtype)like->dtype;
  double p[ND_MAX_ATTRS];
  nd_kernel_parameters(j->op, j->attr, p);
  return apply_plain(c, j, like, nd_kernel_find(c->level, j, dtype), p,
                     nd_kernel_result(j, dtype), home);
}

nd_tensor *nd_apply_at(nd_context *c, const nd_op *op, int n,
                       nd_tensor *const *in, const nd_value *attr,
                       nd_tensor *home)
{
  nd_tensor *out = NULL;
  nd_job j = { .op = op, .n = n, .outs = 1, .in = in, .out = &out };
  j.attr = attr;
  nd_value initial[ND_MAX_ATTRS];
  const bool takes_more = op->attrs > 0;
  if (attr == NULL && takes_more) {
    nd_values_start(op, initial);
    j.attr = initial;
  }
  const nd_tensor *like;
  nd_block_kernel *kernel = plain_kernel(c, op, n, in, &like);
  if (kernel != NULL && takes_more)
    return apply_plain_with(c, &j, like, home);
  if (kernel != NULL)
    return apply_plain(c, &j, like, kernel, NULL,
                       op->result == ND_AS_BOOL ? ND_BOOL : like->dtype, home);
  nd_job_apply(c, &j);
  return out;
}

nd_tensor *nd_apply(nd_context *c, const nd_op *op, int n, nd_tensor *const *in,
                    const nd_value *attr)
{
  return nd_apply_at(c, op, n, in, attr, NULL);
}

// ---------------------------------------------------------------- backward --

// What the kernel reads but the slope does not use may be an outline without
// values; `g` stands in for it.
static void choose_slope_inputs(const nd_job *j, int i, nd_tensor *g,
                                nd_tensor **in)
{
  const int needs = nd_op_needs(j->op, i);
  in[0] = g;
  for (int k = 0; k < j->n; k++)
    in[1 + k] = needs >> k & 1 ? j->in[k] : g;
  in[1 + j->n] = needs & ND_NEEDS_OUT ? j->out[0] : g;
}

nd_tensor *nd_apply_scalar_slope(nd_context *c, const nd_op *op, int i,
                                 nd_dtype dtype, const double *p,
                                 const void *const *values)
{
  nd_tensor *y = nd_context_ready(c) ? nd_scalar_make(c, dtype) : NULL;
  if (y != NULL)
    op->kernels[c->level]->slope[i][dtype](1, p, y->data, values);
  return y;
}

static bool any_waits(int n, nd_tensor *const *in)
{
  for (int i = 0; i < n; i++) {
    if (in[i]->waits)
      return true;
  }
  return false;
}

nd_tensor *nd_apply_slope(nd_context *c, const nd_job *j, int i, nd_tensor *g)
{
  if (!nd_context_ready(c) || g == NULL)
    return NULL;
  if (nd_op_needs(j->op, i) == 0)
    return nd_tensor_keep(g);
  const nd_tensor *out = j->out[0];
  const nd_dtype dtype = (nd_dtype)out->dtype;
  const int n = j->n + 2;
  nd_tensor *in[ND_MAX_FEEDS];
  choose_slope_inputs(j, i, g, in);
  double p[ND_MAX_ATTRS];
  nd_kernel_parameters(j->op, j->attr, p);
  nd_block_kernel *kernel = j->op->kernels[c->level]->slope[i][dtype];
  const bool waits = any_waits(n, in);
  if (out->rank == 0 && !waits)
    return run_scalar(c, n, in, kernel, p, dtype, NULL);
  if (!waits && nd_is_plain(c, out, n, in))
    return nd_plain_run(out, kernel, p, n, in, dtype);
  const nd_dtype dtypes[] = { dtype, dtype, dtype, dtype, dtype };
  const nd_elements e = {
    .op = j->op, .kernel = kernel, .p = p, .n = n, .in = in, .as = dtypes
  };
  const nd_type type = nd_type_of(out);
  return make_elements(c, &e, &type);
}
