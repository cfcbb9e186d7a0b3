// kernel/matmul_vector.h: vectors of REAL, and squares of them, transposed.
// Whoever includes this has defined REAL and REAL_BITS.

#include "kernel/fma.h"

#ifndef WIDTH
#define WIDTH ND_VECTOR_BYTES
#endif

enum {
  LANES = WIDTH / sizeof(REAL),
  PANEL = TILE_VECTORS * LANES,  // columns
};

typedef REAL vector __attribute__((vector_size(WIDTH)));

// The same anywhere in memory.
typedef REAL loose
  __attribute__((vector_size(WIDTH), aligned(sizeof(REAL)), may_alias));

// Vector number `j` of a run.
ND_INLINE vector load(const REAL *run, int j)
{
  return *(const loose *)(run + j * LANES);
}

ND_INLINE void store(REAL *run, int j, vector x)
{
  *(loose *)(run + j * LANES) = x;
}

ND_INLINE vector splat(REAL x)
{
  return x - (vector){ 0 };
}

// ND_FMA lane by lane.
ND_INLINE vector fuse(vector a, vector b, vector c)
{
  for (int i = 0; i < LANES; i++)
    c[i] = ND_FMA(a[i], b[i], c[i]);
  return c;
}

// ---------------------------------------------------------------- flipping --

// First all 16 bytes of a vector are transposed with those at the same place in
// other vectors, which every CPU does fastest, then these 16 bytes as a whole.

// What __builtin_shufflevector takes of two vectors: REALs, or pairs of float32
// and single float64, out of the lower or upper halves of each 16 bytes in
// turn; 16 bytes of the lower or upper halves of the vectors in turn.
#if WIDTH == 16
#define ONE_LOW 0, 4, 1, 5
#define ONE_HIGH 2, 6, 3, 7
#define TWO_LOW 0, 2
#define TWO_HIGH 1, 3
#elif WIDTH == 32
#define ONE_LOW 0, 8, 1, 9, 4, 12, 5, 13
#define ONE_HIGH 2, 10, 3, 11, 6, 14, 7, 15
#define TWO_LOW 0, 4, 2, 6
#define TWO_HIGH 1, 5, 3, 7
#define FOUR_LOW 0, 1, 4, 5
#define FOUR_HIGH 2, 3, 6, 7
#else
#define ONE_LOW 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29
#define ONE_HIGH 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31
#define TWO_LOW 0, 8, 2, 10, 4, 12, 6, 14
#define TWO_HIGH 1, 9, 3, 11, 5, 13, 7, 15
#define FOUR_LOW 0, 1, 8, 9, 2, 3, 10, 11
#define FOUR_HIGH 4, 5, 12, 13, 6, 7, 14, 15
#endif

enum { QUAD = 16 / sizeof(REAL), QUADS = LANES / QUAD };

typedef double doubles __attribute__((vector_size(WIDTH)));

#define MIX(x, y, how) \
  (vector) __builtin_shufflevector((doubles)(x), (doubles)(y), how)

// The same 16 bytes of QUAD vectors, transposed.
ND_INLINE void flip_quads(vector *x)
{
#if REAL_BITS == 32
  vector y[QUAD];
  ND_UNROLL
  for (int i = 0; i < QUAD; i += 2) {
    y[i] = __builtin_shufflevector(x[i], x[i + 1], ONE_LOW);
    y[i + 1] = __builtin_shufflevector(x[i], x[i + 1], ONE_HIGH);
  }
  x[0] = MIX(y[0], y[2], TWO_LOW);
  x[1] = MIX(y[0], y[2], TWO_HIGH);
  x[2] = MIX(y[1], y[3], TWO_LOW);
  x[3] = MIX(y[1], y[3], TWO_HIGH);
#else
  const vector y = x[0];
  x[0] = MIX(y, x[1], TWO_LOW);
  x[1] = MIX(y, x[1], TWO_HIGH);
#endif
}

// 16 bytes of vectors 0, QUAD, 2 QUAD .., transposed.
ND_INLINE void flip_far(vector *x)
{
#if WIDTH > 16
  ND_UNROLL
  for (int round = 1; round < QUADS; round *= 2) {
    vector y[QUADS];
    ND_UNROLL
    for (int i = 0; i < QUADS / 2; i++) {
      const vector low = x[i * QUAD], high = x[(i + QUADS / 2) * QUAD];
      y[2 * i] = MIX(low, high, FOUR_LOW);
      y[2 * i + 1] = MIX(low, high, FOUR_HIGH);
    }
    ND_UNROLL
    for (int i = 0; i < QUADS; i++)
      x[i * QUAD] = y[i];
  }
#endif
}

// LANES vectors: lane i of vector j and lane j of vector i change places.
ND_INLINE void flip(vector *x)
{
  ND_UNROLL
  for (int i = 0; i < QUADS; i++)
    flip_quads(x + i * QUAD);
  ND_UNROLL
  for (int i = 0; i < QUAD; i++)
    flip_far(x + i);
}
