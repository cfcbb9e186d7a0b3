// kernel/flip_plain.h: a flip element by element, of `size` bytes each, which
// is a constant where this is called.

#ifndef ND_KERNEL_FLIP_PLAIN_H
#define ND_KERNEL_FLIP_PLAIN_H

#include <string.h>

#include "kernel/flip.h"
#include "kernel/math.h"

ND_INLINE void nd_flip_plain(int64_t rows, int64_t columns, int64_t size,
                             const char *restrict in, int64_t from,
                             char *restrict out, int64_t to)
{
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t c = 0; c < columns; c++)
      memcpy(out + (r * to + c) * size, in + (c * from + r) * size,
             (size_t)size);
  }
}

// The same of `few` rows, a constant, that lie without gaps.
ND_INLINE void nd_flip_low(int64_t few, int64_t columns, int64_t size,
                           const char *restrict in, char *restrict out,
                           int64_t to)
{
  for (int64_t c = 0; c < columns; c++) {
    for (int64_t r = 0; r < few; r++)
      memcpy(out + (r * to + c) * size, in + (c * few + r) * size,
             (size_t)size);
  }
}

// The same of `few` columns that come to lie without gaps.
ND_INLINE void nd_flip_narrow(int64_t rows, int64_t few, int64_t size,
                              const char *restrict in, int64_t from,
                              char *restrict out)
{
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t c = 0; c < few; c++)
      memcpy(out + (r * few + c) * size, in + (c * from + r) * size,
             (size_t)size);
  }
}

// The same of any plane; by a loop of vectors where 2 to 4 rows or columns lie
// without gaps.
ND_INLINE void nd_flip_edge(int64_t rows, int64_t columns, int64_t size,
                            const char *in, int64_t from, char *out, int64_t to)
{
  if (rows == 2 && from == 2)
    nd_flip_low(2, columns, size, in, out, to);
  else if (rows == 3 && from == 3)
    nd_flip_low(3, columns, size, in, out, to);
  else if (rows == 4 && from == 4)
    nd_flip_low(4, columns, size, in, out, to);
  else if (columns == 2 && to == 2)
    nd_flip_narrow(rows, 2, size, in, from, out);
  else if (columns == 3 && to == 3)
    nd_flip_narrow(rows, 3, size, in, from, out);
  else if (columns == 4 && to == 4)
    nd_flip_narrow(rows, 4, size, in, from, out);
  else
    nd_flip_plain(rows, columns, size, in, from, out, to);
}

#endif
