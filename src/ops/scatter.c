// ops/scatter.c: parts of tensors by lists of indices along their first axes:
// gather_nd, scatter_nd, and what becomes of a tensor when others meet its
// parts. All are rows by position (ops/gather.c, ops/scatter_rows.c).

#include <string.h>

#include "ops/rules.h"

// A tensor of some shape as rows by the lists in `indices`: one position for
// each, and the shape with the axes that these count along as one.
typedef struct rows {
  nd_tensor *positions;
  int rank;
  int64_t shape[ND_MAX_RANK];
} rows;

static rows find_rows(nd_context *c, nd_tensor *indices, int rank,
                      const int64_t *shape, int64_t batch_dims)
{
  rows r = { .positions = ROW_POSITIONS(indices, rank, shape, batch_dims) };
  if (r.positions == NULL)
    return r;
  const int axes = (int)(batch_dims + indices->dims[indices->rank - 1]);
  r.rank = 1 + rank - axes;
  if (r.rank > ND_MAX_RANK) {
    nd_fail(c, ND_BAD_ARGUMENT, "at most %d axes, lists of no indices need %d",
            ND_MAX_RANK, r.rank);
    r.positions = NULL;
    return r;
  }
  r.shape[0] = 1;
  for (int i = 0; i < axes; i++)
    r.shape[0] *= shape[i];
  memcpy(r.shape + 1, shape + axes, (size_t)(rank - axes) * sizeof *shape);
  return r;
}

// --------------------------------------------------------------- gather_nd --

static const nd_param gather_params[] = {
  { "x", ND_TENSOR },
  { "indices", ND_TENSOR, .dtypes = ND_INTS },
  { "batch_dims", ND_INTEGER, "0" },
  { 0 },
};

static void gather_nd(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0];
  const rows r = find_rows(c, j->in[1], x->rank, x->dims, j->attr[0].integer);
  if (r.positions != NULL)
    j->out[0] = GATHER(RESHAPE(x, r.rank, r.shape), r.positions);
}

const nd_op nd_op_gather_nd = {
  .name = "gather_nd",
  .doc =
    "for each list of indices, along the last axis of indices, the part of "
    "x that they lead to",
  .params = gather_params,
  .attrs = 1,
  .dtypes = ND_ANY,
  .derivative = ND_COMPOSED,
  .compose = gather_nd,
  .low = -3,
  .high = 3,
  .cases = "[5 3] {{1} {3} {3} {-1}}; [2 3] {{1 2} {-1 -1}}; [4] {{2} {2}}; "
           "[2 3 2] {{1} {3}} batch_dims=1",
};

// -------------------------------------------------------------- scatter_nd --

static const nd_param scatter_params[] = {
  { "indices", ND_TENSOR, .dtypes = ND_INTS },
  { "updates", ND_TENSOR },
  { "shape", ND_SIZES },
  { 0 },
};

// Whether `updates` have the shape of the positions and then of a row.
static bool check_updates(nd_context *c, const rows *r,
                          const nd_tensor *updates)
{
  const nd_tensor *at = r->positions;
  bool fits = updates->rank == at->rank + r->rank - 1;
  for (int i = 0; fits && i < updates->rank; i++)
    fits = updates->dims[i] ==
           (i < at->rank ? at->dims[i] : r->shape[1 + i - at->rank]);
  return fits || nd_fail(c, ND_BAD_ARGUMENT,
                         "shapes differ: indices stand for %s parts of %s, "
                         "updates are %s",
                         ND_SHAPE(at->rank, at->dims),
                         ND_SHAPE(r->rank - 1, r->shape + 1),
                         ND_SHAPE(updates->rank, updates->dims));
}

static void scatter_nd(nd_context *c, const nd_job *j)
{
  const nd_value *shape = &j->attr[0];
  if (!nd_sizes_check(c, shape->n, shape->list))
    return;
  const rows r = find_rows(c, j->in[0], shape->n, shape->list, 0);
  if (r.positions == NULL || !check_updates(c, &r, j->in[1]))
    return;
  nd_tensor *sums = SEGMENT_SUM(j->in[1], r.positions, r.shape[0]);
  j->out[0] = RESHAPE(sums, shape->n, shape->list);
}

const nd_op nd_op_scatter_nd = {
  .name = "scatter_nd",
  .doc =
    "zeros of that shape with updates added where lists of indices lead to",
  .params = scatter_params,
  .attrs = 1,
  .dtypes = ND_NUMBERS,
  .derivative = ND_COMPOSED,
  .compose = scatter_nd,
  .low = -3,
  .high = 3,
  .cases = "{{1} {3} {3} {-1}} [4 3] shape=[5 3]; "
           "{{1 2} {-1 -1}} [2] shape=[2 3]; {{2} {2}} [2] shape=[4]",
};

// ------------------------------------------------------- tensor_scatter_nd --

static const nd_param tensor_params[] = {
  { "tensor", ND_TENSOR },
  { "indices", ND_TENSOR, .dtypes = ND_INTS },
  { "updates", ND_TENSOR },
  { 0 },
};

static void meet(nd_context *c, const nd_job *j, nd_scatter_way way)
{
  nd_tensor *x = j->in[0];
  const rows r = find_rows(c, j->in[1], x->rank, x->dims, 0);
  if (r.positions == NULL || !check_updates(c, &r, j->in[2]))
    return;
  nd_tensor *y = SCATTER(RESHAPE(x, r.rank, r.shape), r.positions, j->in[2],
                         way);
  j->out[0] = RESHAPE(y, x->rank, x->dims);
}

/* name, way, dtypes, doc */
#define OPS(OP)                                                                \
  OP(                                                                          \
    tensor_scatter_nd_update, ND_SCATTER_UPDATE, ND_ANY,                       \
    "tensor with updates where lists of indices lead to; the last of several " \
    "wins")                                                                    \
  OP(tensor_scatter_nd_add, ND_SCATTER_ADD, ND_NUMBERS,                        \
     "tensor with updates added where lists of indices lead to")               \
  OP(tensor_scatter_nd_sub, ND_SCATTER_SUB, ND_NUMBERS,                        \
     "tensor with updates subtracted where lists of indices lead to")          \
  OP(tensor_scatter_nd_max, ND_SCATTER_MAX, ND_NUMBERS,                        \
     "tensor with the larger of its parts and of the updates that meet them; " \
     "equals share the gradient")                                              \
  OP(                                                                          \
    tensor_scatter_nd_min, ND_SCATTER_MIN, ND_NUMBERS,                         \
    "tensor with the smaller of its parts and of the updates that meet them; " \
    "equals share the gradient")

#define DEFINE(word, way, set, text)                                       \
  static void word(nd_context *c, const nd_job *j)                         \
  {                                                                        \
    meet(c, j, way);                                                       \
  }                                                                        \
  const nd_op nd_op_##word = {                                             \
    .name = #word,                                                         \
    .doc = text,                                                           \
    .params = tensor_params,                                               \
    .dtypes = set,                                                         \
    .derivative = ND_COMPOSED,                                             \
    .compose = word,                                                       \
    .low = -3,                                                             \
    .high = 3,                                                             \
    .cases = "[5 3] {{1} {3} {3} {-1}} [4 3]; [2 3] {{1 2} {-1 -1}} [2]; " \
             "[4] {{2} {2}} [2]",                                          \
  };

OPS(DEFINE)

#define LIST(word, way, set, text) &nd_op_##word,

const nd_op *const nd_ops_scatter[] = {
  &nd_op_gather_nd,
  &nd_op_scatter_nd,
  OPS(LIST) NULL,
};
