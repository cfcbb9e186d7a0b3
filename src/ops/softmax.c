// ops/softmax.c: softmax, log_softmax and reduce_logsumexp. Each shifts a row
// by its largest element first, so nothing overflows.

#include <math.h>

#include "op/axes.h"
#include "op/rows.h"
#include "ops/rules.h"

enum { AXIS = 0, AXES = 0, KEEPDIMS };  // attributes

// ------------------------------------------------------------------- rows --

static void start_along(nd_rows *l, const nd_job *j)
{
  const nd_tensor *x = j->in[0];
  nd_rows_along(l, x, nd_axis_place(j->attr[AXIS].integer, x->rank));
}

// Sees the input as [kept, folded, kept at the end].
static void start_folding(nd_rows *l, const nd_job *j)
{
  const nd_tensor *x = j->in[0];
  const int set = nd_axes_set(&j->attr[AXES], x->rank);
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

static void start(nd_rows *l, const nd_job *j)
{
  (j->op == &nd_op_reduce_logsumexp ? start_folding : start_along)(l, j);
}

#define MEASURE(name, i)                                                    \
  static void name(const void *what, void *shared, void *own, int64_t from, \
                   int64_t to)                                              \
  {                                                                         \
    nd_rows l;                                                              \
    nd_tile tile;                                                           \
    start(&l, what);                                                        \
    nd_reader_use(&l.reader, &tile);                                        \
    nd_rows_run_step(&l, i, shared, from, to);                              \
  }

MEASURE(max_of_parts, 0)
MEASURE(max_of_rows, 1)
MEASURE(sum_of_parts, 2)
MEASURE(sum_of_rows, 3)

// Steps that measure long rows, then one over the elements of the output; or
// one over `tiles`, if there are these.
static bool next(const nd_job *j, nd_units_run *tiles, nd_units_run *finish,
                 nd_step *step, int i)
{
  static nd_units_run *const measure[ND_ROWS_STEPS] = {
    max_of_parts, max_of_rows, sum_of_parts, sum_of_rows
  };
  nd_rows l;
  start(&l, j);
  if (tiles != NULL && nd_rows_shared(&l) == 0)
    return nd_rows_step_tiles(&l, 2, tiles, step) && i == 0;
  *step = (nd_step){ .units = j->out[0]->size, .cost = 3, .run = finish };
  if (i < ND_ROWS_STEPS) {
    nd_rows_step(&l, step, i);
    step->run = measure[i];
  }
  return i <= ND_ROWS_STEPS;
}

// No work where rows are not long, and do not lie apart or are few.
static nd_work plan(const nd_job *j,
                    bool (*next_step)(const void *what, nd_step *step, int i))
{
  if (j->in[0]->size <= ND_ROWS_FEW)
    return (nd_work){ 0 };
  nd_rows l;
  start(&l, j);
  const size_t shared = nd_rows_shared(&l);
  const bool apart = l.inner > 1 && j->op != &nd_op_reduce_logsumexp;
  return (nd_work){ .shared = shared,
                    .next = shared > 0 || apart ? next_step : NULL };
}

// ------------------------------------------------ softmax and log_softmax --

static const nd_param axis_params[] = {
  { "x", ND_TENSOR },
  { "axis", ND_AXIS, "-1" },
  { 0 },
};

static bool softmax_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  *out = nd_type_of(j->in[0]);
  return nd_axis_infer(c, j, j->attr[AXIS].integer) >= 0;
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

// Elements from..to-1 of the tile.
static void softmax_tile(nd_rows *l, char *out, int64_t from, int64_t to)
{
  nd_rows_measure(l, ND_KEEP_EXP, out, from, to);
  finish_tile(l, l->k->divide, out, from, to);
}

static void log_softmax_tile(nd_rows *l, char *out, int64_t from, int64_t to)
{
  nd_rows_measure(l, ND_KEEP_SHIFTED, out, from, to);
  l->k->log(l->rows, l->s);
  finish_tile(l, l->k->subtract, out, from, to);
}

typedef void tile_function(nd_rows *l, char *out, int64_t from, int64_t to);

static tile_function *choose_tile(const nd_job *j)
{
  return j->op == &nd_op_softmax ? softmax_tile : log_softmax_tile;
}

static void run(const nd_job *j, int64_t from, int64_t to)
{
  nd_rows l;
  start_along(&l, j);
  for (int64_t row = nd_rows_first(&l, from);
       nd_rows_tile_in(&l, row, from, to); row += l.rows)
    choose_tile(j)(&l, j->out[0]->data, from, to);
}

static void run_tiles(const void *what, void *shared, void *own, int64_t from,
                      int64_t to)
{
  const nd_job *j = what;
  nd_rows l;
  start_along(&l, j);
  for (int64_t tile = from; tile < to; tile++) {
    nd_rows_seek(&l, tile);
    choose_tile(j)(&l, j->out[0]->data, 0, INT64_MAX);
  }
}

// Softmax, or its log, of long rows that were measured.
static void recall_tiles(const nd_job *j, void *shared, bool log, int64_t from,
                         int64_t to)
{
  char *out = j->out[0]->data;
  nd_rows l;
  nd_piece p;
  start(&l, j);
  for (int64_t row = nd_rows_first(&l, from);
       nd_rows_tile_in(&l, row, from, to); row += l.rows) {
    nd_rows_recall(&l, shared);
    if (log)
      l.k->log(l.rows, l.s);
    for (int64_t i = nd_rows_first_piece(&l, from);
         i < l.pieces && nd_rows_piece(&l, i, from, to, &p); i++) {
      char *y = out + p.at * l.width;
      void *d = log ? y : (void *)l.d;
      l.k->shift(p.rows, p.n, d, nd_rows_load(&l, &p),
                 (char *)l.m + p.row * l.width);
      if (!log)
        l.k->exp(p.rows * p.n, y, d);
      (log ? l.k->subtract : l.k->divide)(p.rows, p.n, y, l.s + p.row);
    }
  }
}

static void finish_softmax(const void *what, void *shared, void *own,
                           int64_t from, int64_t to)
{
  recall_tiles(what, shared, false, from, to);
}

static void finish_log_softmax(const void *what, void *shared, void *own,
                               int64_t from, int64_t to)
{
  recall_tiles(what, shared, true, from, to);
}

static bool softmax_next(const void *what, nd_step *step, int i)
{
  return next(what, run_tiles, finish_softmax, step, i);
}

static bool log_softmax_next(const void *what, nd_step *step, int i)
{
  return next(what, run_tiles, finish_log_softmax, step, i);
}

static nd_work softmax_work(const nd_job *j)
{
  return plan(j, softmax_next);
}

static nd_work log_softmax_work(const nd_job *j)
{
  return plan(j, log_softmax_next);
}

static nd_tensor *apply_along(nd_context *c, const nd_op *op, nd_tensor *x,
                              int64_t axis)
{
  const nd_value attr[] = { [AXIS] = nd_value_integer(axis) };
  return nd_rule_apply(c, op, 1, &x, attr);
}

nd_tensor *nd_rule_softmax(nd_context *c, nd_tensor *x, int64_t axis)
{
  return apply_along(c, &nd_op_softmax, x, axis);
}

nd_tensor *nd_rule_log_softmax(nd_context *c, nd_tensor *x, int64_t axis)
{
  return apply_along(c, &nd_op_log_softmax, x, axis);
}

// dy[j] / dx[k] = y[j] ([j = k] - y[k]), which is symmetric.
static nd_tensor *softmax_rule(nd_context *c, const nd_job *j, nd_tensor *g)
{
  nd_tensor *y = j->out[0];
  return BOTH(CENTRE(y, g, j->attr[AXIS].integer), y);
}

static void softmax_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                        const bool *wanted, nd_tensor **gx)
{
  gx[0] = softmax_rule(c, j, g[0]);
}

static void softmax_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                        nd_tensor **ty)
{
  ty[0] = softmax_rule(c, j, t[0]);
}

static void log_softmax_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                            const bool *wanted, nd_tensor **gx)
{
  gx[0] = UNCENTRE(EXP(j->out[0]), g[0], j->attr[AXIS].integer);
}

static void log_softmax_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                            nd_tensor **ty)
{
  ty[0] = CENTRE(EXP(j->out[0]), t[0], j->attr[AXIS].integer);
}

// Rows of more than one part, which lie beside each other in memory or not; and
// tiles of rows that lie apart.
#define LONG_CASES "[2 140000] axis=2; [50000 3] axis=1; [2 300 520] axis=2"
#define APART_CASES "; [3 40 530] axis=2"

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
  .needs = { ND_NEEDS_OUT },
  .infer = softmax_infer,
  .run = run,
  .work = softmax_work,
  .vjp = softmax_vjp,
  .jvp = softmax_jvp,
  .jvp_within_needs = true,
  .low = -3,
  .high = 3,
  .cases = AXIS_CASES,
  .long_cases = LONG_CASES APART_CASES,
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
  .needs = { ND_NEEDS_OUT },
  .infer = softmax_infer,
  .run = run,
  .work = log_softmax_work,
  .vjp = log_softmax_vjp,
  .jvp = log_softmax_jvp,
  .jvp_within_needs = true,
  .low = -3,
  .high = 3,
  .cases = AXIS_CASES,
  .long_cases = LONG_CASES APART_CASES,
  .cost = 2,
};

// -------------------------------------------------------- reduce_logsumexp --

static bool fold_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  return nd_axes_infer(c, j->in[0], &j->attr[AXES], j->attr[KEEPDIMS].integer,
                       out);
}

static void logsumexp_run(const nd_job *j, int64_t from, int64_t to)
{
  nd_rows l;
  nd_tile tile;
  start_folding(&l, j);
  nd_reader_use(&l.reader, &tile);
  for (int64_t row = from; row < to; row += l.rows) {
    nd_rows_tile(&l, row, to);
    nd_rows_measure(&l, ND_KEEP_NONE, NULL, 0, 0);
    l.k->log(l.rows, l.s);
    l.k->join(l.rows, j->out[0]->data + row * l.width, l.m, l.s);
  }
}

static void finish_logsumexp(const void *what, void *shared, void *own,
                             int64_t from, int64_t to)
{
  const nd_job *j = what;
  nd_rows l;
  start(&l, j);
  for (int64_t row = from; row < to; row += l.rows) {
    nd_rows_tile(&l, row, to);
    nd_rows_recall(&l, shared);
    l.k->log(l.rows, l.s);
    l.k->join(l.rows, j->out[0]->data + row * l.width, l.m, l.s);
  }
}

static bool logsumexp_next(const void *what, nd_step *step, int i)
{
  return next(what, NULL, finish_logsumexp, step, i);
}

static nd_work logsumexp_work(const nd_job *j)
{
  return plan(j, logsumexp_next);
}

// Softmax over all folded axes.
static nd_tensor *shares(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0];
  const nd_value axes = j->attr[AXES];
  if (axes.given && axes.n == 1)
    return SOFTMAX(x, axes.list[0]);
  return FROM_ROWS(SOFTMAX(AS_ROWS(x, x, axes), -1), x, axes);
}

// `y`, or 0 where nothing but -inf was folded: there no share is defined.
static nd_tensor *drop_nothing(nd_context *c, const nd_job *j, nd_tensor *y)
{
  return IF(EQ(j->out[0], NUM(-INFINITY)), NUM(0), y);
}

static void logsumexp_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                          const bool *wanted, nd_tensor **gx)
{
  nd_tensor *defined = drop_nothing(c, j, g[0]);
  gx[0] = CHAIN(KEEP_AXES(defined, j->in[0], j->attr[AXES]), shares(c, j));
}

static void logsumexp_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                          nd_tensor **ty)
{
  nd_tensor *parts = CHAIN(t[0], shares(c, j));
  ty[0] = drop_nothing(c, j,
                       SUM(parts, j->attr[AXES], j->attr[KEEPDIMS].integer));
}

const nd_op nd_op_reduce_logsumexp = {
  .name = "reduce_logsumexp",
  .doc = "log of the sum of exp(x) over axes, without overflow; -inf of none",
  .params = nd_fold_params,
  .attrs = 2,
  .dtypes = ND_FLOATS,
  .derivative = ND_VJP,
  .needs = { 1 << 0 | ND_NEEDS_OUT },
  .infer = fold_infer,
  .run = logsumexp_run,
  .work = logsumexp_work,
  .vjp = logsumexp_vjp,
  .jvp = logsumexp_jvp,
  .jvp_within_needs = true,
  .low = -3,
  .high = 3,
  .cases = "[3 4]; [3 4] axis=1; [2 3 4] axis=2 keepdims=true; "
           "[2 3 4] axis=[1 3]; []; [0 3] axis=2; [3 0] axis=1",
  .long_cases = LONG_CASES "; [2 140000]; [140000]",
  .cost = 2,
};

const nd_op *const nd_ops_softmax[] = { &nd_op_softmax, &nd_op_log_softmax,
                                        &nd_op_reduce_logsumexp, NULL };
