// kernel/flip_real.h: FLIP_PLANE, for elements as large as REAL, whose bits
// stay as they are: flips squares of vectors. Rows are taken in strips as high
// as a line of the cache is long, so that each line is read once.

#include "base/cut.h"
#include "kernel/flip_plain.h"
#include "kernel/matmul_vector.h"

enum { STRIP = 64 / sizeof(REAL) };

ND_INLINE void flip_square(const REAL *in, int64_t from, REAL *out, int64_t to)
{
  vector x[LANES];
  ND_UNROLL
  for (int i = 0; i < LANES; i++)
    x[i] = load(in + i * from, 0);
  flip(x);
  ND_UNROLL
  for (int i = 0; i < LANES; i++)
    store(out + i * to, 0, x[i]);
}

static void flip_edge(int64_t rows, int64_t columns, const REAL *in,
                      int64_t from, REAL *out, int64_t to)
{
  nd_flip_edge(rows, columns, sizeof(REAL), (const char *)in, from, (char *)out,
               to);
}

nd_flip FLIP_PLANE;

// The last squares of a strip and of the plane begin where they still fit in:
// what they share with others is written twice.
void FLIP_PLANE(int64_t rows, int64_t columns, const void *plane, int64_t from,
                void *flipped, int64_t to)
{
  const REAL *in = plane;
  REAL *out = flipped;
  if (rows < LANES || columns < LANES) {
    flip_edge(rows, columns, in, from, out, to);
    return;
  }
  for (int64_t first = 0; first < rows; first += STRIP) {
    const int64_t end = nd_least(first + STRIP, rows);
    for (int64_t i = 0; i < columns; i += LANES) {
      const int64_t c = nd_least(i, columns - LANES);
      for (int64_t k = first; k < end; k += LANES) {
        const int64_t r = nd_least(k, rows - LANES);
        flip_square(in + c * from + r, from, out + r * to + c, to);
      }
    }
  }
}
