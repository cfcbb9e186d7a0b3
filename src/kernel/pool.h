// kernel/pool.h: loops of pools, over some windows in a row and the positions
// of each, all channels: of equals the first counts, and nan is larger than any
// number.

#ifndef ND_KERNEL_POOL_H
#define ND_KERNEL_POOL_H

#include "kernel/level.h"
#include "nadir.h"

// Windows that are alike, `windows` of them: each has positions, `count` along
// three axes and `step` elements from one to the next, of `n` channels; from
// window to window there are `across`. What is written to positions is written
// to rows from..to-1 of them only; row (i, j) is number i * height + j.
typedef struct nd_box {
  int64_t windows, across;
  int64_t n;
  int64_t count[3], step[3];
  int64_t height, from, to;
  bool alone;  // no position is in two windows: put need not add
} nd_box;

// `x`, `v` and the `y` of put and spread point to the first position of the
// first window; others to the channels of that window.
typedef struct nd_pool_kernels {
  // y = the largest of x
  void (*max)(const nd_box *b, const void *x, void *y);

  // y = the sum of x / by
  void (*mean)(const nd_box *b, double by, const void *x, void *y);

  // y = v where x is largest
  void (*take)(const nd_box *b, const void *x, const void *v, void *y);

  // y += g where x is largest; what is alone is set, also to 0
  void (*put)(const nd_box *b, const void *x, const void *g, void *y);

  // y += g / by everywhere
  void (*spread)(const nd_box *b, double by, const void *g, void *y);
} nd_pool_kernels;

// By float dtype.
typedef struct nd_pool_table {
  const nd_pool_kernels *at[2];
} nd_pool_table;

#endif
