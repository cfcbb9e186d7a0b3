// tests/kernel/test_matmul_avx512_f32.c: float32 in the vectors of AVX-512, on any CPU.

#define WIDTH 64
#define TILE_VECTORS 4
#define REAL float
#define REAL_BITS 32
#include "matmul_lanes.h"
