// kernel/rows_within.h: how far behind the end of a row its memory goes on.

#ifndef ND_KERNEL_ROWS_WITHIN_H
#define ND_KERNEL_ROWS_WITHIN_H

#include <stdint.h>

// How many of `rows` rows, `step` elements apart, begin so early that `most`
// elements can be read from there on, if the last row has `n`.
static inline int64_t nd_rows_within(int64_t rows, int64_t step, int64_t n,
                                     int64_t most)
{
  const int64_t spare = (rows - 1) * step + n - most;
  return step <= 0 || spare < 0 ? 0 : spare / step + 1;
}

#endif
