// ops/cross_entropy.c: cross entropy of labels with softmax(logits) over the
// last axis, for labels that are distributions and for labels that are classes.
//
// The gradient of the logits is an op of its own, one pass over them; users get
// it from a tape.

#include <string.h>

#include "op/integers.h"
#include "op/rows.h"
#include "ops/rules.h"

// ----------------------------------------------------------------- labels --

static bool is_sparse(const nd_tensor *labels)
{
  return nd_dtype_in((nd_dtype)labels->dtype, ND_INTS);
}

// Labels of a piece of the logits.
typedef struct reader {
  const nd_tensor *tensor;
  nd_reader z;         // of distributions, or of classes
  double x[ND_BLOCK];  // distributions that classes stand for
} reader;

static void start_labels(reader *labels, const nd_tensor *tensor)
{
  labels->tensor = tensor;
  nd_reader_start(&labels->z, tensor,
                  is_sparse(tensor) ? ND_INT64 : (nd_dtype)tensor->dtype);
}

// Classes as distributions: 1 at the label, else 0.
static void expand_classes(reader *labels, const nd_piece *p, int64_t length,
                           size_t width)
{
  const float single = 1;
  const double full = 1;
  const int64_t *label = nd_reader_at(&labels->z, p->at / length, p->rows);
  memset(labels->x, 0, (size_t)(p->rows * p->n) * width);
  for (int64_t r = 0; r < p->rows; r++) {
    const int64_t i = label[r] - 1 - (p->at + r * p->n) % length;
    if (i < 0 || i >= p->n)
      continue;
    memcpy((char *)labels->x + (size_t)(r * p->n + i) * width,
           width == sizeof single ? (const void *)&single : &full, width);
  }
}

static const void *load_labels(reader *labels, const nd_piece *p,
                               const nd_rows *logits)
{
  if (is_sparse(labels->tensor)) {
    expand_classes(labels, p, logits->length, (size_t)logits->width);
    return labels->x;
  }
  return nd_piece_load(p, &labels->z);
}

// --------------------------------------------------------------- the loss --

static bool has_classes(nd_context *c, const nd_tensor *logits)
{
  return logits->rank > 0 ||
         nd_fail(c, ND_BAD_ARGUMENT, "needs an axis of classes: logits is []");
}

// Logits without their last axis.
static void drop_classes(const nd_tensor *logits, nd_type *out)
{
  *out = nd_type_of(logits);
  out->rank--;
}

static bool soft_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *labels = j->in[0], *logits = j->in[1];
  if (!has_classes(c, logits))
    return false;
  drop_classes(logits, out);
  return nd_same_shape(labels, logits) ||
         nd_fail(c, ND_BAD_ARGUMENT,
                 "shapes differ: labels is %s, logits is %s",
                 ND_SHAPE(labels->rank, labels->dims),
                 ND_SHAPE(logits->rank, logits->dims));
}

static bool sparse_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *labels = j->in[0], *logits = j->in[1];
  if (!has_classes(c, logits))
    return false;
  drop_classes(logits, out);
  if (labels->rank == out->rank &&
      memcmp(labels->dims, out->shape,
             (size_t)out->rank * sizeof *out->shape) == 0)
    return true;
  return nd_fail(c, ND_BAD_ARGUMENT,
                 "labels must have the shape of logits without its last axis: "
                 "labels is %s, logits is %s",
                 ND_SHAPE(labels->rank, labels->dims),
                 ND_SHAPE(logits->rank, logits->dims));
}

static bool check_classes(nd_context *c, const nd_job *j)
{
  const nd_tensor *logits = j->in[1];
  const int64_t classes = logits->dims[logits->rank - 1];
  int64_t bad;
  if (nd_integers_within(j->in[0], 1, classes, true, &bad))
    return true;
  return nd_fail(c, ND_BAD_ARGUMENT, "label %lld is outside 1..%lld%s",
                 (long long)bad, (long long)classes,
                 bad == 0 ? "; labels count from 1 here" : "");
}

// loss[r] = sum over j of z[r j] (log(1 + s[r]) - (x[r j] - m[r]))
static void loss_run(const nd_job *j, int64_t from, int64_t to)
{
  const nd_tensor *logits = j->in[1];
  nd_rows l;
  reader labels;
  nd_piece p;
  double loss[ND_BLOCK];
  nd_rows_start(&l, logits, NULL, logits->dims[logits->rank - 1], 1);
  start_labels(&labels, j->in[0]);
  for (int64_t row = from; row < to; row += l.rows) {
    nd_rows_tile(&l, row, to);
    nd_rows_measure(&l, ND_KEEP_NONE, NULL, 0, 0);
    l.k->log(l.rows, l.s);
    memset(loss, 0, sizeof loss);
    for (int64_t i = 0; i < l.pieces; i++) {
      nd_rows_piece(&l, i, 0, INT64_MAX, &p);
      l.k->shift(p.rows, p.n, l.d, nd_rows_load(&l, &p), l.m);
      l.k->cross(p.rows, p.n, loss, load_labels(&labels, &p, &l), l.d, l.s);
    }
    l.k->give(l.rows, j->out[0]->data + row * l.width, loss);
  }
}

// ----------------------------------------------------------- its gradient --

// y[r j] = (p[r j] sum over k of z[r k] - z[r j]) g[r], with p = softmax(x).
// The sum is 1 for a distribution, and needed for the truth elsewhere.

static bool slope_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  *out = nd_type_of(j->in[1]);
  return true;
}

// The sum of the labels of each row of the tile.
static void add_labels(nd_rows *l, reader *labels, double *total)
{
  nd_piece p;
  for (int64_t r = 0; r < l->rows; r++)
    total[r] = is_sparse(labels->tensor) ? 1 : 0;
  for (int64_t i = 0; i < l->pieces && !is_sparse(labels->tensor); i++) {
    nd_rows_piece(l, i, 0, INT64_MAX, &p);
    l->k->sum(p.rows, p.n, total, load_labels(labels, &p, l));
  }
}

static void slope_run(const nd_job *j, int64_t from, int64_t to)
{
  const nd_tensor *logits = j->in[1];
  char *out = j->out[0]->data;
  nd_rows l;
  reader labels;
  nd_piece p;
  nd_reader gradient;
  double total[ND_BLOCK];
  nd_rows_start(&l, logits, NULL, logits->dims[logits->rank - 1], 1);
  start_labels(&labels, j->in[0]);
  nd_reader_start(&gradient, j->in[2], (nd_dtype)j->in[2]->dtype);
  for (int64_t row = nd_rows_first(&l, from);
       nd_rows_tile_in(&l, row, from, to); row += l.rows) {
    nd_rows_measure(&l, ND_KEEP_EXP, out, from, to);
    add_labels(&l, &labels, total);
    const void *g = nd_reader_at(&gradient, row, l.rows);
    for (int64_t i = 0; i < l.pieces; i++) {
      if (nd_rows_piece(&l, i, from, to, &p))
        l.k->slope(p.rows, p.n, out + p.at * l.width,
                   load_labels(&labels, &p, &l), l.s, total, g);
    }
  }
}

// ------------------------------------------------------------- derivatives --

// `g`, one number for each row of `like`, beside the classes.
static nd_tensor *per_row(nd_context *c, nd_tensor *g, const nd_tensor *like)
{
  int64_t shape[ND_MAX_RANK];
  memcpy(shape, like->dims, (size_t)like->rank * sizeof *shape);
  shape[like->rank - 1] = 1;
  return RESHAPE(g, like->rank, shape);
}

static nd_tensor *ones_per_row(nd_context *c, const nd_tensor *like)
{
  nd_tensor *one = nd_rule_number(c, like, 1);
  return BROADCAST(one, like->rank - 1, like->dims);
}

static nd_tensor *slope(nd_context *c, nd_tensor *labels, nd_tensor *logits,
                        nd_tensor *g)
{
  const nd_op *op = &nd_op_softmax_cross_entropy_slope;
  return nd_rule3(c, op, labels, logits, g);
}

static nd_tensor *slope_of_ones(nd_context *c, nd_tensor *labels,
                                nd_tensor *logits)
{
  return slope(c, labels, logits, ones_per_row(c, logits));
}

static void loss_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                     const bool *wanted, nd_tensor **gx)
{
  nd_tensor *labels = j->in[0], *logits = j->in[1];
  if (wanted[0])
    gx[0] = CHAIN(per_row(c, NEG(g[0]), logits), LOG_SOFTMAX(logits, -1));
  if (wanted[1])
    gx[1] = slope(c, labels, logits, g[0]);
}

static void loss_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                     nd_tensor **ty)
{
  nd_tensor *labels = j->in[0], *logits = j->in[1];
  nd_tensor *by_labels = NULL, *by_logits = NULL;
  if (t[0] != NULL)
    by_labels = NEG(SUM_ALONG(CHAIN(t[0], LOG_SOFTMAX(logits, -1)), -1, DROP));
  if (t[1] != NULL) {
    nd_tensor *parts = CHAIN(t[1], slope_of_ones(c, labels, logits));
    by_logits = SUM_ALONG(parts, -1, DROP);
  }
  ty[0] = ADD_ANY(by_labels, by_logits);
}

// How the slope changes with the logits in direction `t`, and symmetrically how
// its gradient `t` passes to the logits: g sum(z) p (t - sum(t p)).
static nd_tensor *bend(nd_context *c, const nd_job *j, nd_tensor *t)
{
  nd_tensor *labels = j->in[0], *logits = j->in[1];
  nd_tensor *p = SOFTMAX(logits, -1);
  nd_tensor *y = BOTH(CENTRE(p, t, -1), p);
  if (!is_sparse(labels))
    y = BOTH(y, SUM_ALONG(labels, -1, KEEP));
  return BOTH(y, per_row(c, j->in[2], logits));
}

static void slope_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                      const bool *wanted, nd_tensor **gx)
{
  nd_tensor *labels = j->in[0], *logits = j->in[1];
  if (wanted[0]) {
    nd_tensor *t = CENTRE(SOFTMAX(logits, -1), g[0], -1);
    gx[0] = NEG(BOTH(t, per_row(c, j->in[2], logits)));
  }
  if (wanted[1])
    gx[1] = bend(c, j, g[0]);
  if (wanted[2]) {
    nd_tensor *parts = CHAIN(g[0], slope_of_ones(c, labels, logits));
    gx[2] = SUM_ALONG(parts, -1, DROP);
  }
}

// Linear in labels and in g.
static void slope_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                      nd_tensor **ty)
{
  nd_tensor *labels = j->in[0], *logits = j->in[1];
  if (t[0] != NULL)
    ty[0] = BOTH(slope_of_ones(c, t[0], logits), per_row(c, j->in[2], logits));
  if (t[1] != NULL)
    ty[0] = ADD_ANY(ty[0], bend(c, j, t[1]));
  if (t[2] != NULL)
    ty[0] = ADD_ANY(ty[0], slope(c, labels, logits, t[2]));
}

// ------------------------------------------------------------- the entries --

static const nd_param soft_params[] = {
  { "labels", ND_TENSOR },
  { "logits", ND_TENSOR },
  { 0 },
};
static const nd_param sparse_params[] = {
  { "labels", ND_TENSOR, .dtypes = ND_INTS },
  { "logits", ND_TENSOR },
  { 0 },
};
static const nd_param slope_params[] = {
  { "labels", ND_TENSOR, .dtypes = ND_FLOATS | ND_INTS },
  { "logits", ND_TENSOR },
  { "g", ND_TENSOR },
  { 0 },
};

const nd_op nd_op_softmax_cross_entropy_with_logits = {
  .name = "softmax_cross_entropy_with_logits",
  .module = "nn",
  .doc = "-sum of labels * log_softmax(logits) over the last axis",
  .params = soft_params,
  .dtypes = ND_FLOATS,
  .derivative = ND_VJP,
  .needs = { 1 << 1, 1 << 0 | 1 << 1 },
  .infer = soft_infer,
  .run = loss_run,
  .vjp = loss_vjp,
  .jvp = loss_jvp,
  .jvp_within_needs = true,
  .low = .2,
  .high = 2,
  .cases = "[4] [4]; [3 4] [3 4]; [2 3 4] [2 3 4]; [2 1] [2 1]; "
           "[0 3] [0 3]; [3 0] [3 0]",
  .cost = 2,
};

const nd_op nd_op_sparse_softmax_cross_entropy_with_logits = {
  .name = "sparse_softmax_cross_entropy_with_logits",
  .module = "nn",
  .doc = "-log_softmax(logits) at labels, classes that count from 1",
  .params = sparse_params,
  .dtypes = ND_FLOATS,
  .derivative = ND_VJP,
  .needs = { 1 << 1, 1 << 0 | 1 << 1 },
  .infer = sparse_infer,
  .check = check_classes,
  .run = loss_run,
  .vjp = loss_vjp,
  .jvp = loss_jvp,
  .jvp_within_needs = true,
  .low = -3,
  .high = 3,
  .cases = "{1 3 2} [3 4]; {1 1} [2 1]",
  .cost = 2,
};

const nd_op nd_op_softmax_cross_entropy_slope = {
  .name = "softmax_cross_entropy_slope",
  .hidden = true,
  .doc = "gradient of a softmax cross entropy for its logits",
  .params = slope_params,
  .dtypes = ND_FLOATS,
  .derivative = ND_VJP,
  .needs = { 1 << 1 | 1 << 2, 1 << 0 | 1 << 1 | 1 << 2, 1 << 0 | 1 << 1 },
  .infer = slope_infer,
  .run = slope_run,
  .vjp = slope_vjp,
  .jvp = slope_jvp,
  .jvp_within_needs = true,
  .low = .2,
  .high = 2,
  .cases = "[4] [4] []; [3 4] [3 4] [3]; {1 3 2} [3 4] [3]",
  .cost = 3,
};

const nd_op *const nd_ops_cross_entropy[] = {
  &nd_op_softmax_cross_entropy_with_logits,
  &nd_op_sparse_softmax_cross_entropy_with_logits,
  &nd_op_softmax_cross_entropy_slope,
  NULL,
};
