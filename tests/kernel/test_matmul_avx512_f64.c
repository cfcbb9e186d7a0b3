// tests/kernel/test_matmul_avx512_f64.c: float64 in vectors of 64 bytes, on any
// CPU.

#define WIDTH 64
#define TILE_VECTORS 4
#define REAL double
#define REAL_BITS 64
#include "matmul_lanes.h"
