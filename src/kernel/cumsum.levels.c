// kernel/cumsum.levels.c: running sums of every dtype from one template.
//
// Floats are added up in float64, for float64 with what each addition rounds
// away kept beside (Knuth's two-sum).

#include "kernel/cumsum.h"

#include <string.h>

#include "kernel/cumsum_real.h"

enum { LANES = ND_CUMSUM_LANES };

// A sum of numbers that are short beside it, which are added as they are.
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

ADD_FOUR(nd_real_sum, double)
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
#define SUM nd_real_sum
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

// What vectors do of float64 alone, and, one by one, the columns that they
// leave.
static void fast_add(int64_t rows, int64_t stride, int64_t n, void *totals,
                     const void *in)
{
  const nd_cumsum_real *k = &ND_LEVELLED(nd_cumsum_real);
  nd_real_sum *t = totals;
  const double *x = in;
  if (stride == 1) {
    if (!k->add(rows, t, x))
      float64_add(rows, 1, 1, t, x);
    return;
  }
  for (int64_t i = k->add_columns(rows, stride, n, t, x); i < n; i++) {
    nd_real_sum sum = t[i];
    for (int64_t r = 0; r < rows; r++)
      nd_real_sum_add(&sum, x[r * stride + i]);
    t[i] = sum;
  }
}

static void fast_write(int64_t rows, int64_t stride, int64_t n, void *totals,
                       const void *in, void *out)
{
  const nd_cumsum_real *k = &ND_LEVELLED(nd_cumsum_real);
  nd_real_sum *t = totals;
  const double *x = in;
  double *y = out;
  if (n == 1 && (stride == 1 || stride == -1)) {
    const int64_t done = k->write(rows, stride < 0, t, x, y);
    const int64_t at = done * stride;
    float64_write(rows - done, stride, 1, t, x + at, y + at);
    return;
  }
  for (int64_t i = k->write_columns(rows, stride, n, t, x, y); i < n; i++)
    float64_write(rows, stride, 1, t + i, x + i, y + i);
}

#define ROW(label, kind)                                   \
  {                                                        \
    sizeof(kind), label##_add, label##_write, label##_scan \
  }

const nd_cumsum_table ND_LEVELLED(nd_cumsum_table) = {
  .at = { [ND_FLOAT32] = ROW(float32, brief),
          [ND_FLOAT64] = { sizeof(nd_real_sum), fast_add, fast_write,
                           float64_scan },
          [ND_INT32] = ROW(int32, whole),
          [ND_INT64] = ROW(int64, whole),
          [ND_UINT8] = ROW(uint8, whole) },
};

_Static_assert(sizeof(nd_real_sum) <= ND_CUMSUM_WIDEST, "the widest sum");
_Static_assert(ND_CUMSUM_BLOCK % LANES == 0, "a block has whole lanes");
