// kernel/matmul_tile.h: tiles of c that stay in registers while they take a
// chain of terms. How c is cut is not known here.

#include "kernel/matmul.h"
#include "kernel/matmul_vector.h"

// Where the terms of a tile lie, and whether c begins with them or takes them
// too. What is read of b is also written to `packed`, one row after the other.
typedef struct source {
  const REAL *a;
  int64_t a_row, a_column;
  const REAL *b;
  int64_t b_row;
  int64_t k;
  bool adds;
  REAL *packed;
} source;

// One chain: c[rows, vectors] (+)= a[rows, k] b[k, vectors]. What lies beside b
// is packed next; its rows may be far from each other, so it is asked for.
ND_INLINE void tile_chain(int rows, int vectors, bool packs, const source *s,
                          int64_t from, int64_t k, REAL *c, int64_t c_row)
{
  const int64_t a_row = s->a_row, a_column = s->a_column, b_row = s->b_row;
  const bool adds = s->adds || from > 0;
  const REAL *a = s->a + from * a_column;
  const REAL *b = s->b + from * b_row;
  REAL *out = packs ? s->packed + from * vectors * LANES : NULL;
  vector sum[ND_MATMUL_ROWS][TILE_VECTORS];
  ND_UNROLL
  for (int i = 0; i < rows; i++) {
    ND_UNROLL
    for (int j = 0; j < vectors; j++)
      sum[i][j] = (vector){ 0 };
  }
  for (int64_t p = 0; p < k; p++) {
    vector y[TILE_VECTORS];
    ND_UNROLL
    for (int j = 0; j < vectors; j++) {
      y[j] = load(b, j);
      if (packs)
        store(out, j, y[j]);
    }
    if (packs)
      __builtin_prefetch(b + vectors * LANES, 0, 2);
    out += packs ? vectors * LANES : 0;
    ND_UNROLL
    for (int i = 0; i < rows; i++) {
      const vector x = splat(a[i * a_row]);
      ND_UNROLL
      for (int j = 0; j < vectors; j++)
        sum[i][j] = FMA(x, y[j], sum[i][j]);
    }
    a += a_column;
    b += b_row;
  }
  ND_UNROLL
  for (int i = 0; i < rows; i++) {
    ND_UNROLL
    for (int j = 0; j < vectors; j++) {
      REAL *const at = c + i * c_row;
      store(at, j, adds ? load(at, j) + sum[i][j] : sum[i][j]);
    }
  }
}

// Chain after chain. A row of c is asked for long before it is written.
ND_INLINE void tile(int rows, int vectors, bool packs, const source *s, REAL *c,
                    int64_t c_row)
{
  ND_UNROLL
  for (int i = 0; i < rows; i++) {
    __builtin_prefetch(c + i * c_row, 1);
    __builtin_prefetch(c + i * c_row + vectors * LANES - 1, 1);
  }
  for (int64_t from = 0; from < s->k; from += ND_MATMUL_CHAIN) {
    const int64_t left = s->k - from;
    const int64_t k = left < ND_MATMUL_CHAIN ? left : ND_MATMUL_CHAIN;
    tile_chain(rows, vectors, packs, s, from, k, c, c_row);
  }
}

typedef void tile_kernel(const source *s, REAL *c, int64_t c_row);

#define KERNEL(name, rows, vectors, packs)                           \
  static void name##vectors(const source *s, REAL *c, int64_t c_row) \
  {                                                                  \
    tile(rows, vectors, packs, s, c, c_row);                         \
  }
#define TILE(rows, vectors) KERNEL(tile_##rows##x, rows, vectors, false)
#define PACK(vectors) KERNEL(pack_6x, 6, vectors, true)

#define SMALL(v) TILE(1, v) TILE(2, v) TILE(3, v)
#define LARGE(v) TILE(4, v) TILE(5, v) TILE(6, v) PACK(v)
SMALL(1)
SMALL(2)
LARGE(1)
LARGE(2)
#if TILE_VECTORS > 2
SMALL(4)
LARGE(4)
#endif

// By rows; at 0 the one of ND_MATMUL_ROWS rows that packs.
#define TILE_LIST(v)                                                        \
  {                                                                         \
    pack_6x##v, tile_1x##v, tile_2x##v, tile_3x##v, tile_4x##v, tile_5x##v, \
      tile_6x##v,                                                           \
  }

static tile_kernel *const tile_kernels[TILE_VECTORS + 1][ND_MATMUL_ROWS + 1] = {
  [1] = TILE_LIST(1),
  [2] = TILE_LIST(2),
#if TILE_VECTORS > 2
  [4] = TILE_LIST(4),
#endif
};

// How many of the rows that are left make the next tile: small tiles wait for
// their sums.
ND_INLINE int tile_rows(int64_t left)
{
  return left > 9 ? 6 : left > 6 ? (int)(left + 1) / 2 : (int)left;
}
