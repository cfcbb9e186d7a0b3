// kernel/matmul_float32.levels.c: the multiply of float32.

#define REAL float
#define REAL_BITS 32
#include "kernel/matmul_real.h"

const nd_matmul_kernels ND_LEVELLED(nd_matmul_float32) = {
  .scratch = scratch_bytes,
  .run = run,
  .chain = run_one_chain,
  .plus = plus,
  .plain = plain,
};
