// base/interval.c: bounds of intervals in float32.

#include "base/interval.h"

#include <math.h>

bool nd_interval_float32(double low, double high, float *first, float *last)
{
  *first = (float)low;
  *last = (float)high;
  if (!isfinite(*first) || !isfinite(*last) || !(low <= high))
    return false;
  if (low == high)
    return true;
  if (*first < low)
    *first = nextafterf(*first, INFINITY);
  *last = nextafterf(*last, -INFINITY);
  return *first <= *last;
}
