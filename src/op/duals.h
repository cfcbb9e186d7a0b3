// op/duals.h: numbers with directions: p + e1 h1 + .. + en hn, where e1^2 = ..
// = en^2 = 0. Such a number is 2^n coefficients, one for each set of e's, bit i
// of a set for e of direction i. What stands before e1 e2 .. en in a function
// of such numbers is its derivative along all directions, exactly. A zero
// coefficient of a direction gives zero even beside inf and nan.

#ifndef ND_OP_DUALS_H
#define ND_OP_DUALS_H

#include <string.h>

#include "tensor/tensor.h"

enum { ND_MAX_DIRECTIONS = 8 };

// p q, where a direction that is zero gives zero.
static inline double nd_duals_times(double p, double q, bool directed)
{
  return directed && (p == 0 || q == 0) ? 0 : p * q;
}

// p = 1
static inline void nd_duals_start(double *p, int n)
{
  memset(p, 0, sizeof *p << n);
  p[0] = 1;
}

// p = p (x + e1 h[0] + .. + en h[n - 1]): a set is reached from those without
// one of its members, which come before it.
static inline void nd_duals_multiply(double *p, int n, double x,
                                     const double *h)
{
  for (int set = (1 << n) - 1; set >= 0; set--) {
    double sum = nd_duals_times(p[set], x, set > 0);
    for (int i = 0; i < n; i++) {
      if (set >> i & 1)
        sum += nd_duals_times(p[set & ~(1 << i)], h[i], true);
    }
    p[set] = sum;
  }
}

// p = p exp(e1 h[0] + .. + en h[n - 1]), which is (1 + e1 h[0]) (1 + e2 h[1])..
static inline void nd_duals_grow(double *p, int n, const double *h)
{
  for (int i = 0; i < n; i++) {
    for (int set = 0; set < 1 << n; set++) {
      if (set >> i & 1)
        p[set] += nd_duals_times(p[set & ~(1 << i)], h[i], true);
    }
  }
}

// The coefficient of e1 .. en in p q.
static inline double nd_duals_join(const double *p, const double *q, int n)
{
  const int all = (1 << n) - 1;
  double sum = nd_duals_times(p[0], q[all], n > 0);
  for (int set = 1; set <= all; set++)
    sum += nd_duals_times(p[set], q[all & ~set], true);
  return sum;
}

// The coefficient of a set in p q, less the term with p[0].
static inline double nd_duals_part(const double *p, const double *q, int set)
{
  double sum = 0;
  for (int some = set; some > 0; some = (some - 1) & set)
    sum += nd_duals_times(p[some], q[set & ~some], true);
  return sum;
}

// y = p q
static inline void nd_duals_product(double *restrict y, const double *p,
                                    const double *q, int n)
{
  for (int set = 0; set < 1 << n; set++)
    y[set] = nd_duals_times(p[0], q[set], set > 0) + nd_duals_part(p, q, set);
}

// y = 1 / p for a p whose number is 1.
static inline void nd_duals_invert(double *restrict y, const double *p, int n)
{
  y[0] = 1;
  for (int set = 1; set < 1 << n; set++)
    y[set] = -nd_duals_part(p, y, set);
}

// Element `i` of a dense tensor of floats, which coefficients come from and go
// to.
static inline double nd_duals_read(const nd_tensor *x, int64_t i)
{
  const void *data = nd_values(x);
  return x->dtype == ND_FLOAT32 ? (double)((const float *)data)[i]
                                : ((const double *)data)[i];
}

static inline void nd_duals_write(nd_tensor *y, int64_t i, double value)
{
  void *data = y->data;
  if (y->dtype == ND_FLOAT32)
    ((float *)data)[i] = (float)value;
  else
    ((double *)data)[i] = value;
}

#endif
