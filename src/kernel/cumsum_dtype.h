// kernel/cumsum_dtype.h: the running sums of one dtype. Whoever includes this
// has defined LABEL, its name, TYPE, SUM, what its sums are, and WIDE, which
// its numbers are added as.

#define NAME(what) ND_JOIN(LABEL, what)
#define OF_SUM(what) ND_JOIN(SUM, what)

// ------------------------------------------------------------------ totals --

// Of one column, in lanes.
static void NAME(add_run)(int64_t rows, SUM *total, const TYPE *x)
{
  SUM lane[LANES] = { 0 };
  for (int64_t r = 0; r < rows; r += LANES) {
    for (int i = 0; i < LANES; i++)
      OF_SUM(add)(&lane[i], (WIDE)x[r + i]);
  }
  for (int i = 0; i < LANES; i++)
    OF_SUM(join)(total, &lane[i]);
}

static void NAME(add)(int64_t rows, int64_t stride, int64_t n, void *totals,
                      const void *in)
{
  SUM *t = totals;
  const TYPE *x = in;
  if (stride == 1) {
    NAME(add_run)(rows, t, x);
    return;
  }
  for (int64_t r = 0; r < rows; r++, x += stride) {
    for (int64_t i = 0; i < n; i++)
      OF_SUM(add)(&t[i], (WIDE)x[i]);
  }
}

static void NAME(scan)(int64_t blocks, int64_t stride, int64_t n, void *totals)
{
  SUM *t = totals;
  for (int64_t b = 1; b < blocks; b++, t += stride) {
    for (int64_t i = 0; i < n; i++) {
      SUM next = t[i];
      OF_SUM(join)(&next, &t[stride + i]);
      t[stride + i] = next;
    }
  }
}

// ------------------------------------------------------------ running sums --

// Of one column, four at a time.
static inline void NAME(write_one)(int64_t rows, int64_t stride, SUM sum,
                                   const TYPE *x, TYPE *y)
{
  int64_t r = 0;
  for (; r + 4 <= rows; r += 4) {
    WIDE four[4], sums[4];
    for (int i = 0; i < 4; i++)
      four[i] = (WIDE)x[(r + i) * stride];
    OF_SUM(add_four)(&sum, four, sums);
    for (int i = 0; i < 4; i++)
      y[(r + i) * stride] = (TYPE)sums[i];
  }
  for (; r < rows; r++) {
    OF_SUM(add)(&sum, (WIDE)x[r * stride]);
    y[r * stride] = (TYPE)OF_SUM(get)(&sum);
  }
}

static void NAME(write)(int64_t rows, int64_t stride, int64_t n, void *totals,
                        const void *in, void *out)
{
  SUM *t = totals;
  const TYPE *x = in;
  TYPE *y = out;
  if (n == 1 && stride == 1) {
    NAME(write_one)(rows, 1, *t, x, y);
    return;
  }
  if (n == 1) {
    NAME(write_one)(rows, stride, *t, x, y);
    return;
  }
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t i = 0; i < n; i++) {
      OF_SUM(add)(&t[i], (WIDE)x[r * stride + i]);
      y[r * stride + i] = (TYPE)OF_SUM(get)(&t[i]);
    }
  }
}

#undef OF_SUM
#undef NAME
#undef LABEL
#undef TYPE
#undef SUM
#undef WIDE
