// ops/shape.c: ops that change the shape and none of the values: transpose,
// reshape, squeeze, expand_dims, broadcast_to. All are views where strides
// allow, and all are linear.

#include <string.h>

#include "op/axes.h"
#include "ops/rules.h"

enum { PERM = 0, SHAPE = 0, AXIS = 0 };  // attributes

static const nd_param transpose_params[] = {
  { "x", ND_TENSOR },
  { "perm", ND_AXES, "nil" },
  { 0 },
};
static const nd_param shape_params[] = {
  { "x", ND_TENSOR },
  { "shape", ND_SIZES },
  { 0 },
};
static const nd_param axis_params[] = {
  { "x", ND_TENSOR },
  { "axis", ND_AXIS },
  { 0 },
};
static const nd_param axes_params[] = {
  { "x", ND_TENSOR },
  { "axis", ND_AXES, "nil" },
  { 0 },
};

// -------------------------------------------------------------- transpose --

// The input's axis that becomes each output axis; all reversed by default.
static bool resolve_perm(nd_context *c, const nd_job *j, int *perm)
{
  const nd_value *p = &j->attr[PERM];
  const int rank = j->in[0]->rank;
  if (!p->given) {
    for (int i = 0; i < rank; i++)
      perm[i] = rank - 1 - i;
    return true;
  }
  if (p->n != rank)
    return nd_fail(c, ND_BAD_ARGUMENT, "perm has %d axes, x is %s", p->n,
                   ND_SHAPE(rank, j->in[0]->dims));
  if (nd_axes_resolve(c, p, rank) < 0)
    return false;
  for (int i = 0; i < rank; i++)
    perm[i] = nd_axis_resolve(c, p->list[i], rank);
  return true;
}

static bool transpose_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  int perm[ND_MAX_RANK];
  if (!resolve_perm(c, j, perm))
    return false;
  *out = nd_type_of(j->in[0]);
  for (int i = 0; i < out->rank; i++)
    out->shape[i] = j->in[0]->dims[perm[i]];
  return true;
}

static void transpose_view(nd_context *c, const nd_job *j, const nd_type *type)
{
  const nd_tensor *x = j->in[0];
  int perm[ND_MAX_RANK];
  int64_t strides[ND_MAX_RANK];
  if (!resolve_perm(c, j, perm))
    return;
  for (int i = 0; i < type->rank; i++)
    strides[i] = nd_strides(x)[perm[i]];
  j->out[0] = nd_tensor_view(j->in[0], type->rank, type->shape, strides, 0);
}

nd_tensor *nd_rule_transpose(nd_context *c, nd_tensor *x, const int64_t *perm)
{
  if (x == NULL)
    return NULL;
  const nd_value attr[] = { [PERM] = nd_value_list(x->rank, perm) };
  return nd_rule_apply(c, &nd_op_transpose, 1, &x, attr);
}

// Which axis becomes axis `i`: one of those that move, or of the others, which
// stay in order.
static int find_moved(int i, int from, int count, int to)
{
  if (i >= to && i < to + count)
    return from + i - to;
  const int other = i < to ? i : i - count;
  return other < from ? other : other + count;
}

nd_tensor *nd_rule_move_axes(nd_context *c, nd_tensor *x, int from, int count,
                             int to)
{
  if (x == NULL || from == to)
    return x;
  int64_t perm[ND_MAX_RANK];
  for (int i = 0; i < x->rank; i++)
    perm[i] = find_moved(i, from, count, to) + 1;
  return TRANSPOSE(x, perm);
}

static void transpose_transpose(nd_context *c, const nd_job *j,
                                nd_tensor *const *g, const bool *wanted,
                                nd_tensor **gx)
{
  int perm[ND_MAX_RANK];
  int64_t back[ND_MAX_RANK];
  if (!resolve_perm(c, j, perm))
    return;
  for (int i = 0; i < g[0]->rank; i++)
    back[perm[i]] = i + 1;
  gx[0] = TRANSPOSE(g[0], back);
}

const nd_op nd_op_transpose = {
  .name = "transpose",
  .doc = "x with its axes in the order perm, or reversed",
  .params = transpose_params,
  .attrs = 1,
  .dtypes = ND_ANY,
  .derivative = ND_LINEAR,
  .infer = transpose_infer,
  .view = transpose_view,
  .transpose = transpose_transpose,
  .low = -3,
  .high = 3,
  .cases = "[3 4]; [2 3 4] perm=[3 1 2]; []; [0 3]",
};

// ---------------------------------------------------------------- reshape --

// Views make nothing that would notice; a shape with a 0 can hide it.
static bool check_size(nd_context *c, const nd_type *type)
{
  return nd_type_size(type) >= 0 || nd_fail(c, ND_BAD_ARGUMENT, "too large: %s",
                                            ND_SHAPE(type->rank, type->shape));
}

// The sizes asked for, with a -1 made to fit.
static bool reshape_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *x = j->in[0];
  const nd_value *s = &j->attr[SHAPE];
  int64_t known = 1;
  int open = -1;
  out->dtype = (nd_dtype)x->dtype;
  out->rank = s->n;
  for (int i = 0; i < s->n; i++) {
    out->shape[i] = s->list[i];
    if (s->list[i] >= 0) {
      if (__builtin_mul_overflow(known, s->list[i], &known))
        known = INT64_MAX;
    } else if (s->list[i] == -1 && open < 0) {
      open = i;
    } else {
      return nd_fail(c, ND_BAD_ARGUMENT, "bad shape: %s",
                     ND_SHAPE(s->n, s->list));
    }
  }
  if (open >= 0 && known > 0 && x->size % known == 0)
    out->shape[open] = x->size / known;
  else if (open >= 0 || known != x->size)
    return nd_fail(c, ND_BAD_ARGUMENT, "sizes differ: x is %s, shape is %s",
                   ND_SHAPE(x->rank, x->dims), ND_SHAPE(s->n, s->list));
  return check_size(c, out);
}

// Row-major view of the values, which are copied when strides forbid it.
static void reshape_view(nd_context *c, const nd_job *j, const nd_type *type)
{
  int64_t strides[ND_MAX_RANK];
  int64_t stride = 1;
  for (int i = type->rank - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= type->shape[i] > 0 ? type->shape[i] : 1;
  }
  nd_tensor *dense = nd_tensor_dense(j->in[0]);
  if (dense == NULL)
    return;
  j->out[0] = nd_tensor_view(dense, type->rank, type->shape, strides, 0);
  nd_tensor_release(dense);
}

// A view of `x`, which fits, in that shape.
static nd_tensor *spread(nd_tensor *x, int rank, const int64_t *shape)
{
  const int missing = rank - x->rank;
  int64_t strides[ND_MAX_RANK];
  for (int i = 0; i < rank; i++) {
    const bool repeats = i < missing || x->dims[i - missing] == 1;
    strides[i] = repeats ? 0 : nd_strides(x)[i - missing];
  }
  return nd_tensor_view(x, rank, shape, strides, 0);
}

static bool has_shape(const nd_tensor *x, int rank, const int64_t *shape)
{
  return x->rank == rank &&
         memcmp(x->dims, shape, (size_t)rank * sizeof *shape) == 0;
}

// `op`, whose attribute is a shape, unless `x` has that shape.
static nd_tensor *bring_to(nd_context *c, const nd_op *op, nd_tensor *x,
                           int rank, const int64_t *shape)
{
  if (x == NULL || has_shape(x, rank, shape))
    return x;
  const nd_value attr[] = { [SHAPE] = nd_value_list(rank, shape) };
  return nd_rule_apply(c, op, 1, &x, attr);
}

nd_tensor *nd_rule_reshape(nd_context *c, nd_tensor *x, int rank,
                           const int64_t *shape)
{
  return bring_to(c, &nd_op_reshape, x, rank, shape);
}

nd_tensor *nd_rule_broadcast(nd_context *c, nd_tensor *x, int rank,
                             const int64_t *shape)
{
  if (x == NULL || nd_context_has_recorders(c))
    return bring_to(c, &nd_op_broadcast_to, x, rank, shape);
  return has_shape(x, rank, shape) ? x : nd_pool_add(c, spread(x, rank, shape));
}

nd_tensor *nd_rule_zeros(nd_context *c, const nd_tensor *like)
{
  if (like == NULL)
    return NULL;
  return BROADCAST(nd_rule_number(c, like, 0), like->rank, like->dims);
}

static void reshape_transpose(nd_context *c, const nd_job *j,
                              nd_tensor *const *g, const bool *wanted,
                              nd_tensor **gx)
{
  gx[0] = RESHAPE(g[0], j->in[0]->rank, j->in[0]->dims);
}

const nd_op nd_op_reshape = {
  .name = "reshape",
  .doc = "x with another shape of the same size; one size may be -1",
  .params = shape_params,
  .attrs = 1,
  .dtypes = ND_ANY,
  .derivative = ND_LINEAR,
  .infer = reshape_infer,
  .view = reshape_view,
  .transpose = reshape_transpose,
  .low = -3,
  .high = 3,
  .cases = "[3 4] shape=[2 6]; [2 3 4] shape=[4 -1]; [0 3] shape=[3 0]; "
           "[] shape=[1 1]",
};

// ------------------------------------------------- expand_dims and squeeze --

static bool expand_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *x = j->in[0];
  if (x->rank == ND_MAX_RANK)
    return nd_fail(c, ND_BAD_ARGUMENT, "at most %d axes: x is %s", ND_MAX_RANK,
                   ND_SHAPE(x->rank, x->dims));
  const int axis = nd_axis_resolve(c, j->attr[AXIS].integer, x->rank + 1);
  if (axis < 0)
    return false;
  *out = nd_type_of(x);
  out->rank++;
  for (int i = x->rank; i > axis; i--)
    out->shape[i] = x->dims[i - 1];
  out->shape[axis] = 1;
  return true;
}

const nd_op nd_op_expand_dims = {
  .name = "expand_dims",
  .doc = "x with one more axis, of size 1, at position axis",
  .params = axis_params,
  .attrs = 1,
  .dtypes = ND_ANY,
  .derivative = ND_LINEAR,
  .infer = expand_infer,
  .view = reshape_view,
  .transpose = reshape_transpose,
  .low = -3,
  .high = 3,
  .cases = "[3 4] axis=2; [] axis=1; [0 3] axis=-1",
};

static bool squeeze_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *x = j->in[0];
  const int set = nd_axes_resolve(c, &j->attr[AXIS], x->rank);
  if (set < 0)
    return false;
  out->dtype = (nd_dtype)x->dtype;
  out->rank = 0;
  for (int i = 0; i < x->rank; i++) {
    const bool chosen = set >> i & 1;
    if (chosen && j->attr[AXIS].given && x->dims[i] != 1)
      return nd_fail(c, ND_BAD_ARGUMENT, "axis %d is not of size 1: x is %s",
                     i + 1, ND_SHAPE(x->rank, x->dims));
    if (!chosen || x->dims[i] != 1)
      out->shape[out->rank++] = x->dims[i];
  }
  return true;
}

const nd_op nd_op_squeeze = {
  .name = "squeeze",
  .doc = "x without its axes of size 1, or without those given",
  .params = axes_params,
  .attrs = 1,
  .dtypes = ND_ANY,
  .derivative = ND_LINEAR,
  .infer = squeeze_infer,
  .view = reshape_view,
  .transpose = reshape_transpose,
  .low = -3,
  .high = 3,
  .cases = "[3 1 4]; [1 3 1] axis=3; [1 0]",
};

// ----------------------------------------------------------- broadcast_to --

static bool broadcast_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *x = j->in[0];
  const nd_value *s = &j->attr[SHAPE];
  bool fits = nd_broadcasts_to(x, s->n, s->list);
  for (int i = 0; i < s->n && fits; i++) {
    fits = s->list[i] >= 0;
    out->shape[i] = s->list[i];
  }
  if (!fits)
    return nd_fail(c, ND_BAD_ARGUMENT, "does not fit: x is %s, shape is %s",
                   ND_SHAPE(x->rank, x->dims), ND_SHAPE(s->n, s->list));
  out->dtype = (nd_dtype)x->dtype;
  out->rank = s->n;
  if (!check_size(c, out))
    return false;
  const size_t size = (size_t)nd_type_size(out);
  return nd_account_allows(c, size * nd_dtype_size(out->dtype),
                           ND_MEMORY_TENSOR);
}

static void broadcast_view(nd_context *c, const nd_job *j, const nd_type *type)
{
  j->out[0] = spread(j->in[0], type->rank, type->shape);
}

const nd_op nd_op_broadcast_to = {
  .name = "broadcast_to",
  .doc = "x repeated along axes of size 1, and along new ones in front",
  .params = shape_params,
  .attrs = 1,
  .dtypes = ND_ANY,
  .derivative = ND_LINEAR,
  .infer = broadcast_infer,
  .view = broadcast_view,
  .transpose = nd_rule_pass,
  .low = -3,
  .high = 3,
  .cases = "[3 1] shape=[2 3 4]; [] shape=[2]; [1] shape=[0]",
};

// ----------------------------------------------------------------- as rows --

// Axes from 1, the kept ones before the folded ones; true if they stand so
// already.
static bool sort_axes(const nd_tensor *x, int set, int64_t *axes)
{
  int n = 0;
  for (int folded = 0; folded < 2; folded++) {
    for (int i = 0; i < x->rank; i++) {
      if ((set >> i & 1) == folded)
        axes[n++] = i + 1;
    }
  }
  for (int i = 0; i < n; i++) {
    if (axes[i] != i + 1)
      return false;
  }
  return true;
}

nd_tensor *nd_rule_as_rows(nd_context *c, nd_tensor *x, const nd_tensor *like,
                           nd_value axes)
{
  int64_t perm[ND_MAX_RANK];
  int64_t shape[] = { 1, 1 };
  const int set = nd_axes_resolve(c, &axes, like->rank);
  for (int i = 0; i < like->rank; i++)
    shape[set >> i & 1] *= like->dims[i];
  const bool sorted = sort_axes(like, set, perm);
  return RESHAPE(sorted ? x : TRANSPOSE(x, perm), 2, shape);
}

nd_tensor *nd_rule_from_rows(nd_context *c, nd_tensor *rows,
                             const nd_tensor *like, nd_value axes)
{
  int64_t perm[ND_MAX_RANK], back[ND_MAX_RANK], shape[ND_MAX_RANK];
  const int set = nd_axes_resolve(c, &axes, like->rank);
  const bool sorted = sort_axes(like, set, perm);
  for (int i = 0; i < like->rank; i++) {
    shape[i] = like->dims[perm[i] - 1];
    back[perm[i] - 1] = i + 1;
  }
  nd_tensor *x = RESHAPE(rows, like->rank, shape);
  return sorted ? x : TRANSPOSE(x, back);
}

const nd_op *const nd_ops_shape[] = {
  &nd_op_transpose, &nd_op_reshape,      &nd_op_expand_dims,
  &nd_op_squeeze,   &nd_op_broadcast_to, NULL,
};
