// kernel/matmul_tile.h: vectors of REAL, and tiles of c that stay in registers
// while they take terms, or panels of such tiles one below the other. Whoever
// includes this has defined REAL and REAL_BITS; how c is cut is not known here.

#include "kernel/math.h"
#include "kernel/matmul.h"

#if ND_HAS_FMA && defined(__x86_64__)
#include <immintrin.h>
#elif ND_HAS_FMA && defined(__aarch64__)
#include <arm_neon.h>
#endif

// ---------------------------------------------------------------- vectors --

#define WIDTH ND_VECTOR_BYTES
#if defined(__AVX512F__)
#define TILE_VECTORS 4
#define FMA_32(a, b, c) _mm512_fmadd_ps(a, b, c)
#define FMA_64(a, b, c) _mm512_fmadd_pd(a, b, c)
#elif defined(__AVX2__)
#define TILE_VECTORS 2
#define FMA_32(a, b, c) _mm256_fmadd_ps(a, b, c)
#define FMA_64(a, b, c) _mm256_fmadd_pd(a, b, c)
#elif ND_HAS_FMA && defined(__aarch64__)
#define TILE_VECTORS 4
#define FMA_32(a, b, c) vfmaq_f32(c, a, b)
#define FMA_64(a, b, c) vfmaq_f64(c, a, b)
#else
#define TILE_VECTORS 2
#define FMA_32(a, b, c) ((a) * (b) + (c))
#define FMA_64(a, b, c) ((a) * (b) + (c))
#endif
#define TILE_ROWS 6
#define FMA ND_JOIN(FMA, REAL_BITS)

// The lower halves of two vectors, alternating, and the upper ones.
#if WIDTH * 8 / REAL_BITS == 2
#define LOW 0, 2
#define HIGH 1, 3
#elif WIDTH * 8 / REAL_BITS == 4
#define LOW 0, 4, 1, 5
#define HIGH 2, 6, 3, 7
#elif WIDTH * 8 / REAL_BITS == 8
#define LOW 0, 8, 1, 9, 2, 10, 3, 11
#define HIGH 4, 12, 5, 13, 6, 14, 7, 15
#else
#define LOW 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#endif
#define ZIP_LOW(x, y) __builtin_shufflevector(x, y, LOW)
#define ZIP_HIGH(x, y) __builtin_shufflevector(x, y, HIGH)

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

// The multiply as it is worked on: `c` may lie transposed.
typedef struct task {
  const REAL *a;
  const REAL *b;
  REAL *c;
  int64_t a_row, a_column;
  int64_t b_row, b_column;
  int64_t c_row, c_column;
  int64_t k;
  int64_t row, rows;        // first and end
  int64_t column, columns;  // first and end
  int64_t from, to;         // offsets into c
} task;

// Some columns of b. A packed panel is filled up with zeros to whole vectors.
typedef struct panel {
  const REAL *b;
  int64_t stride;  // from row to row
  int64_t column;
  int columns;
  int vectors;
} panel;

// ------------------------------------------------------------------ tiles --

// What becomes of c: the first terms of a chain, further ones, or a chain that
// is added to those before.
typedef enum mode { BEGIN, CONTINUE, ADD } mode;

// c[rows, vectors] (+)= a[rows, k] b[k, vectors].
ND_INLINE void tile(int rows, int vectors, int64_t k, const REAL *a,
                    int64_t a_row, int64_t a_column, const REAL *b,
                    int64_t b_row, REAL *c, int64_t c_row, mode how)
{
  const vector zero = { 0 };
  vector sum[TILE_ROWS][TILE_VECTORS];
  ND_UNROLL
  for (int i = 0; i < rows; i++) {
    ND_UNROLL
    for (int j = 0; j < vectors; j++)
      sum[i][j] = how == CONTINUE ? load(c + i * c_row, j) : zero;
  }
  for (int64_t p = 0; p < k; p++) {
    vector y[TILE_VECTORS];
    ND_UNROLL
    for (int j = 0; j < vectors; j++)
      y[j] = load(b, j);
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
      store(at, j, how == ADD ? load(at, j) + sum[i][j] : sum[i][j]);
    }
  }
}

typedef void tile_kernel(int64_t k, const REAL *a, int64_t a_row,
                         int64_t a_column, const REAL *b, int64_t b_row,
                         REAL *c, int64_t c_row, mode how);

#define TILE(rows, vectors)                                                   \
  static void tile_##rows##x##vectors(                                        \
    int64_t k, const REAL *a, int64_t a_row, int64_t a_column, const REAL *b, \
    int64_t b_row, REAL *c, int64_t c_row, mode how)                          \
  {                                                                           \
    tile(rows, vectors, k, a, a_row, a_column, b, b_row, c, c_row, how);      \
  }

#define TILES(vectors) \
  TILE(6, vectors) TILE(4, vectors) TILE(2, vectors) TILE(1, vectors)
TILES(1)
TILES(2)
#if TILE_VECTORS > 2
TILES(4)
#endif

#define TILE_LIST(vectors)                                                  \
  {                                                                         \
    [1] = tile_1x##vectors, [2] = tile_2x##vectors, [4] = tile_4x##vectors, \
    [6] = tile_6x##vectors,                                                 \
  }

static tile_kernel *const tiles[TILE_VECTORS + 1][TILE_ROWS + 1] = {
  [1] = TILE_LIST(1),
  [2] = TILE_LIST(2),
#if TILE_VECTORS > 2
  [4] = TILE_LIST(4),
#endif
};

// `k` terms of the multiply, from number `from` on, all of one chain; `a`
// points at the packed rows from t->row on, or is NULL.
typedef struct stretch {
  int64_t from, k;
  const REAL *a;
  mode how;
} stretch;

// How many of the rows that are left make the next tile.
ND_INLINE int tile_rows(int64_t left)
{
  return left >= 6 ? 6 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
}

static void run_tile(const task *t, const stretch *s, const panel *b,
                     int64_t row, int rows, REAL *c, int64_t c_row)
{
  tile_kernel *kernel = tiles[b->vectors][rows];
  if (s->a != NULL)
    kernel(s->k, s->a + (row - t->row) * s->k, 1, rows, b->b, b->stride, c,
           c_row, s->how);
  else
    kernel(s->k, t->a + row * t->a_row + s->from * t->a_column, t->a_row,
           t->a_column, b->b, b->stride, c, c_row, s->how);
}

// A tile of which only a part is wanted, or whose columns are not adjacent in
// c: by way of a buffer.
static void run_edge(const task *t, const stretch *s, const panel *b,
                     int64_t row, int rows)
{
  REAL buffer[TILE_ROWS * PANEL];
  const int width = b->vectors * LANES;
  const int64_t first = row * t->c_row + b->column * t->c_column;
  const int64_t low = t->from - first;
  const int64_t high = t->to - first;
  REAL *const c = t->c + first;
  for (int i = 0; i < rows && s->how != BEGIN; i++) {
    for (int j = 0; j < width; j++) {
      const int64_t at = i * t->c_row + j * t->c_column;
      const bool wanted = j < b->columns && at >= low && at < high;
      buffer[i * width + j] = wanted ? c[at] : 0;
    }
  }
  run_tile(t, s, b, row, rows, buffer, width);
  for (int i = 0; i < rows; i++) {
    for (int j = 0; j < b->columns; j++) {
      const int64_t at = i * t->c_row + j * t->c_column;
      if (at >= low && at < high)
        c[at] = buffer[i * width + j];
    }
  }
}

// All rows of the task in one panel.
static void run_panel(const task *t, const stretch *s, const panel *b)
{
  const bool whole = b->columns == b->vectors * LANES && t->c_column == 1;
  int rows;
  for (int64_t i = t->row; i < t->rows; i += rows) {
    rows = tile_rows(t->rows - i);
    const int64_t first = i * t->c_row + b->column * t->c_column;
    const int64_t last = first + (rows - 1) * t->c_row + b->columns - 1;
    if (whole && first >= t->from && last < t->to)
      run_tile(t, s, b, i, rows, t->c + first, t->c_row);
    else
      run_edge(t, s, b, i, rows);
  }
}
