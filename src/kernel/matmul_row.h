// kernel/matmul_row.h: products that give one row of c, where every element of
// b is used once: what counts is how b is read.

#include "kernel/matmul_pack.h"
#include "kernel/tree.h"

enum {
  FEW_TERMS = 8,               // of a long row that are taken at a time
  ROW = 16384 / sizeof(REAL),  // columns of it that wait in the first cache
  BLOCK = ND_MATMUL_CHAIN * ND_MATMUL_CHAINS
};

// ---------------------------------------------------------------- long rows --

// A few terms of every column: c (+)= a[k] b[k n].
ND_INLINE void take_terms(const task *t, int64_t from, int k, bool begins,
                          REAL *c)
{
  const REAL *a = t->a + from * t->a_column;
  const REAL *b = t->b + from * t->b_row;
  const int64_t b_row = t->b_row;
  vector x[FEW_TERMS];
  ND_UNROLL
  for (int p = 0; p < k; p++)
    x[p] = splat(a[p * t->a_column]);
  const vector zero = { 0 };
  int64_t j = 0;
  for (; j + LANES <= t->n; j += LANES) {
    vector sum = begins ? zero : load(c + j, 0);
    ND_UNROLL
    for (int p = 0; p < k; p++)
      sum = FMA(x[p], load(b + p * b_row + j, 0), sum);
    store(c + j, 0, sum);
  }
  for (; j < t->n; j++) {
    REAL sum = begins ? 0 : c[j];
    for (int p = 0; p < k; p++)
      sum = ND_FMA(x[p][0], b[p * b_row + j], sum);
    c[j] = sum;
  }
}

// One chain, or less, of a part of a row.
static void take_chain(const task *t, int64_t from, int64_t to, REAL *c)
{
  int64_t p = from;
  for (; p + FEW_TERMS <= to; p += FEW_TERMS)
    take_terms(t, p, FEW_TERMS, p == from, c);
  for (; p < to; p++)
    take_terms(t, p, 1, p == from, c);
}

static void plus(int64_t n, void *sum, const void *in)
{
  REAL *restrict x = sum;
  const REAL *restrict y = in;
  for (int64_t i = 0; i < n; i++)
    x[i] += y[i];
}

// At most a block of terms of one row, whose columns are adjacent in b and c,
// part after part.
static void run_row(const task *t)
{
  REAL waiting[ROW];
  task part = *t;
  for (int64_t j = 0; j < t->n; j += ROW) {
    part.n = t->n - j < ROW ? t->n - j : ROW;
    part.b = t->b + j;
    for (int64_t p = 0; p < t->k; p += ND_MATMUL_CHAIN) {
      const int64_t left = t->k - p;
      const int64_t end = left < ND_MATMUL_CHAIN ? t->k : p + ND_MATMUL_CHAIN;
      const bool adds = t->adds || p > 0;
      take_chain(&part, p, end, adds ? waiting : t->c + j);
      if (adds)
        plus(part.n, t->c + j, waiting);
    }
  }
}

// --------------------------------------------------------------------- dots --

// Terms that are read of a column at a time: where columns are a power of two
// apart, what is left of a line of the cache is soon pushed out.
enum { LINE = 64 / sizeof(REAL) };

// LANES terms of as many columns of b, which are contiguous.
ND_INLINE vector take_square(const REAL *a, int64_t a_column, const REAL *b,
                             int64_t b_column, vector sum)
{
  vector y[LANES];
  ND_UNROLL
  for (int i = 0; i < LANES; i++)
    y[i] = load(b + i * b_column, 0);
  flip(y);
  ND_UNROLL
  for (int i = 0; i < LANES; i++)
    sum = FMA(splat(a[i * a_column]), y[i], sum);
  return sum;
}

// One chain of LANES columns: as many products of two vectors, side by side.
ND_INLINE vector chains(const task *t, int64_t k, const REAL *a, const REAL *b)
{
  const int64_t a_column = t->a_column, b_column = t->b_column;
  vector sum = { 0 };
  int64_t p = 0;
  for (; p + LINE <= k; p += LINE) {
    ND_UNROLL
    for (int q = 0; q < LINE; q += LANES)
      sum = take_square(a + (p + q) * a_column, a_column, b + p + q, b_column,
                        sum);
  }
  for (; p < k; p++) {
    vector y = { 0 };
    for (int j = 0; j < LANES; j++)
      y[j] = b[j * b_column + p];
    sum = FMA(splat(a[p * a_column]), y, sum);
  }
  return sum;
}

// The sums of blocks of an area of c, as kernel/tree.h puts them together.
typedef struct slots {
  REAL *values;
  int64_t size;
} slots;

static void join(void *all, int into, int from)
{
  const slots *s = all;
  plus(s->size, s->values + into * s->size, s->values + from * s->size);
}

// At most a block of those columns' terms, from number `from` on, into `out` or
// added to it.
static void dots(const task *t, int64_t from, int64_t column, REAL *out)
{
  const REAL *a = t->a + from * t->a_column;
  const REAL *b = t->b + column * t->b_column + from;
  const int64_t terms = t->k - from < BLOCK ? t->k - from : BLOCK;
  for (int64_t p = 0; p < terms; p += ND_MATMUL_CHAIN) {
    const int64_t left = terms - p;
    const vector sum = chains(t,
                              left < ND_MATMUL_CHAIN ? left : ND_MATMUL_CHAIN,
                              a + p * t->a_column, b + p);
    store(out, 0, t->adds || p > 0 ? load(out, 0) + sum : sum);
  }
}

// All terms of those columns, whose blocks wait in slots; at most a block where
// they are added.
static void run_columns(const task *t, int64_t column)
{
  if (t->k <= BLOCK) {
    dots(t, 0, column, t->c + column);
    return;
  }
  REAL values[ND_TREE_SLOTS * LANES];
  slots s = { values, LANES };
  int64_t block = 0;
  for (int64_t p = 0; p < t->k; p += BLOCK, block++) {
    dots(t, p, column, values + nd_tree_slot(block) * LANES);
    nd_tree_add(block, join, &s);
  }
  store(t->c + column, 0, load(values, nd_tree_end(block, join, &s)));
}

// True if elements of c are products of vectors that lie in memory.
static bool is_dots(const task *t)
{
  return t->m == 1 && t->b_row == 1 && t->b_column != 1 && t->c_column == 1;
}

// As much of the task as that can do, whole vectors of columns; the rest is
// left in the task.
static void run_dots(task *t)
{
  int64_t j = 0;
  for (; j + LANES <= t->n; j += LANES)
    run_columns(t, j);
  t->n -= j;
  t->b += j * t->b_column;
  t->c += j;
}
