// kernel/flip_plain.h: a flip element by element, of `size` bytes each, which
// is a constant where this is called.

#ifndef ND_KERNEL_FLIP_PLAIN_H
#define ND_KERNEL_FLIP_PLAIN_H

#include <string.h>

#include "kernel/flip.h"
#include "kernel/math.h"

ND_INLINE void nd_flip_plain(int64_t rows, int64_t columns, int64_t size,
                             const char *in, int64_t from, char *out,
                             int64_t to)
{
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t c = 0; c < columns; c++)
      memcpy(out + (r * to + c) * size, in + (c * from + r) * size,
             (size_t)size);
  }
}

#endif
