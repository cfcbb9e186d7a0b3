// op/floats.c: looks for the first float that is not within bounds.

#include "op/floats.h"

#include <stdatomic.h>

#include "base/work.h"
#include "tensor/reader.h"

typedef struct search {
  const nd_tensor *x;
  double low, high;
  bool nan;
} search;

static bool is_within(const search *s, double v)
{
  return (v >= s->low && v <= s->high) || (s->nan && v != v);
}

// The position of the first of elements from..to-1 that is not; `to`.
static int64_t find(const search *s, int64_t from, int64_t to)
{
  nd_reader r;
  nd_reader_start(&r, s->x, ND_FLOAT64);
  for (int64_t at = from; at < to; at += ND_BLOCK) {
    const int64_t n = to - at < ND_BLOCK ? to - at : ND_BLOCK;
    const double *v = nd_reader_at(&r, at, n);
    for (int64_t i = 0; i < n; i++) {
      if (!is_within(s, v[i]))
        return at + i;
    }
  }
  return to;
}

// Leaves in `first` the least position that is found.
static void find_units(const void *what, void *first, void *own, int64_t from,
                       int64_t to)
{
  const int64_t at = find(what, from, to);
  int64_t before = atomic_load((_Atomic int64_t *)first);
  while (at < to && at < before &&
         !atomic_compare_exchange_weak((_Atomic int64_t *)first, &before, at)) {
  }
}

bool nd_floats_within(nd_tensor *x, double low, double high, bool nan,
                      double *bad)
{
  const search s = { x, low, high, nan };
  const nd_step step = { .units = x->size, .cost = .25F, .run = find_units };
  _Atomic int64_t first = x->size;
  *bad = 0;
  if (!nd_force(x) || !nd_step_run(x->context, &step, &s, &first))
    return false;
  if (first == x->size)
    return true;
  nd_reader r;
  nd_reader_start(&r, x, ND_FLOAT64);
  *bad = *(const double *)nd_reader_at(&r, first, 1);
  return false;
}
