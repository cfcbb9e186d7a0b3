// kernel/flip_4.levels.c: planes of elements of 4 bytes.

#define REAL float
#define REAL_BITS 32
#define FLIP_PLANE ND_LEVELLED(nd_flip_4)
#include "kernel/flip_real.h"
