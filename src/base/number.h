// base/number.h: numbers as text, whatever the host's locale.

#ifndef ND_BASE_NUMBER_H
#define ND_BASE_NUMBER_H

#include <math.h>

// strtod with a decimal point.
double nd_number_read(const char *text, const char **end);

// What messages show of `x`: the sign of a nan means nothing.
static inline double nd_number_shown(double x)
{
  return isnan(x) ? fabs(x) : x;
}

#endif
