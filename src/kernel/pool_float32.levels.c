// kernel/pool_float32.levels.c: the loops of pools over float32.

#define REAL float
#define WHOLE int32_t
#include "kernel/pool_real.h"

const nd_pool_kernels ND_LEVELLED(nd_pool_float32) = {
  .max = find_max,
  .mean = find_mean,
  .take = take,
  .put = put,
  .spread = spread,
};
