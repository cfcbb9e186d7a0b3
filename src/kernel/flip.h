// kernel/flip.h: planes of elements whose rows become columns.

#ifndef ND_KERNEL_FLIP_H
#define ND_KERNEL_FLIP_H

#include "kernel/level.h"
#include "nadir.h"

// out[r * to + c] = in[c * from + r] for r < rows and c < columns, where
// elements are counted.
typedef void nd_flip(int64_t rows, int64_t columns, const void *in,
                     int64_t from, void *out, int64_t to);

typedef struct nd_flip_table {
  nd_flip *of[8 + 1];  // by the bytes of an element: 1, 2, 4 or 8
} nd_flip_table;

#endif
