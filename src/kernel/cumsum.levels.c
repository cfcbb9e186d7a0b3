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

#define LABEL float32
#define TYPE float
#define SUM brief
#define WIDE double
#include "kernel/cumsum_dtype.h"

#define LABEL float64
#define TYPE double
#define SUM real
#define WIDE double
#include "kernel/cumsum_dtype.h"

#define LABEL int32
#define TYPE int32_t
#define SUM whole
#define WIDE uint64_t
#include "kernel/cumsum_dtype.h"

#define LABEL int64
#define TYPE int64_t
#define SUM whole
#define WIDE uint64_t
#include "kernel/cumsum_dtype.h"

#define LABEL uint8
#define TYPE uint8_t
#define SUM whole
#define WIDE uint64_t
#include "kernel/cumsum_dtype.h"

#define ROW(label, kind)                                   \
  {                                                        \
    sizeof(kind), label##_add, label##_write, label##_scan \
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
