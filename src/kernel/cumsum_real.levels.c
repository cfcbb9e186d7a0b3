// kernel/cumsum_real.levels.c: see cumsum_real.h. A long column is taken as
// pieces, one in each lane: first their sums are found, which tell what each
// begins with, then their running sums. Squares of rows by pieces are flipped,
// so that a vector has the same row of several pieces.
//
// What is not finite is noticed at the end, in what was rounded away: that of
// inf is nan, and stays so.

#include "kernel/cumsum_real.h"

#include <string.h>

#define REAL double
#define REAL_BITS 64
#include "kernel/matmul_vector.h"

enum {
  PIECES = ND_CUMSUM_LANES,
  VECTORS = PIECES / LANES,
  SQUARE = LANES * LANES,
  LINE = 64 / sizeof(REAL),
  SHORTEST = 16,  // rows of pieces that are worth it
  BESIDE = 4      // vectors of columns that are walked together
};

typedef struct sums {
  vector sum, rest;
} sums;

ND_INLINE void add(sums *t, vector x)
{
  const vector sum = t->sum + x, grown = sum - t->sum;
  t->rest += (t->sum - (sum - grown)) + (x - grown);
  t->sum = sum;
}

ND_INLINE nd_real_sum get(const sums *t, int lane)
{
  const int i = lane % LANES;
  return (nd_real_sum){ t[lane / LANES].sum[i], t[lane / LANES].rest[i] };
}

ND_INLINE void set(sums *t, int lane, nd_real_sum x)
{
  t[lane / LANES].sum[lane % LANES] = x.sum;
  t[lane / LANES].rest[lane % LANES] = x.rest;
}

static bool are_finite(const sums *t, int vectors)
{
  bool finite = true;
  for (int i = 0; i < vectors * LANES; i++) {
    const double rest = get(t, i).rest;
    finite &= rest - rest == 0;
  }
  return finite;
}

static bool add_run(int64_t rows, nd_real_sum *total, const double *in)
{
  sums t[VECTORS] = { 0 };
  for (int64_t r = 0; r < rows; r += PIECES) {
    ND_UNROLL
    for (int v = 0; v < VECTORS; v++)
      add(&t[v], load(in + r, v));
  }
  if (!are_finite(t, VECTORS))
    return false;
  for (int i = 0; i < PIECES; i++) {
    const nd_real_sum lane = get(t, i);
    nd_real_sum_join(total, &lane);
  }
  return true;
}

// ------------------------------------------------------------------ pieces --

// Piece p has rows p * rows .. (p + 1) * rows - 1, which lie in memory in this
// order or, if `back`, in the other.
typedef struct column {
  int64_t rows;
  bool back;
} column;

// Where LANES rows from `row` on of a piece begin in memory. With those of the
// pieces that follow they are a square.
ND_INLINE int64_t place(column c, int64_t piece, int64_t row)
{
  const int64_t at = piece * c.rows + row;
  return c.back ? 1 - LANES - at : at;
}

// x[k] has row number k of the square.
ND_INLINE void load_square(column c, const double *in, vector *x)
{
  vector y[LANES];
  ND_UNROLL
  for (int i = 0; i < LANES; i++)
    y[i] = load(in + (c.back ? -i : i) * c.rows, 0);
  flip(y);
  ND_UNROLL
  for (int k = 0; k < LANES; k++)
    x[k] = y[c.back ? LANES - 1 - k : k];
}

ND_INLINE void store_square(column c, double *out, const vector *x)
{
  vector y[LANES];
  ND_UNROLL
  for (int k = 0; k < LANES; k++)
    y[k] = x[c.back ? LANES - 1 - k : k];
  flip(y);
  ND_UNROLL
  for (int i = 0; i < LANES; i++)
    store(out + (c.back ? -i : i) * c.rows, 0, y[i]);
}

ND_INLINE void add_pieces(column c, const double *in, sums *t)
{
  for (int64_t r = 0; r < c.rows; r += LANES) {
    ND_UNROLL
    for (int v = 0; v < VECTORS; v++) {
      vector x[LANES];
      load_square(c, in + place(c, v * LANES, r), x);
      ND_UNROLL
      for (int k = 0; k < LANES; k++)
        add(&t[v], x[k]);
    }
  }
}

// Asks for a square's share of the column that comes next, from its row `row`
// on: as it is read and written here and there, no CPU expects it.
ND_INLINE void fetch(column c, const double *in, const double *out, int64_t row)
{
  for (int i = 0; i < SQUARE; i += LINE) {
    const int64_t ahead = PIECES * c.rows + row + i;
    __builtin_prefetch(in + (c.back ? -ahead : ahead), 0);
    __builtin_prefetch(out + (c.back ? -ahead : ahead), 1);
  }
}

ND_INLINE void write_pieces(column c, const double *in, sums *t, double *out)
{
  for (int64_t r = 0; r < c.rows; r += LANES) {
    ND_UNROLL
    for (int v = 0; v < VECTORS; v++) {
      const int64_t at = place(c, v * LANES, r);
      vector x[LANES];
      fetch(c, in, out, PIECES * r + v * SQUARE);
      load_square(c, in + at, x);
      ND_UNROLL
      for (int k = 0; k < LANES; k++) {
        add(&t[v], x[k]);
        x[k] = t[v].sum + t[v].rest;
      }
      store_square(c, out + at, x);
    }
  }
}

// Makes the sums of pieces what each begins with; returns what the last one
// ends with.
static nd_real_sum find_starts(sums *t, nd_real_sum total)
{
  for (int i = 0; i < PIECES; i++) {
    const nd_real_sum piece = get(t, i);
    set(t, i, total);
    nd_real_sum_join(&total, &piece);
  }
  return total;
}

ND_INLINE int64_t write_column(column c, nd_real_sum *total, const double *in,
                               double *out)
{
  sums t[VECTORS] = { 0 };
  add_pieces(c, in, t);
  const nd_real_sum end = find_starts(t, *total);
  write_pieces(c, in, t, out);
  if (!are_finite(t, VECTORS) || end.sum - end.sum != 0)
    return 0;
  *total = end;
  return PIECES * c.rows;
}

static int64_t write(int64_t rows, bool back, nd_real_sum *total,
                     const double *in, double *out)
{
  const int64_t each = rows / (8 * PIECES) * 8;
  if (each < SHORTEST)
    return 0;
  return back ? write_column((column){ each, true }, total, in, out)
              : write_column((column){ each, false }, total, in, out);
}

// ----------------------------------------------------------------- columns --

ND_INLINE sums load_sums(const nd_real_sum *totals)
{
  double sum[LANES], rest[LANES];
  for (int i = 0; i < LANES; i++) {
    sum[i] = totals[i].sum;
    rest[i] = totals[i].rest;
  }
  return (sums){ load(sum, 0), load(rest, 0) };
}

// So many vectors of columns from column `first` on, whose sums stay in
// registers; false, with totals as they were, if not all is finite.
ND_INLINE bool run_columns(int vectors, bool writes, int64_t rows,
                           int64_t stride, int64_t first, nd_real_sum *totals,
                           const double *in, double *out)
{
  sums t[BESIDE];
  for (int v = 0; v < vectors; v++)
    t[v] = load_sums(totals + first + v * LANES);
  for (int64_t at = first; rows > 0; rows--, at += stride) {
    ND_UNROLL
    for (int v = 0; v < vectors; v++) {
      add(&t[v], load(in + at, v));
      if (writes)
        store(out + at, v, t[v].sum + t[v].rest);
    }
  }
  if (!are_finite(t, vectors))
    return false;
  for (int i = 0; i < vectors * LANES; i++)
    totals[first + i] = get(t, i);
  return true;
}

ND_INLINE int64_t walk_columns(bool writes, int64_t rows, int64_t stride,
                               int64_t n, nd_real_sum *totals, const double *in,
                               double *out)
{
  enum { MANY = BESIDE * LANES };
  int64_t i = 0;
  for (; i + MANY <= n; i += MANY) {
    if (!run_columns(BESIDE, writes, rows, stride, i, totals, in, out))
      return i;
  }
  for (; i + LANES <= n; i += LANES) {
    if (!run_columns(1, writes, rows, stride, i, totals, in, out))
      return i;
  }
  return i;
}

static int64_t add_columns(int64_t rows, int64_t stride, int64_t n,
                           nd_real_sum *totals, const double *in)
{
  return walk_columns(false, rows, stride, n, totals, in, NULL);
}

static int64_t write_columns(int64_t rows, int64_t stride, int64_t n,
                             nd_real_sum *totals, const double *in, double *out)
{
  return walk_columns(true, rows, stride, n, totals, in, out);
}

const nd_cumsum_real ND_LEVELLED(nd_cumsum_real) = {
  .add = add_run,
  .write = write,
  .add_columns = add_columns,
  .write_columns = write_columns,
};
