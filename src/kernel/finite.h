// kernel/finite.h: whether numbers are finite, and which are not.

#ifndef ND_KERNEL_FINITE_H
#define ND_KERNEL_FINITE_H

#include <stdbool.h>
#include <stdint.h>

#include "nadir.h"

// What numbers there were: how many nan and inf, and the least and the greatest
// of the others; `low` is above `high` where there are no others.
typedef struct nd_findings {
  int64_t nan, inf;
  double low, high;
} nd_findings;

// Whether all of n floats are finite; adds what they are.
bool nd_are_finite(nd_dtype dtype, const void *x, int64_t n);
void nd_find(nd_dtype dtype, const void *x, int64_t n, nd_findings *f);

#endif
