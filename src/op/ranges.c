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

static bool bit(uint8_t bits, int i)
{
  return bits >> i & 1;
}

// An axis of the part, which axis `from` of the tensor becomes.
static bool add_axis(nd_context *c, nd_ranges *r, int from, int64_t length)
{
  if (r->rank == ND_MAX_RANK)
    return nd_fail(c, ND_BAD_ARGUMENT, "at most %d axes, the part has more",
                   ND_MAX_RANK);
  r->from[r->rank] = from;
  r->shape[r->rank++] = length;
  return true;
}

static bool add_whole(nd_context *c, nd_ranges *r, int axis, int64_t size)
{
  r->axis[axis] = (nd_range){ .start = 0, .step = 1, .length = size };
  return add_axis(c, r, axis, size);
}

// Entry `i`, for an axis.
static bool resolve(nd_context *c, const nd_value *ranges, int i, int axis,
                    int64_t size, nd_ranges *r)
{
  const int64_t *v = ranges->list + 3 * i;
  nd_range *p = &r->axis[axis];
  if (bit(ranges->dropped, i))
    return resolve_position(c, v[0], size, p);
  return resolve_range(c, v, size, p) && add_axis(c, r, axis, p->length);
}

// How many axes no entry is for; -1 after an error.
static int count_others(nd_context *c, const nd_value *ranges, int rank,
                        const int64_t *shape)
{
  int own = 0, others = 0;
  for (int i = 0; i < ranges->n / 3; i++) {
    own += !bit(ranges->added, i);
    others += bit(ranges->added & ranges->dropped, i);
  }
  if (own > rank)
    return fail_count(c, own, rank, shape) - 1;
  if (others > 1)
    return nd_fail(c, ND_BAD_ARGUMENT, "%d times '%s', it can stand once",
                   others, nd_range_words[ND_OTHER_AXES]) -
           1;
  return rank - own;
}

bool nd_ranges_find(nd_context *c, const nd_value *ranges, int rank,
                    const int64_t *shape, nd_ranges *r)
{
  int others = count_others(c, ranges, rank, shape), axis = 0;
  bool ok = others >= 0;
  r->rank = 0;
  for (int i = 0; i < ranges->n / 3 && ok; i++) {
    if (!bit(ranges->added, i)) {
      ok = resolve(c, ranges, i, axis, shape[axis], r);
      axis++;
    } else if (!bit(ranges->dropped, i)) {
      ok = add_axis(c, r, -1, 1);
    } else {
      for (; others > 0 && ok; others--, axis++)
        ok = add_whole(c, r, axis, shape[axis]);
    }
  }
  for (; axis < rank && ok; axis++)
    ok = add_whole(c, r, axis, shape[axis]);
  return ok;
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
