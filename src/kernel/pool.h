// kernel/pool.h: loops of pools: over `count` taps that follow each other along
// an axis, `n` channels of each, `step` elements apart.

#ifndef ND_KERNEL_POOL_H
#define ND_KERNEL_POOL_H

#include "kernel/level.h"
#include "nadir.h"

typedef struct nd_taps {
  int64_t n, count, step;
} nd_taps;

typedef struct nd_pool_kernels {
  // y[i] = the largest of y[i] and x[p][i] over all taps p; nan wins, and of
  // equals the first. `place` of it is `number` and up; neither y nor place is
  // read if `first`.
  void (*max)(nd_taps t, bool first, const void *x, void *y);
  void (*argmax)(nd_taps t, bool first, int32_t number, const void *x, void *y,
                 int32_t *place);

  // y[i] = t[p][i] where place[i] is number + p
  void (*take)(nd_taps t, int32_t number, const int32_t *place, const void *x,
               void *y);

  // y[p][i] += g[i] where place[i] is number + p
  void (*put)(nd_taps t, int32_t number, const int32_t *place, const void *g,
              void *y);

  // y[i] += the sum of x[p][i], from 0 if `first`; y[i] /= by;
  // y[p][i] += g[i] / by
  void (*sum)(nd_taps t, bool first, const void *x, void *y);
  void (*divide)(int64_t n, double by, void *y);
  void (*spread)(nd_taps t, double by, const void *g, void *y);
} nd_pool_kernels;

// By float dtype.
typedef struct nd_pool_table {
  nd_pool_kernels at[2];
} nd_pool_table;

#endif
