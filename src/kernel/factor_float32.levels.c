// kernel/factor_float32.levels.c: the loops of factorizations of float32.

#define REAL float
#define REAL_BITS 32
#include "kernel/factor_real.h"

const nd_factor_kernels ND_LEVELLED(nd_factor_float32) = FACTOR_KERNELS;
