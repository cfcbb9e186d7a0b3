// kernel/moments.h: sums of floats, and sums of the squares of what lies
// between them and their mean, in float64: two passes over inputs that stay in
// the cache, so that a large mean takes no digits of a small variance.

#ifndef ND_KERNEL_MOMENTS_H
#define ND_KERNEL_MOMENTS_H

#include "kernel/level.h"
#include "nadir.h"

typedef struct nd_moments_kernels {
  // Those of a run of `n` inputs, 1 or more: over ND_LANES lanes, which are put
  // together by halves, as in kernel/reduce.h.
  void (*run)(int64_t n, double *sum, double *squares, const void *in);

  // Those of `n` columns of `rows` inputs, 1 or more, row by row; rows are
  // `step` elements apart.
  void (*columns)(int64_t rows, int64_t n, int64_t step, double *restrict sum,
                  double *restrict squares, const void *restrict in);
} nd_moments_kernels;

// By dtype: ND_FLOAT32, ND_FLOAT64.
typedef struct nd_moments_table {
  nd_moments_kernels at[2];
} nd_moments_table;

#endif
