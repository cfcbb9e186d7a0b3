// kernel/reduce_whole.h: loops of folds over integers and bools, as short code:
// the order makes no difference to them. Included by kernel/reduce_dtype.h.

ND_INLINE void NAME(lanes)(nd_fold f, int64_t n, void *lanes, const void *in)
{
  VECTOR lane[VECTORS];
  const TYPE *x = in;
  ND_UNROLL_FAST
  for (int v = 0; v < VECTORS; v++)
    lane[v] = NAME(neutrals)(f);
  for (; n >= ND_LANES; n -= ND_LANES, x += ND_LANES) {
    ND_UNROLL_FAST
    for (int v = 0; v < VECTORS; v++)
      lane[v] = NAME(all)(f, lane[v], NAME(load)(x + v * WIDTH));
  }
  TYPE *y = lanes;
  ND_UNROLL_FAST
  for (int v = 0; v < VECTORS; v++)
    NAME(store)(y + v * WIDTH, lane[v]);
  for (int64_t i = 0; i < n; i++)
    y[i] = NAME(one)(f, y[i], x[i]);
}

// Of `n` elements that are `step` apart.
ND_INLINE TYPE NAME(of_few)(nd_fold f, int64_t n, int64_t step, TYPE y,
                            const TYPE *x)
{
  for (int64_t i = 0; i < n; i++)
    y = NAME(one)(f, y, x[i * step]);
  return y;
}

ND_INLINE void NAME(close)(nd_fold f, void *out, const void *lanes)
{
  const TYPE *x = lanes;
  VECTOR y = NAME(load)(x);
  ND_UNROLL_FAST
  for (int v = 1; v < VECTORS; v++)
    y = NAME(all)(f, y, NAME(load)(x + v * WIDTH));
  TYPE last[WIDTH];
  NAME(store)(last, y);
  *(TYPE *)out = NAME(of_few)(f, WIDTH, 1, NAME(neutral)(f), last);
}

// Short rows; returns how many they are.
ND_INLINE int64_t NAME(rows)(nd_fold f, int64_t rows, int64_t n, TYPE *out,
                             const TYPE *in)
{
  if (n >= ND_LANES)
    return 0;
  for (int64_t r = 0; r < rows; r++)
    out[r] = NAME(of_few)(f, n, 1, NAME(neutral)(f), in + r * n);
  return rows;
}

// Few columns one after the other, which stay in registers.
ND_INLINE void NAME(columns)(nd_fold f, int64_t rows, int64_t n, int64_t step,
                             void *restrict into, const void *restrict in)
{
  TYPE *y = into;
  const TYPE *x = in;
  for (int64_t i = 0; n < 8 && i < n; i++)
    y[i] = NAME(of_few)(f, rows, step, y[i], x + i);
  for (int64_t r = 0; n >= 8 && r < rows; r++)
    NAME(merge)(f, n, y, x + r * step);
}
