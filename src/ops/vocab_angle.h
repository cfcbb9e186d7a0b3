// ops/vocab_angle.h: ops/vocab_scalar.h for kernels that meet every angle, also
// those that are too far for loops that vectorize.

#include "kernel/math_angle.h"

#undef SIN
#undef COS
#undef TAN

#define SIN(p) PER_FLOAT(sin_any, p)(p)
#define COS(p) PER_FLOAT(cos_any, p)(p)
#define TAN(p) PER_FLOAT(tan_any, p)(p)
