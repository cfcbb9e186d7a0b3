// kernel/flip_8.levels.c: planes of elements of 8 bytes.

#define REAL double
#define REAL_BITS 64
#define FLIP_PLANE ND_LEVELLED(nd_flip_8)
#include "kernel/flip_real.h"
