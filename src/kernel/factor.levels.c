// kernel/factor.levels.c: the table of factorizations' loops.

#include "kernel/factor.h"

extern const nd_factor_kernels ND_LEVELLED(nd_factor_float32);
extern const nd_factor_kernels ND_LEVELLED(nd_factor_float64);

const nd_factor_table ND_LEVELLED(nd_factor_table) = {
  .at[ND_FLOAT32] = &ND_LEVELLED(nd_factor_float32),
  .at[ND_FLOAT64] = &ND_LEVELLED(nd_factor_float64),
};
