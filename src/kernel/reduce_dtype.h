// kernel/reduce_dtype.h: the folds of one dtype. Whoever includes this has
// defined LABEL, its name, TYPE, LOWEST and HIGHEST, which no value of it is
// below or above, and LOOPS, the file of its loops.
//
// Each loop is written once, for a fold that the compiler knows: `f`. Lanes are
// vectors, which stay in registers.

#define NAME(what) ND_JOIN(LABEL, what)
#define VECTOR NAME(vector)
#define BITS NAME(bits)
#define WIDTH NAME(WIDTH)
#define VECTORS NAME(VECTORS)

enum {
  NAME(BYTES) = ND_VECTOR_BYTES < ND_LANES * sizeof(TYPE)
                  ? ND_VECTOR_BYTES
                  : ND_LANES * sizeof(TYPE),
  WIDTH = NAME(BYTES) / sizeof(TYPE),  // elements of a vector
  VECTORS = ND_LANES / WIDTH           // of all lanes
};

// Vectors that lie anywhere.
typedef TYPE VECTOR
  __attribute__((vector_size(NAME(BYTES)), aligned(sizeof(TYPE)), may_alias));

typedef uint8_t BITS __attribute__((vector_size(NAME(BYTES))));

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

ND_INLINE TYPE NAME(one)(nd_fold f, TYPE a, TYPE b)
{
  switch (f) {
  case ND_SUM: return (TYPE)(a + b);
  case ND_PROD: return (TYPE)(a * b);
  case ND_MAX: return ((a >= b) | IS_NAN(a)) ? a : b;  // nan wins
  default: return ((a <= b) | IS_NAN(a)) ? a : b;
  }
}

ND_INLINE void NAME(merge)(nd_fold f, int64_t n, void *restrict into,
                           const void *restrict in)
{
  TYPE *a = into;
  const TYPE *b = in;
  for (int64_t i = 0; i < n; i++)
    a[i] = NAME(one)(f, a[i], b[i]);
}

ND_INLINE VECTOR NAME(neutrals)(nd_fold f)
{
  return (VECTOR){ 0 } + NAME(neutral)(f);
}

// `a` where the mask is set, else `b`. All as bytes: gcc sees choices in wider
// bits, and makes those of 64 bits one by one where there is no SSE4.
ND_INLINE VECTOR NAME(pick)(BITS mask, VECTOR a, VECTOR b)
{
  return (VECTOR)(((BITS)a & mask) | ((BITS)b & ~mask));
}

ND_INLINE VECTOR NAME(all)(nd_fold f, VECTOR a, VECTOR b)
{
  switch (f) {
  case ND_SUM: return a + b;
  case ND_PROD: return a * b;
  case ND_MAX: return NAME(pick)((BITS)(a >= b) | (BITS)IS_NAN(a), a, b);
  default: return NAME(pick)((BITS)(a <= b) | (BITS)IS_NAN(a), a, b);
  }
}

#include LOOPS

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
#undef VECTORS
#undef WIDTH
#undef VECTOR
#undef BITS
#undef NAME
#undef LABEL
#undef TYPE
#undef LOWEST
#undef HIGHEST
#undef LOOPS
