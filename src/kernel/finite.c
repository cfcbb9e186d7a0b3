// kernel/finite.c: looks for nan and inf.

#include "kernel/finite.h"

#include <math.h>

enum { LANES = 16 };

// x - x is 0 for what is finite, else nan, which stays in a sum.
#define ARE_FINITE(type)                                  \
  static bool type##_are_finite(const type *x, int64_t n) \
  {                                                       \
    type lanes[LANES] = { 0 }, sum = 0;                   \
    const int64_t whole = n - n % LANES;                  \
    for (int64_t i = 0; i < whole; i += LANES) {          \
      for (int k = 0; k < LANES; k++)                     \
        lanes[k] += x[i + k] - x[i + k];                  \
    }                                                     \
    for (int64_t i = whole; i < n; i++)                   \
      sum += x[i] - x[i];                                 \
    for (int k = 0; k < LANES; k++)                       \
      sum += lanes[k];                                    \
    return sum == 0;                                      \
  }

ARE_FINITE(float)
ARE_FINITE(double)

bool nd_are_finite(nd_dtype dtype, const void *x, int64_t n)
{
  return dtype == ND_FLOAT32 ? float_are_finite(x, n) : double_are_finite(x, n);
}

static void add(double x, nd_findings *f)
{
  if (isnan(x)) {
    f->nan++;
  } else if (isinf(x)) {
    f->inf++;
  } else {
    f->low = x < f->low ? x : f->low;
    f->high = x > f->high ? x : f->high;
  }
}

void nd_find(nd_dtype dtype, const void *x, int64_t n, nd_findings *f)
{
  const float *narrow = x;
  const double *wide = x;
  for (int64_t i = 0; i < n; i++)
    add(dtype == ND_FLOAT32 ? narrow[i] : wide[i], f);
}
