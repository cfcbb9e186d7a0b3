// op/axes.c: axes counted from 1, results that lose or keep them, and sizes.

#include "op/axes.h"

#include <string.h>

int nd_axis_resolve(nd_context *c, int64_t axis, int rank)
{
  if (axis >= 1 && axis <= rank)
    return (int)axis - 1;
  if (axis <= -1 && axis >= -rank)
    return (int)axis + rank;
  if (axis == 0)
    nd_fail(c, ND_BAD_ARGUMENT,
            "axis 0: axes count from 1 here; TensorFlow's axis 0 is 1");
  else
    nd_fail(c, ND_BAD_ARGUMENT, "axis %lld is outside 1..%d", (long long)axis,
            rank);
  return -1;
}

int nd_axis_infer(nd_context *c, const nd_job *j, int64_t axis)
{
  const int rank = j->in[0]->rank;
  if (rank > 0)
    return nd_axis_resolve(c, axis, rank);
  nd_fail(c, ND_BAD_ARGUMENT, "needs an axis: %s is []", j->op->params[0].name);
  return -1;
}

int nd_axes_resolve(nd_context *c, const nd_value *axes, int rank)
{
  if (!axes->given)
    return (1 << rank) - 1;
  int set = 0;
  for (int i = 0; i < axes->n; i++) {
    const int axis = nd_axis_resolve(c, axes->list[i], rank);
    if (axis < 0)
      return -1;
    if (set >> axis & 1) {
      nd_fail(c, ND_BAD_ARGUMENT, "axis %d appears twice", axis + 1);
      return -1;
    }
    set |= 1 << axis;
  }
  return set;
}

int nd_axes_set(const nd_value *axes, int rank)
{
  if (!axes->given)
    return (1 << rank) - 1;
  int set = 0;
  for (int i = 0; i < axes->n; i++)
    set |= 1 << nd_axis_place(axes->list[i], rank);
  return set;
}

bool nd_sizes_infer(nd_context *c, const nd_value *sizes, nd_type *out)
{
  out->rank = sizes->n;
  memcpy(out->shape, sizes->list, (size_t)sizes->n * sizeof *sizes->list);
  return nd_sizes_check(c, sizes->n, sizes->list);
}

const nd_param nd_fold_params[] = {
  { "x", ND_TENSOR },
  { "axis", ND_AXES, "nil" },
  { "keepdims", ND_FLAG, "false" },
  { 0 },
};

bool nd_axes_infer(nd_context *c, const nd_tensor *x, const nd_value *axes,
                   bool keep, nd_type *out)
{
  const int set = nd_axes_resolve(c, axes, x->rank);
  if (set < 0)
    return false;
  out->dtype = (nd_dtype)x->dtype;
  out->rank = 0;
  for (int i = 0; i < x->rank; i++) {
    if (!(set >> i & 1))
      out->shape[out->rank++] = x->dims[i];
    else if (keep)
      out->shape[out->rank++] = 1;
  }
  return true;
}
