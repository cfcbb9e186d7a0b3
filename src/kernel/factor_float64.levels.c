// kernel/factor_float64.levels.c: the loops of factorizations of float64.

#define REAL double
#define REAL_BITS 64
#include "kernel/factor_real.h"

const nd_factor_kernels ND_LEVELLED(nd_factor_float64) = FACTOR_KERNELS;
