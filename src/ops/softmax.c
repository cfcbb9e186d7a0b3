// ops/softmax.c: softmax, log_softmax and reduce_logsumexp. Each shifts a row
// by its largest element first, so nothing overflows.

#include <math.h>

#include "op/axes.h"
#include "op/rows.h"
#include "op/vocab_tensor.h"

// ------------------------------------------------ softmax and log_softmax --

static const nd_param axis_params[] = {
  { "x", ND_TENSOR, NULL, 0 },
  { "axis", ND_AXIS, "-1", 0 },
  { 0 },
};

static bool softmax_infer(nd_context *c, const nd_args *a, nd_type *out)
{
  const nd_tensor *x = a->in[0];
  if (x->rank == 0)
    return nd_fail(c, ND_BAD_ARGUMENT, "needs an axis: x is []");
  *out = nd_type_of(x);
  return nd_axis_resolve(c, a->attr[0].integer, x->rank) >= 0;
}

typedef void finish_kernel(int64_t rows, int64_t n, void *restrict y,
                           const double *restrict s);

// Finishes what nd_rows_measure kept of the tile.
static void finish_tile(nd_rows *l, finish_kernel *finish, char *out,
                        int64_t from, int64_t to)
{
  nd_piece p;
  for (int64_t i = 0; i < l->pieces; i++) {
    if (nd_rows_piece(l, i, from, to, &p))
      finish(p.rows, p.n, out + p.at * l->width, l->s + p.row);
  }
}

static bool softmax_run(nd_context *c, const nd_job *job, int64_t from,
                        int64_t to)
{
  char *out = job->out->data;
  nd_rows l;
  nd_rows_along(&l, c, job->args);
  for (int64_t row = nd_rows_first(&l, from);
       nd_rows_tile_in(&l, row, from, to); row += l.rows) {
    nd_rows_measure(&l, ND_KEEP_EXP, out, from, to);
    finish_tile(&l, l.k->divide, out, from, to);
  }
  return true;
}

static bool log_softmax_run(nd_context *c, const nd_job *job, int64_t from,
                            int64_t to)
{
  char *out = job->out->data;
  nd_rows l;
  nd_rows_along(&l, c, job->args);
  for (int64_t row = nd_rows_first(&l, from);
       nd_rows_tile_in(&l, row, from, to); row += l.rows) {
    nd_rows_measure(&l, ND_KEEP_SHIFTED, out, from, to);
    l.k->log(l.rows, l.s);
    finish_tile(&l, l.k->subtract, out, from, to);
  }
  return true;
}

extern const nd_op nd_op_log_softmax_tangent, nd_op_log_softmax_slope;

// `op` of the shares p and of `x` along the axis of `a`.
static nd_tensor *apply_along(nd_context *c, const nd_op *op, const nd_args *a,
                              nd_tensor *p, nd_tensor *x)
{
  nd_args b = { .n = 2, .in = b.few, .few = { p, x } };
  b.attr[0] = a->attr[0];
  return nd_rule_args(c, op, &b);
}

// dy[j] / dx[k] = y[j] ([j = k] - y[k]), which is symmetric.
static nd_tensor *softmax_vjp(nd_context *c, int i, const nd_args *a,
                              nd_tensor *out, nd_tensor *g)
{
  (void)i;
  nd_tensor *y = apply_along(c, &nd_op_log_softmax_tangent, a, out, g);
  return nd_rule_both(c, y, out);
}

static nd_tensor *softmax_jvp(nd_context *c, const nd_args *a, nd_tensor *out,
                              nd_tensor *const *t)
{
  return softmax_vjp(c, 0, a, out, t[0]);
}

static nd_tensor *log_softmax_vjp(nd_context *c, int i, const nd_args *a,
                                  nd_tensor *out, nd_tensor *g)
{
  (void)i;
  return apply_along(c, &nd_op_log_softmax_slope, a, EXP(out), g);
}

static nd_tensor *log_softmax_jvp(nd_context *c, const nd_args *a,
                                  nd_tensor *out, nd_tensor *const *t)
{
  return apply_along(c, &nd_op_log_softmax_tangent, a, EXP(out), t[0]);
}

#define AXIS_CASES                                                  \
  "[4]; [3 4]; [2 3 4] axis=2; [3 2] axis=1; [1 1]; [0 3]; [3 0]; " \
  "[2 0 3] axis=1"

const nd_op nd_op_softmax = {
  .name = "softmax",
  .module = "nn",
  .doc = "exp(x) / sum of exp(x) along axis, without overflow",
  .params = axis_params,
  .attrs = 1,
  .dtypes = ND_FLOATS,
  .derivative = ND_VJP,
  .needs = ND_NEEDS_OUT,
  .infer = softmax_infer,
  .run = softmax_run,
  .vjp = softmax_vjp,
  .jvp = softmax_jvp,
  .low = -3,
  .high = 3,
  .cases = AXIS_CASES,
  .cost = 2,
};

const nd_op nd_op_log_softmax = {
  .name = "log_softmax",
  .module = "nn",
  .doc = "x - reduce_logsumexp(x) along axis, without overflow",
  .params = axis_params,
  .attrs = 1,
  .dtypes = ND_FLOATS,
  .derivative = ND_VJP,
  .needs = ND_NEEDS_OUT,
  .infer = softmax_infer,
  .run = log_softmax_run,
  .vjp = log_softmax_vjp,
  .jvp = log_softmax_jvp,
  .low = -3,
  .high = 3,
  .cases = AXIS_CASES,
  .cost = 2,
};

// -------------------------------------------------------- reduce_logsumexp --

static const nd_param fold_params[] = {
  { "x", ND_TENSOR, NULL, 0 },
  { "axis", ND_AXES, "nil", 0 },
  { "keepdims", ND_FLAG, "false", 0 },
  { 0 },
};

// Sees the input as [kept, folded, kept at the end].
static void start_folding(nd_rows *l, nd_context *c, const nd_args *a)
{
  const nd_tensor *x = a->in[0];
  const int set = nd_axes_resolve(c, &a->attr[0], x->rank);
  int axes[ND_MAX_RANK];
  int n = 0;
  int tail = x->rank;
  int64_t length = 1;
  int64_t inner = 1;
  while (tail > 0 && !(set >> (tail - 1) & 1))
    inner *= x->dims[--tail];
  for (int i = 0; i < tail; i++) {
    if (!(set >> i & 1))
      axes[n++] = i;
  }
  for (int i = 0; i < tail; i++) {
    if (set >> i & 1) {
      axes[n++] = i;
      length *= x->dims[i];
    }
  }
  for (int i = tail; i < x->rank; i++)
    axes[n++] = i;
  nd_rows_start(l, x, axes, length, inner);
}

static bool logsumexp_run(nd_context *c, const nd_job *job, int64_t from,
                          int64_t to)
{
  nd_rows l;
  start_folding(&l, c, job->args);
  for (int64_t row = from; row < to; row += l.rows) {
    nd_rows_tile(&l, row, to);
    nd_rows_measure(&l, ND_KEEP_NONE, NULL, 0, 0);
    l.k->log(l.rows, l.s);
    l.k->join(l.rows, job->out->data + row * l.width, l.m, l.s);
  }
  return true;
}

static nd_tensor *softmax_along(nd_context *c, nd_tensor *x, int64_t axis)
{
  nd_args a = { .n = 1, .in = &x };
  a.attr[0] = (nd_attr){ .given = true, .integer = axis };
  return nd_rule_args(c, &nd_op_softmax, &a);
}

// Softmax over all folded axes.
static nd_tensor *shares(nd_context *c, const nd_args *a)
{
  const nd_attr *axes = &a->attr[0];
  if (axes->given && axes->n == 1)
    return softmax_along(c, a->in[0], axes->v[0]);
  nd_tensor *rows = nd_axes_to_rows(c, a, a->in[0]);
  return nd_axes_from_rows(c, a, softmax_along(c, rows, -1));
}

// `y`, or 0 where nothing but -inf was folded: there no share is defined.
static nd_tensor *drop_nothing(nd_context *c, nd_tensor *out, nd_tensor *y)
{
  return IF(EQ(out, NUM(-INFINITY)), NUM(0), y);
}

static nd_tensor *logsumexp_vjp(nd_context *c, int i, const nd_args *a,
                                nd_tensor *out, nd_tensor *g)
{
  (void)i;
  return CHAIN(nd_axes_keep(c, a, drop_nothing(c, out, g)), shares(c, a));
}

static nd_tensor *logsumexp_jvp(nd_context *c, const nd_args *a, nd_tensor *out,
                                nd_tensor *const *t)
{
  nd_args sum = *a;
  nd_tensor *parts = CHAIN(t[0], shares(c, a));
  sum.in = &parts;
  return drop_nothing(c, out, nd_rule_args(c, &nd_op_reduce_sum, &sum));
}

const nd_op nd_op_reduce_logsumexp = {
  .name = "reduce_logsumexp",
  .doc = "log of the sum of exp(x) over axes, without overflow; -inf of none",
  .params = fold_params,
  .attrs = 2,
  .dtypes = ND_FLOATS,
  .derivative = ND_VJP,
  .needs = 1 << 0 | ND_NEEDS_OUT,
  .infer = nd_axes_infer,
  .run = logsumexp_run,
  .vjp = logsumexp_vjp,
  .jvp = logsumexp_jvp,
  .low = -3,
  .high = 3,
  .cases = "[3 4]; [3 4] axis=1; [2 3 4] axis=2 keepdims=true; "
           "[2 3 4] axis=[1 3]; []; [0 3] axis=2; [3 0] axis=1",
  .cost = 100,
};

const nd_op *const nd_ops_softmax[] = { &nd_op_softmax, &nd_op_log_softmax,
                                        &nd_op_reduce_logsumexp, NULL };
