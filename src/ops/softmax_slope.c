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

#include "op/axes.h"
#include "op/rows.h"
#include "ops/rules.h"

enum { AXIS };  // attribute

static const nd_param params[] = {
  { "p", ND_TENSOR },
  { "x", ND_TENSOR },
  { "axis", ND_AXIS, "-1" },
  { 0 },
};

static bool infer(nd_context *c, const nd_job *j, nd_type *out)
{
  *out = nd_type_of(j->in[0]);
  return true;
}

// Tiles of both inputs, and two sums of each row.
typedef struct rows {
  nd_rows p;
  nd_reader x;
  double first[ND_BLOCK];
  double second[ND_BLOCK];
} rows;

static void start_rows(rows *l, const nd_job *j)
{
  const nd_tensor *p = j->in[0];
  nd_rows_along(&l->p, p, nd_axis_place(j->attr[AXIS].integer, p->rank));
  nd_reader_start(&l->x, j->in[1], (nd_dtype)j->in[1]->dtype);
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
             nd_piece_load(&p, &l->x));
  }
  for (int64_t i = 0; i < l->p.pieces; i++) {
    nd_rows_piece(&l->p, i, 0, INT64_MAX, &p);
    k->mean(p.rows, p.n, l->second, nd_rows_load(&l->p, &p),
            nd_piece_load(&p, &l->x), l->first);
  }
}

static void give_tangent(rows *l, const nd_piece *p, void *out)
{
  l->p.k->centre(p->rows, p->n, out, nd_piece_load(p, &l->x), l->first + p->row,
                 l->second + p->row);
}

static void add_slope(rows *l)
{
  nd_piece p;
  for (int64_t i = 0; i < l->p.pieces; i++) {
    nd_rows_piece(&l->p, i, 0, INT64_MAX, &p);
    l->p.k->rest(p.rows, p.n, l->first, nd_rows_load(&l->p, &p));
    l->p.k->sum(p.rows, p.n, l->second, nd_piece_load(&p, &l->x));
  }
}

static void give_slope(rows *l, const nd_piece *p, void *out)
{
  l->p.k->spread(p->rows, p->n, out, nd_rows_load(&l->p, p),
                 nd_piece_load(p, &l->x), l->first + p->row,
                 l->second + p->row);
}

// Adds up each tile, then gives its elements within from..to-1.
static void run_tiles(const nd_job *j, int64_t from, int64_t to,
                      void (*add)(rows *l),
                      void (*give)(rows *l, const nd_piece *p, void *out))
{
  rows l;
  nd_piece p;
  start_rows(&l, j);
  for (int64_t row = nd_rows_first(&l.p, from);
       nd_rows_tile_in(&l.p, row, from, to); row += l.p.rows) {
    clear_sums(&l);
    add(&l);
    for (int64_t i = 0; i < l.p.pieces; i++) {
      if (nd_rows_piece(&l.p, i, from, to, &p))
        give(&l, &p, j->out[0]->data + p.at * l.p.width);
    }
  }
}

// Tiles from..to-1 where rows lie apart.
static void run_apart(const nd_job *j, int64_t from, int64_t to,
                      void (*add)(rows *l),
                      void (*give)(rows *l, const nd_piece *p, void *out))
{
  rows l;
  nd_piece p;
  start_rows(&l, j);
  for (int64_t tile = from; tile < to; tile++) {
    nd_rows_seek(&l.p, tile);
    clear_sums(&l);
    add(&l);
    for (int64_t i = 0; i < l.p.pieces; i++) {
      nd_rows_piece(&l.p, i, 0, INT64_MAX, &p);
      give(&l, &p, j->out[0]->data + p.at * l.p.width);
    }
  }
}

static void tangent_tiles(const void *what, void *shared, void *own,
                          int64_t from, int64_t to)
{
  run_apart(what, from, to, add_tangent, give_tangent);
}

static void slope_tiles(const void *what, void *shared, void *own, int64_t from,
                        int64_t to)
{
  run_apart(what, from, to, add_slope, give_slope);
}

static bool next(const void *what, nd_step *step, int i)
{
  const nd_job *j = what;
  const bool tangent = j->op == &nd_op_log_softmax_tangent;
  rows l;
  start_rows(&l, j);
  return nd_rows_step_tiles(&l.p, 2, tangent ? tangent_tiles : slope_tiles,
                            step) &&
         i == 0;
}

// No work where rows lie in one piece, or are few.
static nd_work work(const nd_job *j)
{
  const nd_tensor *x = j->in[0];
  const int axis = nd_axis_place(j->attr[AXIS].integer, x->rank);
  int64_t inner = 1;
  for (int i = axis + 1; i < x->rank; i++)
    inner *= x->dims[i];
  return (nd_work){ .next = inner > 1 && x->size > ND_ROWS_FEW ? next : NULL };
}

static void tangent_run(const nd_job *j, int64_t from, int64_t to)
{
  run_tiles(j, from, to, add_tangent, give_tangent);
}

static void slope_run(const nd_job *j, int64_t from, int64_t to)
{
  run_tiles(j, from, to, add_slope, give_slope);
}

// ------------------------------------------------------------- derivatives --

// Both are linear in x, and transposes of each other. In p they are linear too;
// that p sums to 1 stays so, and a constant that is added to the gradient of
// all p of a row therefore changes nothing.

static nd_tensor *apply_along(nd_context *c, const nd_op *op, nd_tensor *p,
                              nd_tensor *x, int64_t axis)
{
  const nd_value attr[] = { [AXIS] = nd_value_integer(axis) };
  return nd_rule_apply(c, op, 2, (nd_tensor *[]){ p, x }, attr);
}

nd_tensor *nd_rule_centre(nd_context *c, nd_tensor *p, nd_tensor *x,
                          int64_t axis)
{
  return apply_along(c, &nd_op_log_softmax_tangent, p, x, axis);
}

nd_tensor *nd_rule_uncentre(nd_context *c, nd_tensor *p, nd_tensor *x,
                            int64_t axis)
{
  return apply_along(c, &nd_op_log_softmax_slope, p, x, axis);
}

static void tangent_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                        const bool *wanted, nd_tensor **gx)
{
  const int64_t axis = j->attr[AXIS].integer;
  if (wanted[0])
    gx[0] = NEG(BOTH(j->in[1], SUM_ALONG(g[0], axis, KEEP)));
  if (wanted[1])
    gx[1] = UNCENTRE(j->in[0], g[0], axis);
}

static void tangent_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                        nd_tensor **ty)
{
  const int64_t axis = j->attr[AXIS].integer;
  nd_tensor *by_p = NULL, *by_x = NULL;
  if (t[0] != NULL)
    by_p = NEG(SUM_ALONG(BOTH(t[0], j->in[1]), axis, KEEP));
  if (t[1] != NULL)
    by_x = CENTRE(j->in[0], t[1], axis);
  ty[0] = ADD_ANY(by_x, by_p);
}

static void slope_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                      const bool *wanted, nd_tensor **gx)
{
  const int64_t axis = j->attr[AXIS].integer;
  if (wanted[0])
    gx[0] = NEG(BOTH(g[0], SUM_ALONG(j->in[1], axis, KEEP)));
  if (wanted[1])
    gx[1] = CENTRE(j->in[0], g[0], axis);
}

static void slope_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                      nd_tensor **ty)
{
  const int64_t axis = j->attr[AXIS].integer;
  nd_tensor *by_p = NULL, *by_x = NULL;
  if (t[0] != NULL)
    by_p = NEG(BOTH(t[0], SUM_ALONG(j->in[1], axis, KEEP)));
  if (t[1] != NULL)
    by_x = UNCENTRE(j->in[0], t[1], axis);
  ty[0] = ADD_ANY(by_x, by_p);
}

#define SHARED                                                       \
  .hidden = true, .params = params, .attrs = 1, .dtypes = ND_FLOATS, \
  .infer = infer, .derivative = ND_VJP, .needs = { 1 << 1, 1 << 0 }, .cost = 2

const nd_op nd_op_log_softmax_tangent = {
  .name = "log_softmax_tangent",
  .doc = "x - sum of p * x along axis, p = softmax",
  SHARED,
  .run = tangent_run,
  .work = work,
  .vjp = tangent_vjp,
  .jvp = tangent_jvp,
  .jvp_within_needs = true,
};

const nd_op nd_op_log_softmax_slope = {
  .name = "log_softmax_slope",
  .doc = "x - p * sum of x along axis, p = softmax",
  SHARED,
  .run = slope_run,
  .work = work,
  .vjp = slope_vjp,
  .jvp = slope_jvp,
  .jvp_within_needs = true,
};

const nd_op *const nd_ops_softmax_slope[] = { &nd_op_log_softmax_tangent,
                                              &nd_op_log_softmax_slope, NULL };
