// kernel/math_remainder.h: C's fmod of numbers whose quotient is not large, as
// inline code that loops vectorize. It is exact, as fmod is.
#ifndef ND_KERNEL_MATH_REMAINDER_H
#define ND_KERNEL_MATH_REMAINDER_H

#include "math.h"

// |a| / |b| is rounded, so that its floor q may be 1 too large; a - q b then
// takes no more bits than the remainder. nd_subtract_product is exact where
// nothing in it leaves the range of the type.
#define ND_DEFINE_NEAR_REMAINDER(s, T, f, large, least, most)          \
  ND_INLINE int nd_remainder_is_near_##s(T a, T b)                     \
  {                                                                    \
    const T size = __builtin_fabs##f(b);                               \
    return (size >= least) & (size <= most) &                          \
           (__builtin_fabs##f(a) < large * size);                      \
  }                                                                    \
  ND_INLINE T nd_near_remainder_##s(T a, T b)                          \
  {                                                                    \
    const T x = __builtin_fabs##f(a), y = __builtin_fabs##f(b);        \
    const T rest = nd_subtract_product_##s(x, nd_floor_##s(x / y), y); \
    return nd_copysign_##s(rest < 0 ? rest + y : rest, a);             \
  }

ND_DEFINE_NEAR_REMAINDER(f32, float, f, 0x1p22f, 0x1p-126f, 0x1p127f)
ND_DEFINE_NEAR_REMAINDER(f64, double, , 0x1p51, 0x1p-900, 0x1p900)

#undef ND_DEFINE_NEAR_REMAINDER

#endif
