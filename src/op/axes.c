// op/axes.c: axes counted from 1, results that lose or keep them, and sizes.

#include "op/axes.h"

#include <string.h>

#include "op/rule.h"

extern const nd_op nd_op_transpose;

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

bool nd_sizes_infer(nd_context *c, const nd_attr *sizes, nd_type *out)
{
  out->rank = sizes->n;
  memcpy(out->shape, sizes->v, (size_t)sizes->n * sizeof *sizes->v);
  return nd_sizes_check(c, sizes->n, sizes->v);
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

// --------------------------------------------------------------- as rows --

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

static nd_tensor *permute(nd_context *c, nd_tensor *x, const int64_t *axes)
{
  if (x == NULL)
    return NULL;
  nd_args a = { .n = 1, .in = &x };
  a.attr[0].given = true;
  a.attr[0].n = x->rank;
  for (int i = 0; i < x->rank; i++)
    a.attr[0].v[i] = axes[i];
  return nd_rule_args(c, &nd_op_transpose, &a);
}

nd_tensor *nd_axes_to_rows(nd_context *c, const nd_args *a, nd_tensor *x)
{
  int64_t axes[ND_MAX_RANK];
  int64_t shape[] = { 1, 1 };
  const nd_tensor *like = a->in[0];
  const int set = nd_axes_resolve(c, &a->attr[0], like->rank);
  for (int i = 0; i < like->rank; i++)
    shape[set >> i & 1] *= like->dims[i];
  if (!sort_axes(like, set, axes))
    x = permute(c, x, axes);
  return nd_rule_reshape(c, x, 2, shape);
}

nd_tensor *nd_axes_from_rows(nd_context *c, const nd_args *a, nd_tensor *rows)
{
  int64_t axes[ND_MAX_RANK], back[ND_MAX_RANK], shape[ND_MAX_RANK];
  const nd_tensor *like = a->in[0];
  const int set = nd_axes_resolve(c, &a->attr[0], like->rank);
  const bool sorted = sort_axes(like, set, axes);
  for (int i = 0; i < like->rank; i++) {
    shape[i] = like->dims[axes[i] - 1];
    back[axes[i] - 1] = i + 1;
  }
  nd_tensor *x = nd_rule_reshape(c, rows, like->rank, shape);
  return sorted ? x : permute(c, x, back);
}
