// kernel/moments_real.h: the moments of one float dtype. Whoever includes this
// has defined LABEL, its name, and REAL.

#define NAME(what) ND_JOIN(LABEL, what)

// As many inputs as a vector has sums, which lie anywhere.
typedef REAL NAME(some) __attribute__((vector_size(WIDTH * sizeof(REAL)),
                                       aligned(sizeof(REAL)), may_alias));

ND_INLINE sums NAME(load)(const REAL *x)
{
  return __builtin_convertvector(*(const NAME(some) *)(const void *)x, sums);
}

// The first `n` inputs at `x`, fewer than a vector has, and `other`.
ND_INLINE sums NAME(load_some)(int n, const REAL *x, double other)
{
  sums y = (sums){ 0 } + other;
  for (int i = 0; i < n; i++)
    y[i] = (double)x[i];
  return y;
}

// ------------------------------------------------------------------- runs --

// The sum of a run, or of the squares of what lies between it and `mean`, which
// is 0 for a sum.
ND_INLINE double NAME(fold)(int64_t n, const REAL *x, double mean, bool squared)
{
  sums lane[VECTORS];
  ND_UNROLL_FAST
  for (int v = 0; v < VECTORS; v++)
    lane[v] = (sums){ 0 };
  for (; n >= ND_LANES; n -= ND_LANES, x += ND_LANES) {
    ND_UNROLL_FAST
    for (int v = 0; v < VECTORS; v++)
      lane[v] += term(NAME(load)(x + v * WIDTH), mean, squared);
  }
  const int whole = (int)n / WIDTH;
  const sums last = NAME(load_some)((int)n % WIDTH, x + whole * WIDTH, mean);
  ND_UNROLL_FAST
  for (int v = 0; v < VECTORS; v++) {
    if (v < whole)
      lane[v] += term(NAME(load)(x + v * WIDTH), mean, squared);
    else if (v == whole)
      lane[v] += term(last, mean, squared);
  }
  return join_lanes(lane);
}

static void NAME(run)(int64_t n, double *sum, double *squares, const void *in)
{
  *sum = NAME(fold)(n, in, 0, false);
  *squares = NAME(fold)(n, in, *sum / (double)n, true);
}

// ---------------------------------------------------------------- columns --

// Adds up rows of so many vectors of columns, in registers; of the rows from
// `within` on only `n` columns can be read.
ND_INLINE void NAME(add_rows)(int64_t rows, int64_t within, int vectors, int n,
                              int64_t step, const REAL *in, const sums *mean,
                              bool squared, sums *sum)
{
  ND_UNROLL_FAST
  for (int v = 0; v < vectors; v++)
    sum[v] = (sums){ 0 };
  for (int64_t r = 0; r < within; r++, in += step) {
    ND_UNROLL_FAST
    for (int v = 0; v < vectors; v++)
      sum[v] += term_by(NAME(load)(in + v * WIDTH), mean[v], squared);
  }
  for (int64_t r = within; r < rows; r++, in += step) {
    ND_UNROLL_FAST
    for (int v = 0; v < vectors; v++) {
      const int left = n - v * WIDTH;
      const sums x = left >= WIDTH ? NAME(load)(in + v * WIDTH)
                                   : NAME(load_some)(left, in + v * WIDTH, 0);
      sum[v] += term_by(x, mean[v], squared);
    }
  }
}

// `n` columns, that many vectors at most.
ND_INLINE void NAME(few)(int64_t rows, int vectors, int n, int64_t step,
                         double *restrict sum, double *restrict squares,
                         const REAL *restrict in)
{
  const int64_t within = nd_rows_within(rows, step, n, vectors * WIDTH);
  sums total[BESIDE], mean[BESIDE] = { { 0 } };
  NAME(add_rows)(rows, within, vectors, n, step, in, mean, false, total);
  memcpy(sum, total, (size_t)n * sizeof *sum);
  ND_UNROLL_FAST
  for (int v = 0; v < vectors; v++)
    mean[v] = total[v] / (double)rows;
  NAME(add_rows)(rows, within, vectors, n, step, in, mean, true, total);
  memcpy(squares, total, (size_t)n * sizeof *squares);
}

static void NAME(columns)(int64_t rows, int64_t n, int64_t step,
                          double *restrict sum, double *restrict squares,
                          const void *restrict in)
{
  const REAL *x = in;
  int64_t i = 0;
  for (; i + BESIDE * WIDTH <= n; i += BESIDE * WIDTH)
    NAME(few)(rows, BESIDE, BESIDE * WIDTH, step, sum + i, squares + i, x + i);
  for (; i + WIDTH < n; i += BESIDE * WIDTH) {
    const int left = (int)(n - i < BESIDE * WIDTH ? n - i : BESIDE * WIDTH);
    NAME(few)(rows, BESIDE, left, step, sum + i, squares + i, x + i);
  }
  if (i < n)
    NAME(few)(rows, 1, (int)(n - i), step, sum + i, squares + i, x + i);
}

#undef NAME
#undef LABEL
#undef REAL
