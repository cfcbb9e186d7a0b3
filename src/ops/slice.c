// ops/slice.c: parts of a tensor by ranges (op/ranges.h), as views, and its
// transpose, which puts a tensor back into zeros.

#include <string.h>

#include "op/axes.h"
#include "op/ranges.h"
#include "ops/rules.h"

enum { RANGES, SHAPE };  // attributes

static const nd_param slice_params[] = {
  { "x", ND_TENSOR },
  { "ranges", ND_RANGES },
  { 0 },
};
static const nd_param unslice_params[] = {
  { "x", ND_TENSOR },
  { "ranges", ND_RANGES },
  { "shape", ND_SIZES },
  { 0 },
};

static bool slice_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *x = j->in[0];
  nd_ranges r;
  if (!nd_ranges_find(c, &j->attr[RANGES], x->rank, x->dims, &r))
    return false;
  out->dtype = (nd_dtype)x->dtype;
  out->rank = r.rank;
  memcpy(out->shape, r.shape, (size_t)r.rank * sizeof *r.shape);
  return true;
}

static void slice_view(nd_context *c, const nd_job *j, const nd_type *type)
{
  nd_tensor *x = j->in[0];
  nd_ranges r;
  int64_t strides[ND_MAX_RANK];
  int64_t offset = 0;
  if (!nd_ranges_find(c, &j->attr[RANGES], x->rank, x->dims, &r))
    return;
  for (int i = 0; i < x->rank; i++)
    offset += r.axis[i].start * nd_strides(x)[i];
  for (int k = 0; k < r.rank; k++) {
    const int i = r.from[k];
    strides[k] = i < 0 ? 0 : r.axis[i].step * nd_strides(x)[i];
  }
  if (x->size == 0)
    offset = 0;
  j->out[0] = nd_tensor_view(x, type->rank, type->shape, strides, offset);
}

nd_tensor *nd_rule_slice(nd_context *c, nd_tensor *x, nd_value ranges)
{
  const nd_value attr[] = { [RANGES] = ranges };
  return nd_rule_apply(c, &nd_op_slice, 1, &x, attr);
}

// A range of one axis, whole ones of those before it.
static nd_tensor *slice_axis(nd_context *c, nd_tensor *x, int axis,
                             const int64_t range[3], bool drop)
{
  int64_t ends[3 * ND_MAX_RANK];
  nd_value ranges = nd_value_list(3 * (axis + 1), ends);
  ranges.dropped = (uint8_t)(drop << axis);
  for (int i = 0; i < axis; i++)
    memcpy(ends + 3 * i, ((int64_t[]){ 1, -1, 1 }), 3 * sizeof *ends);
  memcpy(ends + 3 * axis, range, 3 * sizeof *ends);
  return SLICE(x, ranges);
}

nd_tensor *nd_rule_slice_along(nd_context *c, nd_tensor *x, int axis,
                               int64_t first, int64_t last, int64_t step)
{
  return slice_axis(c, x, axis, (int64_t[]){ first, last, step }, false);
}

nd_tensor *nd_rule_part(nd_context *c, nd_tensor *x, int axis, int64_t at)
{
  return slice_axis(c, x, axis, (int64_t[]){ at, at, 1 }, true);
}

nd_tensor *nd_rule_unslice(nd_context *c, nd_tensor *x, nd_value ranges,
                           const nd_tensor *like)
{
  const nd_value attr[] = {
    [RANGES] = ranges, [SHAPE] = nd_value_list(like->rank, like->dims)
  };
  return nd_rule_apply(c, &nd_op_unslice, 1, &x, attr);
}

static void slice_transpose(nd_context *c, const nd_job *j, nd_tensor *const *g,
                            const bool *wanted, nd_tensor **gx)
{
  gx[0] = UNSLICE(g[0], j->attr[RANGES], j->in[0]);
}

const nd_op nd_op_slice = {
  .name = "slice",
  .doc = "part of x: per axis a position, or {first, last, step} as a range; "
         "'newaxis' adds an axis, '...' leaves all others whole",
  .params = slice_params,
  .attrs = 1,
  .dtypes = ND_ANY,
  .derivative = ND_LINEAR,
  .infer = slice_infer,
  .view = slice_view,
  .transpose = slice_transpose,
  .low = -3,
  .high = 3,
  .cases = "[4 5] ranges=[2:3:1]; [4 5] ranges=[1:4:2 -1]; "
           "[4 5] ranges=[4:1:-1 2:5:3]; [4] ranges=[3]; [4] ranges=[3:2:1]; "
           "[2 3 2] ranges=[newaxis 2 ... 1:2 newaxis]",
};

static bool unslice_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *x = j->in[0];
  nd_ranges r;
  out->dtype = (nd_dtype)x->dtype;
  if (!nd_sizes_infer(c, &j->attr[SHAPE], out) ||
      !nd_ranges_find(c, &j->attr[RANGES], out->rank, out->shape, &r))
    return false;
  return (r.rank == x->rank &&
          memcmp(r.shape, x->dims, (size_t)r.rank * sizeof *r.shape) == 0) ||
         nd_fail(c, ND_BAD_ARGUMENT, "does not fit: x is %s, ranges give %s",
                 ND_SHAPE(x->rank, x->dims), ND_SHAPE(r.rank, r.shape));
}

static void fill_zeros(const void *what, void *shared, void *own, int64_t from,
                       int64_t to)
{
  const nd_job *j = what;
  const size_t width = nd_dtype_size((nd_dtype)j->out[0]->dtype);
  memset(j->out[0]->data + (size_t)from * width, 0,
         (size_t)(to - from) * width);
}

static void fill_parts(const void *what, void *shared, void *own, int64_t from,
                       int64_t to)
{
  const nd_job *j = what;
  nd_tensor *out = j->out[0];
  nd_ranges r;
  if (nd_ranges_find(out->context, &j->attr[RANGES], out->rank, out->dims, &r))
    nd_ranges_put(&r, j->in[0], out, from, to);
}

static bool unslice_next(const void *what, nd_step *step, int i)
{
  const nd_job *j = what;
  step->first = 0;
  step->units = i == 0 ? j->out[0]->size : j->in[0]->size;
  step->cost = .25F;
  step->run = i == 0 ? fill_zeros : fill_parts;
  return i < 2;
}

static nd_work unslice_work(const nd_job *j)
{
  return (nd_work){ .next = unslice_next };
}

static void unslice_transpose(nd_context *c, const nd_job *j,
                              nd_tensor *const *g, const bool *wanted,
                              nd_tensor **gx)
{
  gx[0] = SLICE(g[0], j->attr[RANGES]);
}

const nd_op nd_op_unslice = {
  .name = "unslice",
  .doc = "zeros of that shape with x at the ranges; the transpose of slice",
  .params = unslice_params,
  .attrs = 2,
  .dtypes = ND_ANY,
  .derivative = ND_LINEAR,
  .infer = unslice_infer,
  .work = unslice_work,
  .transpose = unslice_transpose,
  .low = -3,
  .high = 3,
  .cases = "[2 5] ranges=[2:3:1] shape=[4 5]; "
           "[2] ranges=[1:4:2 -1] shape=[4 5]; [] ranges=[3] shape=[4]; "
           "[0] ranges=[3:2:1] shape=[4]; "
           "[1 3 2 1] ranges=[newaxis 2 ... 1:2 newaxis] shape=[2 3 2]",
};

const nd_op *const nd_ops_slice[] = { &nd_op_slice, &nd_op_unslice, NULL };
