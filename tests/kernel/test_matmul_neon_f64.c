// tests/kernel/test_matmul_neon_f64.c: float64 in vectors of 16 bytes, on any
// CPU.

#define WIDTH 16
#define TILE_VECTORS 4
#define REAL double
#define REAL_BITS 64
#include "matmul_lanes.h"
