// kernel/flip_real.h: FLIP_PLANE, for elements as large as REAL, whose bits
// stay as they are: flips squares of vectors. Rows are taken in strips as high
// as a line of the cache is long, so that each line is read once.

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
  nd_flip_plain(rows, columns, sizeof(REAL), (const char *)in, from,
                (char *)out, to);
}

nd_flip FLIP_PLANE;

void FLIP_PLANE(int64_t rows, int64_t columns, const void *plane, int64_t from,
                void *flipped, int64_t to)
{
  const REAL *in = plane;
  REAL *out = flipped;
  const int64_t high = rows / LANES * LANES, wide = columns / LANES * LANES;
  for (int64_t first = 0; first < high; first += STRIP) {
    const int64_t end = first + STRIP < high ? first + STRIP : high;
    for (int64_t c = 0; c < wide; c += LANES) {
      for (int64_t r = first; r < end; r += LANES)
        flip_square(in + c * from + r, from, out + r * to + c, to);
    }
  }
  flip_edge(high, columns - wide, in + wide * from, from, out + wide, to);
  flip_edge(rows - high, columns, in + high, from, out + high * to, to);
}
