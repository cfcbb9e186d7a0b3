// kernel/place.h: where extremes are: the first place of a value in a run, and
// the places of the best so far in many columns.

#ifndef ND_KERNEL_PLACE_H
#define ND_KERNEL_PLACE_H

#include "kernel/level.h"
#include "nadir.h"

typedef struct nd_place_kernels {
  // Of each of `rows` runs of `n`, one after the other, the first place from 1
  // where values[r] is; n + 1 if it is nowhere.
  void (*first)(int64_t rows, int64_t n, const void *in, const void *values,
                int64_t *at);

  // Where row[i] is above best[i], or below it, or best[i] is nan and row[i] is
  // not: best[i] = row[i] and at[i] = place.
  void (*above)(int64_t n, const void *restrict row, void *restrict best,
                int32_t *restrict at, int32_t place);
  void (*below)(int64_t n, const void *restrict row, void *restrict best,
                int32_t *restrict at, int32_t place);
} nd_place_kernels;

typedef struct nd_place_table {
  nd_place_kernels at[ND_DTYPES];
} nd_place_table;

#endif
