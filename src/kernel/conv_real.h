// kernel/conv_real.h: tiles of convolutions over one float type:
// conv_float32.levels.c and conv_float64.levels.c define REAL and REAL_BITS and
// include this.
//
// A tile stays in registers while it takes a chain: each term is a row of b, a
// vector or some, times one number of each row of a, which are read where they
// lie.

#include <string.h>

#include "kernel/conv.h"
#include "kernel/fma.h"

enum {
  LANES = ND_VECTOR_BYTES / sizeof(REAL),
  WIDEST = TILE_VECTORS * LANES,
  ROWS = ND_CONV_ROWS
};

typedef REAL vector __attribute__((vector_size(ND_VECTOR_BYTES)));

// The same anywhere in memory.
typedef REAL loose __attribute__((vector_size(ND_VECTOR_BYTES),
                                  aligned(sizeof(REAL)), may_alias));

ND_INLINE vector load(const REAL *run, int j)
{
  return *(const loose *)(run + j * LANES);
}

ND_INLINE void store(REAL *run, int j, vector x)
{
  *(loose *)(run + j * LANES) = x;
}

// ------------------------------------------------------------------ tiles --

// A tile whose columns are all wanted.
ND_INLINE void run_tile(int rows, int vectors, const nd_conv_tile *tile,
                        const nd_conv_terms *t, const REAL *panel,
                        int64_t column)
{
  const vector zero = { 0 };
  vector sum[ROWS][TILE_VECTORS];
  const REAL *a[ROWS];
  ND_UNROLL
  for (int i = 0; i < rows; i++) {
    a[i] = tile->a[i];
    ND_UNROLL
    for (int j = 0; j < vectors; j++)
      sum[i][j] = zero;
  }
  const int64_t step = t->step;
  const bool adds = t->adds;
  for (const nd_run *r = t->runs; r < t->runs + t->count; r++) {
    const REAL *b = panel + r->b * vectors * LANES;
    const REAL *const end = b + r->n * vectors * LANES;
    for (int64_t at = r->at; b < end; at += step, b += vectors * LANES) {
      vector y[TILE_VECTORS];
      ND_UNROLL
      for (int j = 0; j < vectors; j++)
        y[j] = load(b, j);
      ND_UNROLL
      for (int i = 0; i < rows; i++) {
        const vector x = a[i][at] - zero;
        ND_UNROLL
        for (int j = 0; j < vectors; j++)
          sum[i][j] = FMA(x, y[j], sum[i][j]);
      }
    }
  }
  ND_UNROLL
  for (int i = 0; i < rows; i++) {
    REAL *const out = (REAL *)tile->c[i] + column;
    ND_UNROLL
    for (int j = 0; j < vectors; j++)
      store(out, j, adds ? load(out, j) + sum[i][j] : sum[i][j]);
  }
}

typedef void tile_kernel(int64_t count, const nd_conv_tile *t,
                         const nd_conv_terms *s, const nd_conv_panel *p);

#define TILE(rows, vectors)                                                 \
  static void tile_##rows##x##vectors(int64_t count, const nd_conv_tile *t, \
                                      const nd_conv_terms *s,               \
                                      const nd_conv_panel *p)               \
  {                                                                         \
    for (; count > 0; count--, t++)                                         \
      run_tile(rows, vectors, t, s, p->b, p->column);                       \
  }

// So many rows that registers are filled: of one vector, 8, and of more, 6.
#define TILES(vectors) \
  TILE(1, vectors)     \
  TILE(2, vectors)     \
  TILE(3, vectors) TILE(4, vectors) TILE(5, vectors) TILE(6, vectors)
TILES(1)
TILE(7, 1)
TILE(8, 1)
TILES(2)
#if TILE_VECTORS > 2
TILES(4)
#endif

#define TILE_LIST(vectors)                                                \
  [1] = tile_1x##vectors, [2] = tile_2x##vectors, [3] = tile_3x##vectors, \
  [4] = tile_4x##vectors, [5] = tile_5x##vectors, [6] = tile_6x##vectors

static tile_kernel *const tiles[TILE_VECTORS + 1][ROWS + 1] = {
  [1] = { TILE_LIST(1), [7] = tile_7x1, [8] = tile_8x1 },
  [2] = { TILE_LIST(2) },
#if TILE_VECTORS > 2
  [4] = { TILE_LIST(4) },
#endif
};

static int tile_height(int64_t columns)
{
  return columns < 2 * LANES ? 8 : 6;
}

// The panel does not end where c does: by way of a buffer.
static void run_edge(int rows, const nd_conv_tile *t, const nd_conv_terms *s,
                     const nd_conv_panel *p, tile_kernel *kernel)
{
  REAL room[ROWS * WIDEST] = { 0 };
  nd_conv_tile edge = *t;
  const nd_conv_panel whole = { .b = p->b };
  for (int i = 0; i < rows; i++) {
    edge.c[i] = room + i * WIDEST;
    for (int j = 0; s->adds && j < p->columns; j++)
      room[i * WIDEST + j] = ((REAL *)t->c[i])[p->column + j];
  }
  kernel(1, &edge, s, &whole);
  for (int i = 0; i < rows; i++) {
    for (int j = 0; j < p->columns; j++)
      ((REAL *)t->c[i])[p->column + j] = room[i * WIDEST + j];
  }
}

static void take_tiles(int rows, int64_t count, const nd_conv_tile *t,
                       const nd_conv_terms *s, const nd_conv_panel *p)
{
  tile_kernel *kernel = tiles[p->width / LANES][rows];
  if (p->columns == p->width) {
    kernel(count, t, s, p);
    return;
  }
  for (int64_t i = 0; i < count; i++)
    run_edge(rows, t + i, s, p, kernel);
}

// ------------------------------------------------------------- deep tiles --

// So many vectors of columns from number `j` on.
ND_INLINE void run_deep(int rows, int vectors, const nd_conv_tile *tile,
                        const nd_conv_terms *t, const nd_conv_panel *p, int j)
{
  vector sum[ROWS][TILE_VECTORS];
  const REAL *a[ROWS];
  ND_UNROLL
  for (int i = 0; i < rows; i++) {
    a[i] = (const REAL *)tile->a[i] + j;
    ND_UNROLL
    for (int v = 0; v < vectors; v++)
      sum[i][v] = (vector){ 0 };
  }
  const int64_t step = t->step, width = p->width;
  const bool adds = t->adds;
  for (const nd_run *r = t->runs; r < t->runs + t->count; r++) {
    const REAL *b = (const REAL *)p->b + r->b * width + j;
    int64_t at = r->at;
    for (int64_t n = r->n; n > 0; n--, at += step, b += width) {
      vector y[TILE_VECTORS];
      ND_UNROLL
      for (int v = 0; v < vectors; v++)
        y[v] = load(b, v);
      ND_UNROLL
      for (int i = 0; i < rows; i++) {
        ND_UNROLL
        for (int v = 0; v < vectors; v++)
          sum[i][v] = FMA(load(a[i] + at, v), y[v], sum[i][v]);
      }
    }
  }
  ND_UNROLL
  for (int i = 0; i < rows; i++) {
    REAL *const out = (REAL *)tile->c[i] + p->column + j;
    ND_UNROLL
    for (int v = 0; v < vectors; v++)
      store(out, v, adds ? load(out, v) + sum[i][v] : sum[i][v]);
  }
}

// One element, of row `i`.
static void run_one(const nd_conv_tile *tile, int i, const nd_conv_terms *t,
                    const nd_conv_panel *p, int j)
{
  const REAL *a = (const REAL *)tile->a[i] + j;
  REAL *const out = (REAL *)tile->c[i] + p->column + j;
  REAL sum = 0;
  for (const nd_run *r = t->runs; r < t->runs + t->count; r++) {
    const REAL *b = (const REAL *)p->b + r->b * p->width + j;
    for (int64_t n = 0; n < r->n; n++)
      sum = ND_FMA(a[r->at + n * t->step], b[n * p->width], sum);
  }
  *out = t->adds ? *out + sum : sum;
}

ND_INLINE void run_deep_tile(int rows, const nd_conv_tile *tile,
                             const nd_conv_terms *t, const nd_conv_panel *p)
{
  int j = 0;
  for (; rows <= 6 && j + 2 * LANES <= p->columns; j += 2 * LANES)
    run_deep(rows, 2, tile, t, p, j);
  for (; j + LANES <= p->columns; j += LANES)
    run_deep(rows, 1, tile, t, p, j);
  for (; j < p->columns; j++) {
    for (int i = 0; i < rows; i++)
      run_one(tile, i, t, p, j);
  }
}

#define DEEP_TILE(rows)                                                        \
  static void deep_tile_##rows(int64_t count, const nd_conv_tile *t,           \
                               const nd_conv_terms *s, const nd_conv_panel *p) \
  {                                                                            \
    for (; count > 0; count--, t++)                                            \
      run_deep_tile(rows, t, s, p);                                            \
  }

DEEP_TILE(1)
DEEP_TILE(2)
DEEP_TILE(3)
DEEP_TILE(4)
DEEP_TILE(5)
DEEP_TILE(6)
DEEP_TILE(7)
DEEP_TILE(8)

static void take_deep_tiles(int rows, int64_t count, const nd_conv_tile *t,
                            const nd_conv_terms *s, const nd_conv_panel *p)
{
  static tile_kernel *const kernels[ROWS + 1] = {
    [1] = deep_tile_1, [2] = deep_tile_2, [3] = deep_tile_3, [4] = deep_tile_4,
    [5] = deep_tile_5, [6] = deep_tile_6, [7] = deep_tile_7, [8] = deep_tile_8,
  };
  kernels[rows](count, t, s, p);
}

// ---------------------------------------------------------------- panels --

static int panel_width(int64_t columns)
{
  const int64_t fit = columns / LANES;
  return LANES * (fit >= TILE_VECTORS ? TILE_VECTORS : fit >= 2 ? 2 : 1);
}

// Rows that fill the panel.
ND_INLINE void pack_whole(int vectors, int64_t rows, const REAL *in,
                          int64_t row, REAL *out)
{
  for (int64_t p = 0; p < rows; p++, in += row, out += vectors * LANES) {
    ND_UNROLL
    for (int j = 0; j < vectors; j++)
      store(out, j, load(in, j));
  }
}

static void pack_any(int64_t rows, int columns, int width, const REAL *in,
                     int64_t row, int64_t column, REAL *out)
{
  for (int64_t p = 0; p < rows; p++, in += row, out += width) {
    for (int j = 0; j < columns; j++)
      out[j] = in[j * column];
    for (int j = columns; j < width; j++)
      out[j] = 0;
  }
}

static void pack(int64_t rows, int columns, int width, const void *in,
                 int64_t row, int64_t column, void *out)
{
  if (columns < width || column != 1)
    pack_any(rows, columns, width, in, row, column, out);
  else if (width == LANES)
    pack_whole(1, rows, in, row, out);
  else if (width == 2 * LANES)
    pack_whole(2, rows, in, row, out);
  else
    pack_whole(TILE_VECTORS, rows, in, row, out);
}

static void plus(int64_t n, void *out, const void *in)
{
  REAL *restrict y = out;
  const REAL *restrict x = in;
  for (int64_t i = 0; i < n; i++)
    y[i] += x[i];
}

// ---------------------------------------------------------------- columns --

// Columns from `at` on, so many vectors side by side.
ND_INLINE void run_columns(int vectors, int64_t at, bool adds, int64_t count,
                           const nd_pair *pairs, const REAL *x, const REAL *y,
                           REAL *out)
{
  vector sum[TILE_VECTORS];
  ND_UNROLL
  for (int j = 0; j < vectors; j++)
    sum[j] = (vector){ 0 };
  for (int64_t p = 0; p < count; p++) {
    ND_UNROLL
    for (int j = 0; j < vectors; j++)
      sum[j] = FMA(load(x + pairs[p].x + at, j), load(y + pairs[p].y + at, j),
                   sum[j]);
  }
  ND_UNROLL
  for (int j = 0; j < vectors; j++)
    store(out + at, j, adds ? load(out + at, j) + sum[j] : sum[j]);
}

static void take_columns(int64_t n, bool adds, int64_t count,
                         const nd_pair *pairs, const void *left,
                         const void *right, void *out)
{
  const REAL *x = left, *y = right;
  REAL *z = out;
  int64_t i = 0;
  for (; n - i >= WIDEST; i += WIDEST)
    run_columns(TILE_VECTORS, i, adds, count, pairs, x, y, z);
  for (; n - i >= LANES; i += LANES)
    run_columns(1, i, adds, count, pairs, x, y, z);
  for (; i < n; i++) {
    REAL sum = 0;
    for (int64_t p = 0; p < count; p++)
      sum = ND_FMA(x[pairs[p].x + i], y[pairs[p].y + i], sum);
    z[i] = adds ? z[i] + sum : sum;
  }
}
