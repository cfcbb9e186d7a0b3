// kernel/matmul_float64.levels.c: the multiply of float64.

#define REAL double
#define REAL_BITS 64
#include "kernel/matmul_real.h"

const nd_matmul_kernels ND_LEVELLED(nd_matmul_float64) = {
  .scratch = scratch_bytes,
  .run = run,
  .add = add,
  .plus = plus,
  .terms = TERMS,
  .pack_panels = pack_panels,
  .tiles_bytes = tiles_bytes,
  .pack_tiles = pack_tiles,
  .run_packed = run_packed,
  .plain = plain,
};
