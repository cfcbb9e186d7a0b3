// op/integers.c: looks for the first integer that is not as it must be.

#include "op/integers.h"

#include <stdatomic.h>

#include "base/work.h"
#include "kernel/gather.h"
#include "tensor/reader.h"

ND_DECLARE_LEVELS(const nd_gather_table, nd_gather_table);

// What makes an element an offender: outside of low..high or a zero that may
// not be, or else inside.
typedef struct search {
  const nd_tensor *x;
  int64_t low, high;
  bool zero, inside;
} search;

static bool offends(const search *s, int64_t v)
{
  const bool within = v >= s->low && v <= s->high;
  return s->inside ? within : !within || (v == 0 && !s->zero);
}

// True if the elements are int32 and within 1..high, found out quickly.
static bool are_plain(const search *s, int64_t from, int64_t to)
{
  static const nd_gather_table *const tables[ND_LEVELS] = ND_LIST_LEVELS(
    nd_gather_table);
  const nd_tensor *x = s->x;
  const int32_t *v = (const int32_t *)(const void *)nd_values(x);
  return !s->inside && s->low <= 1 && s->high >= 1 && s->high <= INT32_MAX &&
         x->dtype == ND_INT32 && x->dense &&
         tables[x->context->level]->within(to - from, v + from,
                                           (uint32_t)s->high);
}

static void note_first(_Atomic int64_t *first, int64_t at)
{
  int64_t before = atomic_load(first);
  while (at < before && !atomic_compare_exchange_weak(first, &before, at)) {
  }
}

// Looks for the first offender, whose position goes to `first`.
static void search_units(const void *what, void *first, void *own, int64_t from,
                         int64_t to)
{
  const search *s = what;
  if (are_plain(s, from, to))
    return;
  nd_reader r;
  nd_reader_start(&r, s->x, ND_INT64);
  for (int64_t at = from; at < to; at += ND_BLOCK) {
    const int64_t n = to - at < ND_BLOCK ? to - at : ND_BLOCK;
    const int64_t *v = nd_reader_at(&r, at, n);
    for (int64_t i = 0; i < n; i++) {
      if (offends(s, v[i])) {
        note_first(first, at + i);
        return;
      }
    }
  }
}

// True if there is no offender; else `*bad` is the first.
static bool find_none(const search *s, int64_t *bad)
{
  _Atomic int64_t first = s->x->size;
  const nd_step step = { .units = s->x->size,
                         .cost = .25F,
                         .run = search_units };
  *bad = 0;
  if (!nd_step_run(s->x->context, &step, s, &first))
    return false;
  if (first == s->x->size)
    return true;
  nd_reader r;
  nd_reader_start(&r, s->x, ND_INT64);
  *bad = *(const int64_t *)nd_reader_at(&r, first, 1);
  return false;
}

bool nd_integers_within(nd_tensor *x, int64_t low, int64_t high, bool zero,
                        int64_t *bad)
{
  enum { FEW = 4096 };  // so that they need no cutting
  const search s = { x, low, high, zero, false };
  return (x->size <= FEW && are_plain(&s, 0, x->size)) || find_none(&s, bad);
}

bool nd_integers_avoid(nd_tensor *x, int64_t low, int64_t high)
{
  const search s = { x, low, high, true, true };
  int64_t bad;
  return !nd_dtype_in((nd_dtype)x->dtype, ND_INTS) || find_none(&s, &bad);
}

static bool fail_position(nd_context *c, int64_t position, int64_t size)
{
  if (position == 0)
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "index 0: positions count from 1 here, and -1 is the last");
  return nd_fail(c, ND_BAD_ARGUMENT, "index %lld is outside 1..%lld",
                 (long long)position, (long long)size);
}

bool nd_integers_check_positions(nd_context *c, nd_tensor *x, int64_t size)
{
  int64_t bad;
  return nd_integers_within(x, -size, size, false, &bad) ||
         fail_position(c, bad, size);
}
