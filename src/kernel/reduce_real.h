// kernel/reduce_real.h: loops of folds over floats, long ones. Included by
// kernel/reduce_dtype.h.

#define MANY NAME(MANY)

// Columns that are folded together.
enum { MANY = VECTORS < 4 ? 4 : VECTORS };

// ------------------------------------------------------------------- runs --

// The first `n` elements of `x`, fewer than a vector has, and neutral ones.
ND_INLINE VECTOR NAME(load_some)(nd_fold f, const TYPE *x, int n)
{
  VECTOR y = NAME(neutrals)(f);
  memcpy(&y, x, (size_t)n * sizeof *x);
  return y;
}

// The same where a whole vector can be read.
ND_INLINE VECTOR NAME(load_within)(nd_fold f, const TYPE *x, int n)
{
  const VECTOR y = NAME(load)(x), none = NAME(neutrals)(f);
  BITS mask;
  memcpy(&mask, first_bytes + 64 - (size_t)n * sizeof *x, sizeof mask);
  return NAME(pick)(mask, y, none);
}

// The lanes of a run; `within` if a whole vector can be read behind it.
ND_INLINE void NAME(fill)(nd_fold f, int64_t n, VECTOR *lane, const TYPE *x,
                          bool within)
{
  ND_UNROLL_FAST
  for (int v = 0; v < VECTORS; v++)
    lane[v] = NAME(neutrals)(f);
  for (; n >= ND_LANES; n -= ND_LANES, x += ND_LANES) {
    ND_UNROLL_FAST
    for (int v = 0; v < VECTORS; v++)
      lane[v] = NAME(all)(f, lane[v], NAME(load)(x + v * WIDTH));
  }
  const int whole = (int)n / WIDTH, rest = (int)n % WIDTH;
  VECTOR last = NAME(neutrals)(f);
  if (rest > 0)
    last = within ? NAME(load_within)(f, x + whole * WIDTH, rest)
                  : NAME(load_some)(f, x + whole * WIDTH, rest);
  ND_UNROLL_FAST
  for (int v = 0; v < VECTORS; v++) {
    if (v < whole)
      lane[v] = NAME(all)(f, lane[v], NAME(load)(x + v * WIDTH));
    else if (v == whole)
      lane[v] = NAME(all)(f, lane[v], last);
  }
}

// The one value of lanes, by halves.
ND_INLINE TYPE NAME(join)(nd_fold f, VECTOR *lane)
{
  ND_UNROLL_FAST
  for (int half = VECTORS / 2; half > 0; half /= 2) {
    ND_UNROLL_FAST
    for (int v = 0; v < half; v++)
      lane[v] = NAME(all)(f, lane[v], lane[v + half]);
  }
  ND_UNROLL_FAST
  for (int half = WIDTH / 2; half > 0; half /= 2) {
    VECTOR other = lane[0];
    ND_UNROLL_FAST
    for (int i = 0; i < WIDTH; i++)
      other[i] = lane[0][i ^ half];
    lane[0] = NAME(all)(f, lane[0], other);
  }
  return lane[0][0];
}

ND_INLINE void NAME(lanes)(nd_fold f, int64_t n, void *lanes, const void *in)
{
  VECTOR lane[VECTORS];
  NAME(fill)(f, n, lane, in, false);
  ND_UNROLL_FAST
  for (int v = 0; v < VECTORS; v++)
    NAME(store)((TYPE *)lanes + v * WIDTH, lane[v]);
}

ND_INLINE void NAME(close)(nd_fold f, void *out, const void *lanes)
{
  VECTOR lane[VECTORS];
  ND_UNROLL_FAST
  for (int v = 0; v < VECTORS; v++)
    lane[v] = NAME(load)((const TYPE *)lanes + v * WIDTH);
  *(TYPE *)out = NAME(join)(f, lane);
}

// Rows behind which a whole vector can be read; returns how many they are.
ND_INLINE int64_t NAME(rows)(nd_fold f, int64_t rows, int64_t n, TYPE *out,
                             const TYPE *in)
{
  const int64_t most = (n + WIDTH - 1) / WIDTH * WIDTH;
  const int64_t within = nd_rows_within(rows, n, n, most);
  for (int64_t r = 0; r < within; r++) {
    VECTOR lane[VECTORS];
    NAME(fill)(f, n, lane, in + r * n, true);
    out[r] = NAME(join)(f, lane);
  }
  return within;
}

// ---------------------------------------------------------------- columns --

// Columns of so many vectors, which stay in registers.
ND_INLINE void NAME(wide)(nd_fold f, int64_t rows, int vectors, int64_t step,
                          TYPE *restrict into, const TYPE *restrict in)
{
  VECTOR sum[MANY];
  ND_UNROLL_FAST
  for (int v = 0; v < vectors; v++)
    sum[v] = NAME(load)(into + v * WIDTH);
  for (int64_t r = 0; r < rows; r++, in += step) {
    ND_UNROLL_FAST
    for (int v = 0; v < vectors; v++)
      sum[v] = NAME(all)(f, sum[v], NAME(load)(in + v * WIDTH));
  }
  ND_UNROLL_FAST
  for (int v = 0; v < vectors; v++)
    NAME(store)(into + v * WIDTH, sum[v]);
}

// Fewer columns than there are lanes: what lies behind them is folded, too,
// where it can be read, and given up.
ND_INLINE void NAME(few)(nd_fold f, int64_t rows, int64_t n, int64_t step,
                         TYPE *restrict into, const TYPE *restrict in)
{
  TYPE sum[ND_LANES] = { 0 };
  memcpy(sum, into, (size_t)n * sizeof *sum);
  const int64_t most = n > WIDTH ? ND_LANES : WIDTH;
  const int64_t within = nd_rows_within(rows, step, n, most);
  if (n > WIDTH)
    NAME(wide)(f, within, VECTORS, step, sum, in);
  else
    NAME(wide)(f, within, 1, step, sum, in);
  for (int64_t r = within; r < rows; r++)
    NAME(merge)(f, n, sum, in + r * step);
  memcpy(into, sum, (size_t)n * sizeof *sum);
}

ND_INLINE void NAME(columns)(nd_fold f, int64_t rows, int64_t n, int64_t step,
                             void *restrict into, const void *restrict in)
{
  TYPE *y = into;
  const TYPE *x = in;
  int64_t i = 0;
  for (; i + MANY * WIDTH <= n; i += MANY * WIDTH)
    NAME(wide)(f, rows, MANY, step, y + i, x + i);
  for (; i + ND_LANES <= n; i += ND_LANES)
    NAME(wide)(f, rows, VECTORS, step, y + i, x + i);
  if (i < n)
    NAME(few)(f, rows, n - i, step, y + i, x + i);
}

#undef MANY
