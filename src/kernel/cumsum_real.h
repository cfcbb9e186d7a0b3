// kernel/cumsum_real.h: sums of float64 in vectors, which are for finite
// numbers: of one column, whose rows lie one after the other, and of several.

#ifndef ND_KERNEL_CUMSUM_REAL_H
#define ND_KERNEL_CUMSUM_REAL_H

#include "kernel/level.h"
#include "nadir.h"

enum { ND_CUMSUM_LANES = 8 };  // a block has whole lanes

// A sum and what was rounded away from it, which is finite.
typedef struct nd_real_sum {
  double sum, rest;
} nd_real_sum;

// Knuth's two-sum.
static inline void nd_real_sum_add(nd_real_sum *t, double x)
{
  const double sum = t->sum + x, grown = sum - t->sum;
  const double lost = (t->sum - (sum - grown)) + (x - grown);
  t->sum = sum;
  t->rest += lost - lost == 0 ? lost : 0;
}

static inline double nd_real_sum_get(const nd_real_sum *t)
{
  return t->sum + t->rest;
}

static inline void nd_real_sum_join(nd_real_sum *t, const nd_real_sum *other)
{
  nd_real_sum_add(t, other->sum);
  t->rest += other->rest;
}

typedef struct nd_cumsum_real {
  // Adds rows, which are whole lanes; false, and nothing is added, if not all
  // is finite.
  bool (*add)(int64_t rows, nd_real_sum *total, const double *in);

  // Writes running sums of most of the rows, which lie forward or `back`, from
  // `total` on, which becomes what they end with; returns of how many. What it
  // wrote means nothing if these are 0, because not all is finite.
  int64_t (*write)(int64_t rows, bool back, nd_real_sum *total,
                   const double *in, double *out);

  // What nd_cumsum_kernels have, for the first columns; returns for how many.
  int64_t (*add_columns)(int64_t rows, int64_t stride, int64_t n,
                         nd_real_sum *totals, const double *in);
  int64_t (*write_columns)(int64_t rows, int64_t stride, int64_t n,
                           nd_real_sum *totals, const double *in, double *out);
} nd_cumsum_real;

extern const nd_cumsum_real ND_LEVELLED(nd_cumsum_real);

#endif
