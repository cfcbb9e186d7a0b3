// tests/kernel/test_matmul_neon_f32.c: float32 in vectors of 16 bytes, on any
// CPU.

#define WIDTH 16
#define TILE_VECTORS 4
#define REAL float
#define REAL_BITS 32
#include "matmul_lanes.h"
