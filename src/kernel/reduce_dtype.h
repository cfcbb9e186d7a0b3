// kernel/reduce_dtype.h: the folds of one dtype. Whoever includes this has
// defined LABEL, its name, TYPE, and LOWEST and HIGHEST, which no value of it
// is below or above.
//
// Each loop is written once, for a fold that the compiler knows: `f`. Lanes are
// vectors, which stay in registers.

#define NAME(what) ND_JOIN(LABEL, what)
#define VECTOR NAME(vector)
#define WIDTH NAME(WIDTH)
#define VECTORS NAME(VECTORS)
#define MANY NAME(MANY)

enum {
  NAME(BYTES) = ND_VECTOR_BYTES < ND_LANES * sizeof(TYPE)
                  ? ND_VECTOR_BYTES
                  : ND_LANES * sizeof(TYPE),
  WIDTH = NAME(BYTES) / sizeof(TYPE),  // elements of a vector
  VECTORS = ND_LANES / WIDTH,          // of all lanes
  MANY = VECTORS < 4 ? 4 : VECTORS     // of columns that are folded together
};

// Vectors that lie anywhere.
typedef TYPE VECTOR
  __attribute__((vector_size(NAME(BYTES)), aligned(sizeof(TYPE)), may_alias));

ND_INLINE VECTOR NAME(load)(const TYPE *x)
{
  return *(const VECTOR *)(const void *)x;
}

ND_INLINE void NAME(store)(TYPE *y, VECTOR x)
{
  *(VECTOR *)(void *)y = x;
}

// ----------------------------------------------------------------- a f b --

ND_INLINE TYPE NAME(neutral)(nd_fold f)
{
  return (TYPE)(f == ND_SUM    ? 0
                : f == ND_PROD ? 1
                : f == ND_MAX  ? LOWEST
                               : HIGHEST);
}

ND_INLINE VECTOR NAME(neutrals)(nd_fold f)
{
  return (VECTOR){ 0 } + NAME(neutral)(f);
}

ND_INLINE TYPE NAME(one)(nd_fold f, TYPE a, TYPE b)
{
  switch (f) {
  case ND_SUM: return (TYPE)(a + b);
  case ND_PROD: return (TYPE)(a * b);
  case ND_MAX: return WINS(a, >=, b) ? a : b;
  default: return WINS(a, <=, b) ? a : b;
  }
}

ND_INLINE VECTOR NAME(all)(nd_fold f, VECTOR a, VECTOR b)
{
  switch (f) {
  case ND_SUM: return a + b;
  case ND_PROD: return a * b;
  case ND_MAX: return PICK(WINS(a, >=, b), a, b);
  default: return PICK(WINS(a, <=, b), a, b);
  }
}

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
  __typeof__(y == none) mask;
  memcpy(&mask, first_bytes + 64 - (size_t)n * sizeof *x, sizeof mask);
  return PICK(mask, y, none);
}

// The lanes of a run; `within` if a whole vector can be read behind it.
ND_INLINE void NAME(fill)(nd_fold f, int64_t n, VECTOR *lane, const TYPE *x,
                          bool within)
{
  ND_UNROLL
  for (int v = 0; v < VECTORS; v++)
    lane[v] = NAME(neutrals)(f);
  for (; n >= ND_LANES; n -= ND_LANES, x += ND_LANES) {
    ND_UNROLL
    for (int v = 0; v < VECTORS; v++)
      lane[v] = NAME(all)(f, lane[v], NAME(load)(x + v * WIDTH));
  }
  const int whole = (int)n / WIDTH, rest = (int)n % WIDTH;
  VECTOR last = NAME(neutrals)(f);
  if (rest > 0)
    last = within ? NAME(load_within)(f, x + whole * WIDTH, rest)
                  : NAME(load_some)(f, x + whole * WIDTH, rest);
  ND_UNROLL
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
  ND_UNROLL
  for (int half = VECTORS / 2; half > 0; half /= 2) {
    ND_UNROLL
    for (int v = 0; v < half; v++)
      lane[v] = NAME(all)(f, lane[v], lane[v + half]);
  }
  ND_UNROLL
  for (int half = WIDTH / 2; half > 0; half /= 2) {
    VECTOR other = lane[0];
    ND_UNROLL
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
  ND_UNROLL
  for (int v = 0; v < VECTORS; v++)
    NAME(store)((TYPE *)lanes + v * WIDTH, lane[v]);
}

ND_INLINE void NAME(close)(nd_fold f, void *out, const void *lanes)
{
  VECTOR lane[VECTORS];
  ND_UNROLL
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

ND_INLINE void NAME(merge)(nd_fold f, int64_t n, void *restrict into,
                           const void *restrict in)
{
  TYPE *a = into;
  const TYPE *b = in;
  for (int64_t i = 0; i < n; i++)
    a[i] = NAME(one)(f, a[i], b[i]);
}

// Columns of so many vectors, which stay in registers.
ND_INLINE void NAME(wide)(nd_fold f, int64_t rows, int vectors, int64_t step,
                          TYPE *restrict into, const TYPE *restrict in)
{
  VECTOR sum[MANY];
  ND_UNROLL
  for (int v = 0; v < vectors; v++)
    sum[v] = NAME(load)(into + v * WIDTH);
  for (int64_t r = 0; r < rows; r++, in += step) {
    ND_UNROLL
    for (int v = 0; v < vectors; v++)
      sum[v] = NAME(all)(f, sum[v], NAME(load)(in + v * WIDTH));
  }
  ND_UNROLL
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

// ------------------------------------------------------------ the kernels --

// What is inlined twice is called, so that it does not stand here twice.
#define KERNELS(fold, f)                                                      \
  static __attribute__((noinline)) void NAME(fold##_lanes)(                   \
    int64_t n, void *lanes, const void *in)                                   \
  {                                                                           \
    NAME(lanes)(f, n, lanes, in);                                             \
  }                                                                           \
  static __attribute__((noinline)) void NAME(fold##_close)(void *out,         \
                                                           const void *lanes) \
  {                                                                           \
    NAME(close)(f, out, lanes);                                               \
  }                                                                           \
  static void NAME(fold##_run)(int64_t n, void *out, const void *in)          \
  {                                                                           \
    TYPE lanes[ND_LANES];                                                     \
    NAME(fold##_lanes)(n, lanes, in);                                         \
    NAME(fold##_close)(out, lanes);                                           \
  }                                                                           \
  static void NAME(fold##_rows)(int64_t rows, int64_t n, void *out,           \
                                const void *in)                               \
  {                                                                           \
    TYPE *y = out;                                                            \
    const TYPE *x = in;                                                       \
    for (int64_t r = NAME(rows)(f, rows, n, y, x); r < rows; r++)             \
      NAME(fold##_run)(n, y + r, x + r * n);                                  \
  }                                                                           \
  static void NAME(fold##_merge)(int64_t n, void *restrict into,              \
                                 const void *restrict in)                     \
  {                                                                           \
    NAME(merge)(f, n, into, in);                                              \
  }                                                                           \
  static void NAME(fold##_columns)(int64_t rows, int64_t n, int64_t step,     \
                                   void *restrict into,                       \
                                   const void *restrict in)                   \
  {                                                                           \
    NAME(columns)(f, rows, n, step, into, in);                                \
  }

KERNELS(sum, ND_SUM)
KERNELS(prod, ND_PROD)
KERNELS(max, ND_MAX)
KERNELS(min, ND_MIN)

#undef KERNELS
#undef MANY
#undef VECTORS
#undef WIDTH
#undef VECTOR
#undef NAME
#undef LABEL
#undef TYPE
#undef LOWEST
#undef HIGHEST
