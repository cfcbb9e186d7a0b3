// base/interval.h: the float32 numbers of a half-open interval. A number that
// was drawn from low <= x < high may round to `high`, or to below `low`.

#ifndef ND_BASE_INTERVAL_H
#define ND_BASE_INTERVAL_H

#include <stdbool.h>

// The least and the greatest float32 x of low <= x < high. Also below `high` as
// it rounds, so that both a comparison in float32 and one in double hold. An
// interval of low = high stands for that number. False if there is none, or if
// a bound is beyond float32.
bool nd_interval_float32(double low, double high, float *first, float *last);

#endif
