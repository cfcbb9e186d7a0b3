// ops/softmax_slope.c: the derivative of log_softmax, dy[j]/dx[k] = [j = k] -
// p[k] with p = softmax(x), as two ops that the rules of softmax and its kind
// are made of. Users get them from a tape.
//
//   log_softmax_tangent  t - sum(p t)   along the axis
//   log_softmax_slope    g - p sum(g)   its transpose
//
// A p near 1 would cancel what is left. So t is first taken relative to the t
// of that p, which changes no result because p sums to 1, and 1 - p is the sum
// of the others (kernel/softmax.h). Where all of t or g in a row are zero the
// result is zero, even if p is nan.

#include <string.h>

#include "op/rows.h"
#include "op/vocab_tensor.h"

static const nd_param params[] = {
  { "p", ND_TENSOR, NULL, 0 },
  { "x", ND_TENSOR, NULL, 0 },
  { "axis", ND_AXIS, "-1", 0 },
  { 0 },
};

static bool infer(nd_context *c, const nd_args *a, nd_type *out)
{
  (void)c;
  *out = nd_type_of(a->in[0]);
  return true;
}

// Tiles of both inputs, and two sums of each row.
typedef struct rows {
  nd_rows p;
  nd_beside x;
  double first[ND_BLOCK];
  double second[ND_BLOCK];
} rows;

static void start_rows(rows *l, nd_context *c, const nd_args *a)
{
  nd_rows_along(&l->p, c, a);
  nd_beside_start(&l->x, a->in[1]);
}

static void clear_sums(rows *l)
{
  const size_t bytes = (size_t)l->p.rows * sizeof *l->first;
  memset(l->first, 0, bytes);
  memset(l->second, 0, bytes);
}

// ---------------------------------------------------------------- kernels --

static void add_tangent(rows *l)
{
  const nd_softmax_kernels *k = l->p.k;
  nd_piece p;
  for (int64_t i = 0; i < l->p.pieces; i++) {
    nd_rows_piece(&l->p, i, 0, INT64_MAX, &p);
    k->chief(p.rows, p.n, l->first, nd_rows_load(&l->p, &p),
             nd_beside_load(&l->x, &p));
  }
  for (int64_t i = 0; i < l->p.pieces; i++) {
    nd_rows_piece(&l->p, i, 0, INT64_MAX, &p);
    k->mean(p.rows, p.n, l->second, nd_rows_load(&l->p, &p),
            nd_beside_load(&l->x, &p), l->first);
  }
}

static void give_tangent(rows *l, const nd_piece *p, void *out)
{
  l->p.k->centre(p->rows, p->n, out, nd_beside_load(&l->x, p),
                 l->first + p->row, l->second + p->row);
}

static void add_slope(rows *l)
{
  nd_piece p;
  for (int64_t i = 0; i < l->p.pieces; i++) {
    nd_rows_piece(&l->p, i, 0, INT64_MAX, &p);
    l->p.k->rest(p.rows, p.n, l->first, nd_rows_load(&l->p, &p));
    l->p.k->sum(p.rows, p.n, l->second, nd_beside_load(&l->x, &p));
  }
}

static void give_slope(rows *l, const nd_piece *p, void *out)
{
  l->p.k->spread(p->rows, p->n, out, nd_rows_load(&l->p, p),
                 nd_beside_load(&l->x, p), l->first + p->row,
                 l->second + p->row);
}

// Adds up each tile, then gives its elements within from..to-1.
static bool run_tiles(nd_context *c, const nd_job *job, int64_t from,
                      int64_t to, void (*add)(rows *l),
                      void (*give)(rows *l, const nd_piece *p, void *out))
{
  rows l;
  nd_piece p;
  start_rows(&l, c, job->args);
  for (int64_t row = nd_rows_first(&l.p, from);
       nd_rows_tile_in(&l.p, row, from, to); row += l.p.rows) {
    clear_sums(&l);
    add(&l);
    for (int64_t i = 0; i < l.p.pieces; i++) {
      if (nd_rows_piece(&l.p, i, from, to, &p))
        give(&l, &p, job->out->data + p.at * l.p.width);
    }
  }
  return true;
}

static bool tangent_run(nd_context *c, const nd_job *job, int64_t from,
                        int64_t to)
{
  return run_tiles(c, job, from, to, add_tangent, give_tangent);
}

static bool slope_run(nd_context *c, const nd_job *job, int64_t from,
                      int64_t to)
{
  return run_tiles(c, job, from, to, add_slope, give_slope);
}

// ------------------------------------------------------------- derivatives --

// Both are linear in x, and transposes of each other. In p they are linear too;
// that p sums to 1 stays so, and a constant that is added to the gradient of
// all p of a row therefore changes nothing.

extern const nd_op nd_op_log_softmax_tangent, nd_op_log_softmax_slope;

// `op` with the p and the axis of `a`.
static nd_tensor *apply(nd_context *c, const nd_op *op, const nd_args *a,
                        nd_tensor *x)
{
  nd_args b = { .n = 2, .in = b.few, .few = { a->in[0], x } };
  b.attr[0] = a->attr[0];
  return nd_rule_args(c, op, &b);
}

// The sum of `x` along the axis, which stays as an axis of size 1.
static nd_tensor *sum_along(nd_context *c, const nd_args *a, nd_tensor *x)
{
  nd_args sum = { .n = 1, .in = &x };
  sum.attr[0] = (nd_attr){ .given = true, .n = 1, .v = { a->attr[0].integer } };
  sum.attr[1].integer = 1;
  return nd_rule_args(c, &nd_op_reduce_sum, &sum);
}

static nd_tensor *tangent_vjp(nd_context *c, int i, const nd_args *a,
                              nd_tensor *out, nd_tensor *h)
{
  (void)out;
  if (i == 1)
    return apply(c, &nd_op_log_softmax_slope, a, h);
  return NEG(nd_rule_both(c, a->in[1], sum_along(c, a, h)));
}

static nd_tensor *tangent_jvp(nd_context *c, const nd_args *a, nd_tensor *out,
                              nd_tensor *const *t)
{
  (void)out;
  nd_tensor *y = NULL;
  if (t[1] != NULL)
    y = apply(c, &nd_op_log_softmax_tangent, a, t[1]);
  if (t[0] == NULL)
    return y;
  nd_tensor *mean = sum_along(c, a, nd_rule_both(c, t[0], a->in[1]));
  return y == NULL ? NEG(mean) : SUB(y, mean);
}

static nd_tensor *slope_vjp(nd_context *c, int i, const nd_args *a,
                            nd_tensor *out, nd_tensor *h)
{
  (void)out;
  if (i == 1)
    return apply(c, &nd_op_log_softmax_tangent, a, h);
  return NEG(nd_rule_both(c, h, sum_along(c, a, a->in[1])));
}

static nd_tensor *slope_jvp(nd_context *c, const nd_args *a, nd_tensor *out,
                            nd_tensor *const *t)
{
  (void)out;
  nd_tensor *y = NULL;
  if (t[1] != NULL)
    y = apply(c, &nd_op_log_softmax_slope, a, t[1]);
  if (t[0] == NULL)
    return y;
  nd_tensor *share = nd_rule_both(c, t[0], sum_along(c, a, a->in[1]));
  return y == NULL ? NEG(share) : SUB(y, share);
}

#define SHARED                                                       \
  .hidden = true, .params = params, .attrs = 1, .dtypes = ND_FLOATS, \
  .infer = infer, .derivative = ND_VJP, .needs = 1 << 0 | 1 << 1, .cost = 2

const nd_op nd_op_log_softmax_tangent = {
  .name = "log_softmax_tangent",
  .doc = "x - sum of p * x along axis, p = softmax",
  SHARED,
  .run = tangent_run,
  .vjp = tangent_vjp,
  .jvp = tangent_jvp,
};

const nd_op nd_op_log_softmax_slope = {
  .name = "log_softmax_slope",
  .doc = "x - p * sum of x along axis, p = softmax",
  SHARED,
  .run = slope_run,
  .vjp = slope_vjp,
  .jvp = slope_jvp,
};

const nd_op *const nd_ops_softmax_slope[] = { &nd_op_log_softmax_tangent,
                                              &nd_op_log_softmax_slope, NULL };
