// op/ranges.c: finds parts of tensors by ranges.

#include "op/ranges.h"

#include "base/cut.h"
#include "tensor/walk.h"

static bool fail_zero(nd_context *c)
{
  return nd_fail(c, ND_BAD_ARGUMENT,
                 "position 0: positions count from 1 here, and -1 is the last");
}

static bool resolve_position(nd_context *c, int64_t at, int64_t size,
                             nd_range *p)
{
  if (at == 0)
    return fail_zero(c);
  if (at > size || at < -size)
    return nd_fail(c, ND_BAD_ARGUMENT, "position %lld is outside 1..%lld",
                   (long long)at, (long long)size);
  *p = (nd_range){ .start = at > 0 ? at - 1 : at + size,
                   .step = 1,
                   .length = 1 };
  return true;
}

// An end of a range, from 1; at most one outside after the cut.
static int64_t cut(int64_t end, int64_t size)
{
  end = end < 0 ? end + size + 1 : end;
  return end < 0 ? 0 : end > size + 1 ? size + 1 : end;
}

static bool resolve_range(nd_context *c, const int64_t *v, int64_t size,
                          nd_range *p)
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

static bool resolve(nd_context *c, const nd_value *ranges, int i, int64_t size,
                    nd_range *p)
{
  const int64_t *v = ranges->list + 3 * i;
  *p = (nd_range){ .start = 0, .step = 1, .length = size };
  if (i >= ranges->n / 3)
    return true;
  return ranges->dropped >> i & 1 ? resolve_position(c, v[0], size, p)
                                  : resolve_range(c, v, size, p);
}

bool nd_ranges_find(nd_context *c, const nd_value *ranges, int rank,
                    const int64_t *shape, nd_ranges *r)
{
  if (ranges->n / 3 > rank)
    return fail_count(c, ranges->n / 3, rank, shape);
  r->rank = 0;
  for (int i = 0; i < rank; i++) {
    if (!resolve(c, ranges, i, shape[i], &r->axis[i]))
      return false;
    if (!(ranges->dropped >> i & 1))
      r->shape[r->rank++] = r->axis[i].length;
  }
  return true;
}

// Where element `e` of what is put to the part of `out` comes to stand, and
// its place along the last axis.
static int64_t find_place(const nd_ranges *r, const nd_tensor *out, int64_t e,
                          int64_t *last)
{
  int64_t offset = 0;
  *last = 0;
  for (int axis = out->rank - 1; axis >= 0; axis--) {
    const nd_range *p = &r->axis[axis];
    const int64_t at = e % p->length;
    if (axis == out->rank - 1)
      *last = at;
    offset += (p->start + at * p->step) * nd_strides(out)[axis];
    e /= p->length;
  }
  return offset;
}

// Run by run along the last axis.
void nd_ranges_put(const nd_ranges *r, const nd_tensor *x, nd_tensor *out,
                   int64_t from, int64_t to)
{
  const nd_range one = { .step = 1, .length = 1 };
  const nd_range *p = out->rank > 0 ? &r->axis[out->rank - 1] : &one;
  nd_walk walk;
  nd_walk_broadcast(&walk, x, r->rank, r->shape, from);
  const int64_t width = (int64_t)walk.width;
  for (int64_t e = from, n; e < to; e += n) {
    int64_t last;
    char *at = out->data + find_place(r, out, e, &last) * width;
    n = nd_least(to - e, p->length - last);
    if (p->step == 1)
      nd_walk_copy(&walk, n, at);
    else
      for (int64_t i = 0; i < n; i++)
        nd_walk_copy(&walk, 1, at + i * p->step * width);
  }
}
