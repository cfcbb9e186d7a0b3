// base/cut.h: counts, as work is cut by them.

#ifndef ND_BASE_CUT_H
#define ND_BASE_CUT_H

#include <stdint.h>

static inline int64_t nd_least(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

// How many parts of `size`, but for the last one, `n` has.
static inline int64_t nd_parts(int64_t n, int64_t size)
{
  return (n + size - 1) / size;
}

// The next multiple of `step`.
static inline int64_t nd_round_up(int64_t n, int64_t step)
{
  return nd_parts(n, step) * step;
}

#endif
