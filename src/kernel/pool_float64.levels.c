// kernel/pool_float64.levels.c: the loops of pools over float64.

#define REAL double
#define WHOLE int64_t
#include "kernel/pool_real.h"

const nd_pool_kernels ND_LEVELLED(nd_pool_float64) = {
  .max = find_max,
  .mean = find_mean,
  .take = take,
  .put = put,
  .spread = spread,
};
