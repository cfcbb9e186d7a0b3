// exact.h: what functions of kernel/math.h are compared with: those that C has
// no name for, and errors in units in the last place. In double, which is good
// to 2^-28 of a float's, and, with an l at the end as in C, in long double.
#ifndef ND_TEST_EXACT_H
#define ND_TEST_EXACT_H

#include <float.h>
#include <math.h>
#include <stdbool.h>

#define DEFINE_EXACT(T, l)                                                    \
  static inline T exact_sigmoid##l(T x)                                       \
  {                                                                           \
    return x < 0 ? exp##l(x) / (1 + exp##l(x)) : 1 / (1 + exp##l(-x));        \
  }                                                                           \
  static inline T exact_softplus##l(T x)                                      \
  {                                                                           \
    return (x > 0 ? x : 0) + log1p##l(exp##l(-fabs##l(x)));                   \
  }                                                                           \
  static inline T exact_log_sigmoid##l(T x)                                   \
  {                                                                           \
    return -exact_softplus##l(-x);                                            \
  }                                                                           \
  static inline T exact_bell##l(T x)                                          \
  {                                                                           \
    const T e = exp##l(-fabs##l(x));                                          \
    return e / ((1 + e) * (1 + e));                                           \
  }                                                                           \
  static inline T exact_gauss##l(T x)                                         \
  {                                                                           \
    return exp##l(-x * x);                                                    \
  }                                                                           \
  static inline T exact_arc##l(T x)                                           \
  {                                                                           \
    return 1 / sqrt##l((1 - x) * (1 + x));                                    \
  }                                                                           \
  static inline T exact_turn##l(T y, T x)                                     \
  {                                                                           \
    const bool none = x == 0 && y == 0;                                       \
    const bool ends = isinf((double)x) || isinf((double)y); /* valgrind */    \
    const bool far = ends && !isnan(x) && !isnan(y);                          \
    return none || far ? copysign##l(0, x) : x / (x * x + y * y);             \
  }                                                                           \
  static inline T exact_rsqrt##l(T x)                                         \
  {                                                                           \
    return 1 / sqrt##l(x);                                                    \
  }                                                                           \
  /* |got - want| in units in the last place of a type with `digits` bits, */ \
  /* whose smallest normal number is 2^(lowest - 1). */                       \
  static inline double ulps##l(double got, T want, int digits, int lowest,    \
                               T overflow)                                    \
  {                                                                           \
    if (isnan(want) || isnan(got))                                            \
      return isnan(want) && isnan(got) ? 0 : INFINITY;                        \
    if (want == 0)                                                            \
      return got == 0 && !signbit(got) == !signbit(want) ? 0 : INFINITY;      \
    if (isinf(got))                                                           \
      return fabs##l(want) >= overflow && (got > 0) == (want > 0) ? 0         \
                                                                  : INFINITY; \
    int exponent;                                                             \
    frexp##l(want, &exponent);                                                \
    if (exponent < lowest)                                                    \
      exponent = lowest;                                                      \
    return (double)(fabs##l(got - want) / ldexp##l(1, exponent - digits));    \
  }                                                                           \
  static inline double ulps_f32##l(float got, T want)                         \
  {                                                                           \
    return ulps##l(got, want, FLT_MANT_DIG, FLT_MIN_EXP, FLT_MAX);            \
  }                                                                           \
  static inline double ulps_f64##l(double got, T want)                        \
  {                                                                           \
    return ulps##l(got, want, DBL_MANT_DIG, DBL_MIN_EXP, DBL_MAX);            \
  }

DEFINE_EXACT(double, )
DEFINE_EXACT(long double, l)

#undef DEFINE_EXACT

#endif
