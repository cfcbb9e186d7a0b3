// kernel/cumsum.levels.c: running sums of every dtype from one template.
//
// Floats are added up in float64, for float64 with what each addition rounds
// away kept beside (Knuth's two-sum).

#include "kernel/cumsum.h"

#include <string.h>

enum { LANES = 8 };  // a block has whole lanes

// A sum and what was rounded away from it, which is finite.
typedef struct real {
  double sum, rest;
} real;

static inline void real_add(real *t, double x)
{
  const double sum = t->sum + x, grown = sum - t->sum;
  const double lost = (t->sum - (sum - grown)) + (x - grown);
  t->sum = sum;
  t->rest += lost - lost == 0 ? lost : 0;
}

static inline double real_get(const real *t)
{
  return t->sum + t->rest;
}

static inline void real_join(real *t, const real *other)
{
  real_add(t, other->sum);
  t->rest += other->rest;
}

// The same of numbers that are short beside it, which are added as they are.
typedef struct brief {
  double sum;
} brief;

static inline void brief_add(brief *t, double x)
{
  t->sum += x;
}

static inline double brief_get(const brief *t)
{
  return t->sum;
}

static inline void brief_join(brief *t, const brief *other)
{
  t->sum += other->sum;
}

// A sum of integers, which wraps.
typedef struct whole {
  uint64_t sum;
} whole;

static inline void whole_add(whole *t, uint64_t x)
{
  t->sum += x;
}

static inline uint64_t whole_get(const whole *t)
{
  return t->sum;
}

static inline void whole_join(whole *t, const whole *other)
{
  t->sum += other->sum;
}

// Sums that take numbers in turn; those of reals lie in vectors.
enum { WIDTH = ND_VECTOR_BYTES / sizeof(double), VECTORS = LANES / WIDTH };

typedef double reals __attribute__((vector_size(ND_VECTOR_BYTES)));

typedef struct real_lanes {
  reals sum[VECTORS], rest[VECTORS];
} real_lanes;

static inline void real_add_lanes(real_lanes *l, const double *x)
{
  ND_UNROLL
  for (int v = 0; v < VECTORS; v++) {
    reals some;
    memcpy(&some, x + v * WIDTH, sizeof some);
    const reals sum = l->sum[v] + some, grown = sum - l->sum[v];
    const reals lost = (l->sum[v] - (sum - grown)) + (some - grown);
    const __typeof__(lost == lost) finite = lost - lost == 0;
    l->sum[v] = sum;
    l->rest[v] += (reals)((__typeof__(finite))lost & finite);
  }
}

static inline real real_lane(const real_lanes *l, int i)
{
  return (real){ l->sum[i / WIDTH][i % WIDTH], l->rest[i / WIDTH][i % WIDTH] };
}

#define LANES_OF(kind, wide)                                          \
  typedef struct kind##_lanes {                                       \
    kind of[LANES];                                                   \
  } kind##_lanes;                                                     \
  static inline void kind##_add_lanes(kind##_lanes *l, const wide *x) \
  {                                                                   \
    for (int i = 0; i < LANES; i++)                                   \
      kind##_add(&l->of[i], x[i]);                                    \
  }                                                                   \
  static inline kind kind##_lane(const kind##_lanes *l, int i)        \
  {                                                                   \
    return l->of[i];                                                  \
  }

LANES_OF(brief, double)
LANES_OF(whole, uint64_t)

// Adds four numbers; y[i] becomes the sum up to number i. Of brief numbers only
// one addition waits for the four before.
#define ADD_FOUR(kind, wide)                                          \
  static inline void kind##_add_four(kind *t, const wide *x, wide *y) \
  {                                                                   \
    for (int i = 0; i < 4; i++) {                                     \
      kind##_add(t, x[i]);                                            \
      y[i] = kind##_get(t);                                           \
    }                                                                 \
  }

ADD_FOUR(real, double)
ADD_FOUR(whole, uint64_t)

static inline void brief_add_four(brief *t, const double *x, double *y)
{
  const double two = x[0] + x[1];
  y[0] = t->sum + x[0];
  y[1] = t->sum + two;
  y[2] = t->sum + (two + x[2]);
  y[3] = t->sum + (two + (x[2] + x[3]));
  t->sum = y[3];
}

#define DEFINE(label, type, kind, wide)                                        \
  static void add_##label(int64_t rows, int64_t stride, int64_t n,             \
                          void *totals, const void *in)                        \
  {                                                                            \
    kind *t = totals;                                                          \
    const type *x = in;                                                        \
    if (stride == 1) {                                                         \
      kind##_lanes lanes = { 0 };                                              \
      for (int64_t r = 0; r < rows; r += LANES) {                              \
        wide some[LANES];                                                      \
        for (int i = 0; i < LANES; i++)                                        \
          some[i] = (wide)x[r + i];                                            \
        kind##_add_lanes(&lanes, some);                                        \
      }                                                                        \
      for (int i = 0; i < LANES; i++) {                                        \
        const kind lane = kind##_lane(&lanes, i);                              \
        kind##_join(t, &lane);                                                 \
      }                                                                        \
      return;                                                                  \
    }                                                                          \
    for (int64_t r = 0; r < rows; r++, x += stride) {                          \
      for (int64_t i = 0; i < n; i++)                                          \
        kind##_add(&t[i], (wide)x[i]);                                         \
    }                                                                          \
  }                                                                            \
  static inline void write_one_##label(int64_t rows, int64_t stride, kind sum, \
                                       const type *x, type *y)                 \
  {                                                                            \
    int64_t r = 0;                                                             \
    for (; r + 4 <= rows; r += 4) {                                            \
      wide four[4], sums[4];                                                   \
      for (int i = 0; i < 4; i++)                                              \
        four[i] = (wide)x[(r + i) * stride];                                   \
      kind##_add_four(&sum, four, sums);                                       \
      for (int i = 0; i < 4; i++)                                              \
        y[(r + i) * stride] = (type)sums[i];                                   \
    }                                                                          \
    for (; r < rows; r++) {                                                    \
      kind##_add(&sum, (wide)x[r * stride]);                                   \
      y[r * stride] = (type)kind##_get(&sum);                                  \
    }                                                                          \
  }                                                                            \
  static void write_##label(int64_t rows, int64_t stride, int64_t n,           \
                            void *totals, const void *in, void *out)           \
  {                                                                            \
    kind *t = totals;                                                          \
    const type *x = in;                                                        \
    type *y = out;                                                             \
    if (n == 1 && stride == 1) {                                               \
      write_one_##label(rows, 1, *t, x, y);                                    \
      return;                                                                  \
    }                                                                          \
    if (n == 1) {                                                              \
      write_one_##label(rows, stride, *t, x, y);                               \
      return;                                                                  \
    }                                                                          \
    for (int64_t r = 0; r < rows; r++) {                                       \
      for (int64_t i = 0; i < n; i++) {                                        \
        kind##_add(&t[i], (wide)x[r * stride + i]);                            \
        y[r * stride + i] = (type)kind##_get(&t[i]);                           \
      }                                                                        \
    }                                                                          \
  }                                                                            \
  static void scan_##label(int64_t blocks, int64_t stride, int64_t n,          \
                           void *totals)                                       \
  {                                                                            \
    kind *t = totals;                                                          \
    for (int64_t b = 1; b < blocks; b++, t += stride) {                        \
      for (int64_t i = 0; i < n; i++) {                                        \
        kind next = t[i];                                                      \
        kind##_join(&next, &t[stride + i]);                                    \
        t[stride + i] = next;                                                  \
      }                                                                        \
    }                                                                          \
  }

DEFINE(float32, float, brief, double)
DEFINE(float64, double, real, double)
DEFINE(int32, int32_t, whole, uint64_t)
DEFINE(int64, int64_t, whole, uint64_t)
DEFINE(uint8, uint8_t, whole, uint64_t)

#define ROW(label, kind)                                   \
  {                                                        \
    sizeof(kind), add_##label, write_##label, scan_##label \
  }

const nd_cumsum_table ND_LEVELLED(nd_cumsum_table) = {
  .at = { [ND_FLOAT32] = ROW(float32, brief),
          [ND_FLOAT64] = ROW(float64, real),
          [ND_INT32] = ROW(int32, whole),
          [ND_INT64] = ROW(int64, whole),
          [ND_UINT8] = ROW(uint8, whole) },
};

_Static_assert(sizeof(real) <= ND_CUMSUM_WIDEST, "the widest sum");
_Static_assert(ND_CUMSUM_BLOCK % LANES == 0, "a block has whole lanes");
