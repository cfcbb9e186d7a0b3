// ops/slice.c: parts of a tensor by ranges, as views, and its transpose, which
// puts a tensor back into zeros. A range is {first, last, step}, counts from 1
// or from -1, includes both ends, and is cut to the size of its axis.

#include <string.h>

#include "op/axes.h"
#include "ops/rules.h"
#include "tensor/walk.h"

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

// One axis of a part: where it starts, counted from 0, its step and its length.
typedef struct part {
  int64_t start;
  int64_t step;
  int64_t length;
} part;

static bool fail_zero(nd_context *c)
{
  return nd_fail(c, ND_BAD_ARGUMENT,
                 "position 0: positions count from 1 here, and -1 is the last");
}

static bool resolve_position(nd_context *c, int64_t at, int64_t size, part *p)
{
  if (at == 0)
    return fail_zero(c);
  if (at > size || at < -size)
    return nd_fail(c, ND_BAD_ARGUMENT, "position %lld is outside 1..%lld",
                   (long long)at, (long long)size);
  *p = (part){ .start = at > 0 ? at - 1 : at + size, .step = 1, .length = 1 };
  return true;
}

// An end of a range, from 1; at most one outside after the cut.
static int64_t cut(int64_t end, int64_t size)
{
  end = end < 0 ? end + size + 1 : end;
  return end < 0 ? 0 : end > size + 1 ? size + 1 : end;
}

static bool resolve_range(nd_context *c, const int64_t *v, int64_t size,
                          part *p)
{
  if (v[0] == 0 || v[1] == 0)
    return fail_zero(c);
  if (v[2] == 0)
    return nd_fail(c, ND_BAD_ARGUMENT, "step 0");
  int64_t first = cut(v[0], size);
  int64_t last = cut(v[1], size);
  if (v[2] > 0) {
    first = first < 1 ? 1 : first;
    last = last > size ? size : last;
  } else {
    first = first > size ? size : first;
    last = last < 1 ? 1 : last;
  }
  const int64_t span = v[2] > 0 ? last - first : first - last;
  const int64_t stride = v[2] > 0 ? v[2] : -v[2];
  p->length = span < 0 || size == 0 ? 0 : span / stride + 1;
  p->start = p->length > 0 ? first - 1 : 0;
  p->step = p->length > 1 ? v[2] : 1;
  return true;
}

// Too many ranges: for a list they may be the two ends of one.
static bool fail_count(nd_context *c, int n, int rank, const int64_t *shape)
{
  const bool ends = rank == 1 && n <= 3;
  return nd_fail(c, ND_BAD_ARGUMENT, "%d range%s for %s%s", n,
                 n == 1 ? "" : "s", ND_SHAPE(rank, shape),
                 ends ? "; one range is written {{first, last}}" : "");
}

// The parts of every axis of `shape`; axes without a range stay whole.
static bool resolve(nd_context *c, const nd_value *ranges, int rank,
                    const int64_t *shape, part *parts)
{
  const int n = ranges->n / 3;
  if (n > rank)
    return fail_count(c, n, rank, shape);
  for (int i = 0; i < rank; i++) {
    const int64_t *v = ranges->list + 3 * i;
    parts[i] = (part){ .start = 0, .step = 1, .length = shape[i] };
    if (i >= n)
      continue;
    if (ranges->dropped >> i & 1) {
      if (!resolve_position(c, v[0], shape[i], &parts[i]))
        return false;
    } else if (!resolve_range(c, v, shape[i], &parts[i])) {
      return false;
    }
  }
  return true;
}

static bool slice_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *x = j->in[0];
  part parts[ND_MAX_RANK];
  if (!resolve(c, &j->attr[RANGES], x->rank, x->dims, parts))
    return false;
  out->dtype = (nd_dtype)x->dtype;
  out->rank = 0;
  for (int i = 0; i < x->rank; i++) {
    if (!(j->attr[RANGES].dropped >> i & 1))
      out->shape[out->rank++] = parts[i].length;
  }
  return true;
}

static void slice_view(nd_context *c, const nd_job *j, const nd_type *type)
{
  nd_tensor *x = j->in[0];
  part parts[ND_MAX_RANK];
  int64_t strides[ND_MAX_RANK];
  int64_t offset = 0;
  int n = 0;
  if (!resolve(c, &j->attr[RANGES], x->rank, x->dims, parts))
    return;
  for (int i = 0; i < x->rank; i++) {
    offset += parts[i].start * nd_strides(x)[i];
    if (!(j->attr[RANGES].dropped >> i & 1))
      strides[n++] = parts[i].step * nd_strides(x)[i];
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
  .doc = "part of x: per axis a position, or {first, last, step} as a range",
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
           "[4 5] ranges=[4:1:-1 2:5:3]; [4] ranges=[3]; [4] ranges=[3:2:1]",
};

// Where element `e` of a tensor put at the parts of `out` comes to stand, and
// its place along the last axis.
static int64_t find_place(const part *parts, const nd_tensor *out, int64_t e,
                          int64_t *last)
{
  int64_t offset = 0;
  *last = 0;
  for (int axis = out->rank - 1; axis >= 0; axis--) {
    const part *p = &parts[axis];
    const int64_t at = e % p->length;
    if (axis == out->rank - 1)
      *last = at;
    offset += (p->start + at * p->step) * nd_strides(out)[axis];
    e /= p->length;
  }
  return offset;
}

// Copies elements from..to-1 of `x` to the parts of `out`, run by run along the
// last axis.
static void place(const part *parts, const nd_tensor *x, nd_tensor *out,
                  int64_t from, int64_t to)
{
  const part one = { .step = 1, .length = 1 };
  const part *p = out->rank > 0 ? &parts[out->rank - 1] : &one;
  nd_walk walk;
  nd_walk_start(&walk, x, from);
  for (int64_t e = from; e < to;) {
    int64_t last;
    const int64_t offset = find_place(parts, out, e, &last);
    char *at = out->data + offset * (int64_t)walk.width;
    const int64_t left = p->length - last;
    const int64_t n = to - e < left ? to - e : left;
    if (p->step == 1)
      nd_walk_copy(&walk, n, at);
    else
      for (int64_t i = 0; i < n; i++)
        nd_walk_copy(&walk, 1, at + i * p->step * (int64_t)walk.width);
    e += n;
  }
}

static bool check_fit(nd_context *c, const nd_job *j, const part *parts)
{
  const nd_tensor *x = j->in[0];
  int64_t shape[ND_MAX_RANK];
  int n = 0;
  for (int i = 0; i < j->attr[SHAPE].n; i++) {
    if (!(j->attr[RANGES].dropped >> i & 1))
      shape[n++] = parts[i].length;
  }
  if (n == x->rank && memcmp(shape, x->dims, (size_t)n * sizeof *shape) == 0)
    return true;
  return nd_fail(c, ND_BAD_ARGUMENT, "does not fit: x is %s, ranges give %s",
                 ND_SHAPE(x->rank, x->dims), ND_SHAPE(n, shape));
}

static bool unslice_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  part parts[ND_MAX_RANK];
  out->dtype = (nd_dtype)j->in[0]->dtype;
  return nd_sizes_infer(c, &j->attr[SHAPE], out) &&
         resolve(c, &j->attr[RANGES], out->rank, out->shape, parts) &&
         check_fit(c, j, parts);
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
  part parts[ND_MAX_RANK];
  if (resolve(out->context, &j->attr[RANGES], out->rank, out->dims, parts))
    place(parts, j->in[0], out, from, to);
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
           "[0] ranges=[3:2:1] shape=[4]",
};

const nd_op *const nd_ops_slice[] = { &nd_op_slice, &nd_op_unslice, NULL };
