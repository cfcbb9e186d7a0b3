// kernel/align.levels.c: see align.h.

#include "kernel/align.h"

#include "kernel/math.h"

// exp of what a number is above the largest of a sum, 0 of -inf even there. Nan
// gives nan, also beside nothing but -inf.
ND_INLINE double share_of(double x, double top)
{
  return nd_exp_f64(x == -ND_INF ? x : x - top);
}

// The largest is taken out: it counts 1, and what is small beside it keeps its
// digits. Each choice is between two, so that nan stays among the three.
static void sum(int64_t n, double *restrict to, const double *restrict from,
                const double *restrict skip)
{
  n &= -ND_GROUP(sizeof *to);
  for (int64_t r = 0; r < n; r++) {
    const double a = from[r], b = from[r - 1], c = from[r - 2] + skip[r];
    const double first = a < b ? a : b, more = a < b ? b : a;
    const double second = more < c ? more : c, top = more < c ? c : more;
    to[r] = top + nd_log1p_f64(share_of(first, top) + share_of(second, top));
  }
}

const nd_align_kernels ND_LEVELLED(nd_align_kernels) = { sum };
