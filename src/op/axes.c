// op/axes.c: axes counted from 1, and results that lose or keep them.

#include "op/axes.h"

#include "op/rule.h"

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

int nd_axes_resolve(nd_context *c, const nd_attr *axes, int rank)
{
  if (!axes->given)
    return (1 << rank) - 1;
  int set = 0;
  for (int i = 0; i < axes->n; i++) {
    const int axis = nd_axis_resolve(c, axes->v[i], rank);
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

bool nd_axes_infer(nd_context *c, const nd_args *a, nd_type *out)
{
  const nd_tensor *x = a->in[0];
  const int set = nd_axes_resolve(c, &a->attr[0], x->rank);
  if (set < 0)
    return false;
  out->dtype = (nd_dtype)x->dtype;
  out->rank = 0;
  for (int i = 0; i < x->rank; i++) {
    if (!(set >> i & 1))
      out->shape[out->rank++] = x->dims[i];
    else if (a->attr[1].integer)
      out->shape[out->rank++] = 1;
  }
  return true;
}

nd_tensor *nd_axes_keep(nd_context *c, const nd_args *a, nd_tensor *y)
{
  const nd_tensor *x = a->in[0];
  const int set = nd_axes_resolve(c, &a->attr[0], x->rank);
  int64_t shape[ND_MAX_RANK];
  for (int i = 0; i < x->rank; i++)
    shape[i] = set >> i & 1 ? 1 : x->dims[i];
  return nd_rule_reshape(c, y, x->rank, shape);
}
