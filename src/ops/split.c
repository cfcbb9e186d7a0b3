// ops/split.c: a tensor as a list of its parts along an axis: split, whose
// parts keep the axis, and unstack, whose parts lose it. The parts are views.

#include "op/axes.h"
#include "ops/rules.h"

enum { SIZES, SPLIT_AXIS };  // attributes
enum { UNSTACK_AXIS };

static const nd_param split_params[] = {
  { "x", ND_TENSOR },
  { "num_or_size_splits", ND_INTEGERS },
  { "axis", ND_AXIS, "1" },
  { 0 },
};
static const nd_param unstack_params[] = {
  { "x", ND_TENSOR },
  { "axis", ND_AXIS, "1" },
  { 0 },
};

// The part of `x` whose first element is `offset` elements from its own.
static nd_tensor *view_part(nd_tensor *x, const nd_type *type, int dropped,
                            int64_t offset)
{
  int64_t strides[ND_MAX_RANK];
  int n = 0;
  for (int i = 0; i < x->rank; i++) {
    if (i != dropped)
      strides[n++] = nd_strides(x)[i];
  }
  return nd_tensor_view(x, type->rank, type->shape, strides,
                        x->size > 0 ? offset : 0);
}

// ------------------------------------------------------------------- split --

// What is left of the axis for a size of -1; -1 after an error.
static int64_t find_rest(nd_context *c, const nd_value *sizes, int64_t size)
{
  int64_t rest = size;
  int open = 0;
  for (int k = 0; k < sizes->n; k++) {
    open += sizes->list[k] == -1;
    if (sizes->list[k] < -1 || open > 1)
      return nd_fail(c, ND_BAD_ARGUMENT, "bad size: %lld; one may be -1",
                     (long long)sizes->list[k]) -
             1;
    if (sizes->list[k] > rest)
      rest = -1;
    else if (sizes->list[k] > 0)
      rest -= sizes->list[k];
  }
  if (rest == 0 || (rest > 0 && open == 1))
    return rest;
  return nd_fail(c, ND_BAD_ARGUMENT,
                 "the sizes do not add up to the axis, which has %lld",
                 (long long)size) -
         1;
}

static int split_outs(nd_context *c, const nd_job *j)
{
  const nd_tensor *x = j->in[0];
  const nd_value *sizes = &j->attr[SIZES];
  const int axis = nd_axis_infer(c, j, j->attr[SPLIT_AXIS].integer);
  if (axis < 0)
    return -1;
  if (!sizes->dropped)
    return find_rest(c, sizes, x->dims[axis]) < 0 ? -1 : sizes->n;
  const int64_t n = sizes->list[0];
  if (n >= 1 && n <= INT32_MAX / 16 && x->dims[axis] % n == 0)
    return (int)n;
  nd_fail(c, ND_BAD_ARGUMENT, "%lld parts do not divide axis %d: x is %s",
          (long long)n, axis + 1, ND_SHAPE(x->rank, x->dims));
  return -1;
}

static bool split_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *x = j->in[0];
  const nd_value *sizes = &j->attr[SIZES];
  const int axis = nd_axis_infer(c, j, j->attr[SPLIT_AXIS].integer);
  const int64_t rest = sizes->dropped ? x->dims[axis] / j->outs
                                      : find_rest(c, sizes, x->dims[axis]);
  for (int k = 0; k < j->outs; k++) {
    const bool open = sizes->dropped || sizes->list[k] == -1;
    out[k] = nd_type_of(x);
    out[k].shape[axis] = open ? rest : sizes->list[k];
  }
  return true;
}

static void split_view(nd_context *c, const nd_job *j, const nd_type *types)
{
  nd_tensor *x = j->in[0];
  const int axis = nd_axis_infer(c, j, j->attr[SPLIT_AXIS].integer);
  int64_t before = 0;
  for (int k = 0; k < j->outs; k++) {
    j->out[k] = view_part(x, &types[k], -1, before * nd_strides(x)[axis]);
    before += types[k].shape[axis];
  }
}

// The gradients of all parts, zeros where none came in; of the pool. NULL
// without memory.
static nd_tensor **all_parts(nd_context *c, const nd_job *j,
                             nd_tensor *const *g)
{
  const size_t bytes = (size_t)j->outs * sizeof *g;
  nd_tensor **parts = nd_memory_new(c, bytes, ND_MEMORY_OBJECT);
  for (int k = 0; parts != NULL && k < j->outs; k++)
    parts[k] = g[k] != NULL ? g[k] : ZEROS(j->out[k]);
  return parts;
}

static void join_parts(nd_context *c, const nd_job *j, nd_tensor *const *g,
                       nd_tensor **gx, int64_t axis, bool keeps_axis)
{
  nd_tensor **parts = all_parts(c, j, g);
  if (parts == NULL)
    return;
  gx[0] = keeps_axis ? CONCAT(j->outs, parts, axis)
                     : STACK(j->outs, parts, axis);
  nd_memory_free(c, parts, (size_t)j->outs * sizeof *g, ND_MEMORY_OBJECT);
}

static void split_transpose(nd_context *c, const nd_job *j, nd_tensor *const *g,
                            const bool *wanted, nd_tensor **gx)
{
  join_parts(c, j, g, gx, j->attr[SPLIT_AXIS].integer, true);
}

const nd_op nd_op_split = {
  .name = "split",
  .doc = "a list of parts of x along axis: that many of one size, or parts of "
         "the sizes listed, of which one may be -1",
  .params = split_params,
  .attrs = 2,
  .dtypes = ND_ANY,
  .derivative = ND_LINEAR,
  .outs = split_outs,
  .infer = split_infer,
  .view = split_view,
  .transpose = split_transpose,
  .low = -3,
  .high = 3,
  .cases = "[4 3] num_or_size_splits=2; [2 5] num_or_size_splits=[1 3 1] "
           "axis=2; [6] num_or_size_splits=[2 -1]; [3] num_or_size_splits=1; "
           "[0 2] num_or_size_splits=3; [3 2] num_or_size_splits=[3 0]",
};

// ----------------------------------------------------------------- unstack --

static int unstack_outs(nd_context *c, const nd_job *j)
{
  const nd_tensor *x = j->in[0];
  const int axis = nd_axis_infer(c, j, j->attr[UNSTACK_AXIS].integer);
  if (axis < 0)
    return -1;
  if (x->dims[axis] <= INT32_MAX / 16)
    return (int)x->dims[axis];
  nd_fail(c, ND_BAD_ARGUMENT, "too many parts: x is %s",
          ND_SHAPE(x->rank, x->dims));
  return -1;
}

static bool unstack_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *x = j->in[0];
  const int axis = nd_axis_infer(c, j, j->attr[UNSTACK_AXIS].integer);
  for (int k = 0; k < j->outs; k++) {
    out[k] = nd_type_of(x);
    out[k].rank--;
    for (int i = axis; i < out[k].rank; i++)
      out[k].shape[i] = x->dims[i + 1];
  }
  return true;
}

static void unstack_view(nd_context *c, const nd_job *j, const nd_type *types)
{
  nd_tensor *x = j->in[0];
  const int axis = nd_axis_infer(c, j, j->attr[UNSTACK_AXIS].integer);
  for (int k = 0; k < j->outs; k++)
    j->out[k] = view_part(x, &types[k], axis, k * nd_strides(x)[axis]);
}

static void unstack_transpose(nd_context *c, const nd_job *j,
                              nd_tensor *const *g, const bool *wanted,
                              nd_tensor **gx)
{
  join_parts(c, j, g, gx, j->attr[UNSTACK_AXIS].integer, false);
}

const nd_op nd_op_unstack = {
  .name = "unstack",
  .doc = "a list of the parts of x along axis, without that axis",
  .params = unstack_params,
  .attrs = 1,
  .dtypes = ND_ANY,
  .derivative = ND_LINEAR,
  .outs = unstack_outs,
  .infer = unstack_infer,
  .view = unstack_view,
  .transpose = unstack_transpose,
  .low = -3,
  .high = 3,
  .cases = "[3]; [3 2]; [2 4] axis=2; [2 3 2] axis=-2; [2 0]",
};

const nd_op *const nd_ops_split[] = { &nd_op_split, &nd_op_unstack, NULL };
