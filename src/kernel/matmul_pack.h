// kernel/matmul_pack.h: parts of a and b, copied to where tiles find them one
// after the other: columns of b as panels of vectors, rows of a as columns of
// tiles. What lies beyond the last column of a panel is anything.

#include "kernel/matmul_tile.h"

#include <string.h>

// The multiply as it is worked on: c[m n] (+)= a[m k] b[k n]; `c` may lie
// transposed.
typedef struct task {
  int64_t m, n, k;
  const REAL *a;
  const REAL *b;
  REAL *c;
  int64_t a_row, a_column;
  int64_t b_row, b_column;
  int64_t c_row, c_column;
  bool adds;
} task;

// Some columns of b, as so many vectors.
typedef struct panel {
  int64_t column;
  int columns;
  int vectors;
} panel;

// Cuts the next panel, from `column` on, out of those up to `end`. All begin at
// multiples of PANEL but for a last few narrow ones.
ND_INLINE panel next_panel(int64_t column, int64_t end)
{
  const int64_t left = (end - column + LANES - 1) / LANES;
  panel y = { .column = column };
  y.vectors = left >= TILE_VECTORS ? TILE_VECTORS : left >= 2 ? 2 : 1;
  y.columns = y.vectors * LANES;
  if (y.columns > end - column)
    y.columns = (int)(end - column);
  return y;
}

// Terms from..to-1 of columns of b, which are contiguous, to rows of a panel.
static void pack_flipped(const task *t, const panel *y, int64_t from,
                         int64_t to, REAL *out)
{
  const int width = y->vectors * LANES;
  for (int j = 0; j < y->columns; j += LANES) {
    const REAL *in[LANES];
    for (int i = 0; i < LANES; i++) {
      const int column = j + i < y->columns ? j + i : y->columns - 1;
      in[i] = t->b + (y->column + column) * t->b_column;
    }
    int64_t p = from;
    for (; p + LANES <= to; p += LANES) {
      vector x[LANES];
      ND_UNROLL
      for (int i = 0; i < LANES; i++)
        x[i] = load(in[i] + p, 0);
      flip(x);
      ND_UNROLL
      for (int i = 0; i < LANES; i++)
        store(out + (p + i) * width + j, 0, x[i]);
    }
    for (; p < to; p++) {
      for (int i = 0; i < LANES; i++)
        out[p * width + j + i] = in[i][p];
    }
  }
}

// Terms from..to-1 of a panel, in whatever way b lies.
static void pack_elements(const task *t, const panel *y, int64_t from,
                          int64_t to, REAL *out)
{
  const int width = y->vectors * LANES;
  for (int64_t p = from; p < to; p++) {
    const REAL *in = t->b + p * t->b_row + y->column * t->b_column;
    REAL *const row = out + p * width;
    int j = 0;
    for (; j < y->columns; j++)
      row[j] = in[j * t->b_column];
    for (; j < width; j++)
      row[j] = 0;
  }
}

// The same where rows are contiguous. Whole vectors are read while what follows
// a row is there, which it is up to the last rows.
static void pack_rows(const task *t, const panel *y, int64_t from, int64_t to,
                      REAL *out)
{
  const int width = y->vectors * LANES;
  const int64_t beyond = width - y->columns, b_row = t->b_row;
  const REAL *b = t->b + y->column;
  int64_t p = from;
  for (; p < to && (t->k - 1 - p) * b_row >= beyond; p++) {
    for (int j = 0; j < y->vectors; j++)
      store(out + p * width, j, load(b + p * b_row, j));
  }
  pack_elements(t, y, p, to, out);
}

// Terms from..to-1 of a panel.
static void pack_panel(const task *t, const panel *y, int64_t from, int64_t to,
                       REAL *out)
{
  if (t->b_column == 1)
    pack_rows(t, y, from, to, out);
  else if (t->b_row == 1)
    pack_flipped(t, y, from, to, out);
  else
    pack_elements(t, y, from, to, out);
}

// Terms from..to-1 of b as panels. Rows are read a few at a time, so that
// memory is read in long runs.
static void pack_b(const task *t, int64_t from, int64_t to, REAL *out)
{
  enum { FEW = 8 };
  const int64_t step = t->b_column == 1 ? FEW : t->k;
  for (int64_t p = from; p < to; p += step) {
    const int64_t end = to - p < step ? to : p + step;
    for (int64_t j = 0; j < t->n;) {
      const panel y = next_panel(j, t->n);
      pack_panel(t, &y, p, end, out + j * t->k);
      j += y.columns;
    }
  }
}

// Elements that `columns` of b take as panels of `k` terms.
ND_INLINE int64_t packed_size(int64_t columns, int64_t k)
{
  return (columns + PANEL - 1) / PANEL * PANEL * k;
}

// Terms from..to-1 of a few rows of a as a column.
ND_INLINE void pack_terms(const task *t, const REAL *a, int rows, int64_t from,
                          int64_t to, REAL *out)
{
  for (int64_t p = from; p < to; p++) {
    for (int j = 0; j < rows; j++)
      out[p * rows + j] = a[p * t->a_column + j * t->a_row];
  }
}

// The same of a whole tile, whose rows are adjacent.
static void pack_adjacent(const task *t, const REAL *a, int64_t from,
                          int64_t to, REAL *out)
{
  for (int64_t p = from; p < to; p++)
    memcpy(out + p * ND_MATMUL_ROWS, a + p * t->a_column,
           ND_MATMUL_ROWS * sizeof *a);
}

// ND_MATMUL_ROWS rows of a, whose terms are adjacent, as a column; `exact`, or
// up to a vector more than that is written.
static void pack_tile(const task *t, const REAL *a, bool exact, REAL *out)
{
  enum { HIGH = (ND_MATMUL_ROWS + LANES - 1) / LANES };
  const int64_t end = exact ? t->k - LANES : t->k;
  int64_t p = 0;
  for (; p + LANES <= end; p += LANES) {
    vector x[HIGH][LANES];
    ND_UNROLL
    for (int h = 0; h < HIGH; h++) {
      ND_UNROLL
      for (int i = 0; i < LANES; i++) {
        const int row = h * LANES + i < ND_MATMUL_ROWS ? h * LANES + i : 0;
        x[h][i] = load(a + row * t->a_row + p, 0);
      }
      flip(x[h]);
    }
    ND_UNROLL
    for (int i = 0; i < LANES; i++) {
      ND_UNROLL
      for (int h = 0; h < HIGH; h++)
        store(out + (p + i) * ND_MATMUL_ROWS, h, x[h][i]);
    }
  }
  pack_terms(t, a, ND_MATMUL_ROWS, p, t->k, out);
}

// Rows of a as columns of tiles, those that begin with rows from..to-1. Where
// rows are adjacent, terms are read a few at a time, so that memory is read in
// long runs.
static void pack_a(const task *t, int64_t from, int64_t to, REAL *out)
{
  enum { FEW = 8 };
  const int64_t step = t->a_column == 1 ? t->k : FEW;
  for (int64_t p = 0; p < t->k; p += step) {
    const int64_t end = t->k - p < step ? t->k : p + step;
    int rows;
    for (int64_t i = 0; i < to; i += rows) {
      rows = tile_rows(t->m - i);
      const REAL *a = t->a + i * t->a_row;
      if (i < from)
        continue;
      if (rows < ND_MATMUL_ROWS || (t->a_column != 1 && t->a_row != 1))
        pack_terms(t, a, rows, p, end, out + i * t->k);
      else if (t->a_column == 1)
        pack_tile(t, a, i + rows >= to, out + i * t->k);
      else
        pack_adjacent(t, a, p, end, out + i * t->k);
    }
  }
}
