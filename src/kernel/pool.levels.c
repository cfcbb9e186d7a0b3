// kernel/pool.levels.c: the table of pools.

#include "kernel/pool.h"

extern const nd_pool_kernels ND_LEVELLED(nd_pool_float32);
extern const nd_pool_kernels ND_LEVELLED(nd_pool_float64);

const nd_pool_table ND_LEVELLED(nd_pool_table) = {
  .at[ND_FLOAT32] = &ND_LEVELLED(nd_pool_float32),
  .at[ND_FLOAT64] = &ND_LEVELLED(nd_pool_float64),
};
