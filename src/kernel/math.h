// kernel/math.h: elementary functions as inline code that loops vectorize.
//
// `for (i = 0; i < n; i++) out[i] = nd_exp_f32(x[i]);` becomes SIMD code at
// every CPU level. To that end nothing here branches, looks up a table or
// calls a library: special cases are selects, and integers are read out of
// the low bits of a float that has 1.5 * 2^52 (2^23) added to it.
//
// Functions exist as nd_NAME_f32 and nd_NAME_f64. Nan, inf, signed zeros and
// subnormal results are those of C11 annex F. The largest errors seen, in
// units in the last place (over a fifth of all floats, and 10^7 doubles):
//
//              f32  f64              f32  f64               f32  f64
//     exp     1.00 0.87     sin     0.51 0.79     sigmoid  1.80 1.77
//     expm1   1.44 1.74     cos     0.51 0.78     softplus 1.65 1.60
//     log     0.84 0.80     tan     0.51 1.00     erf      1.22 1.02
//     log1p   1.38 1.36     asin    1.18 1.09     pow      0.51 0.99
//     sinh    1.81 1.76     acos    1.15 1.08     rsqrt    1.50 1.50
//     cosh    1.47 1.32     atan    1.37 1.34     sqrt, floor, ceil and
//     tanh    1.86 1.78     atan2   1.52 1.53     round are exact
//     bell    2.05 1.96     arc     1.92 1.68     gauss    0.51 0.83
//                           turn    2.01 1.84
//
// sin, cos and tan reduce angles below 2^46 (7e13) to full precision, also
// next to multiples of pi/2. Beyond, they are nan, as for inf; there
// kernel/math_angle.h has nd_sin_any_f32 and so on, for loops that do not
// vectorize.
//
// Bits: all arithmetic is explicit, so every CPU with FMA gives the same bits
// for any vector width. Without FMA, a * b + c rounds twice: the last place
// may differ, and the errors reach 2.0 (tanh). Compile with -ffp-contract=off.
//
// Coefficients are minimax fits; tests/golden/math_coefficients.py makes them.
#ifndef ND_KERNEL_MATH_H
#define ND_KERNEL_MATH_H

#include <stdint.h>

#define ND_INF __builtin_inff()
#define ND_NAN __builtin_nanf("")

// A call that is left standing keeps its loop scalar.
#define ND_INLINE static inline __attribute__((always_inline))

#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#define ND_HAS_FMA 1
#else
#define ND_HAS_FMA 0
#endif

ND_INLINE float nd_fma_f32(float a, float b, float c)
{
#if ND_HAS_FMA
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;
#endif
}

ND_INLINE double nd_fma_f64(double a, double b, double c)
{
#if ND_HAS_FMA
  return __builtin_fma(a, b, c);
#else
  return a * b + c;
#endif
}

#define ND_FMA(a, b, c) \
  _Generic((a) + (b) + (c), float : nd_fma_f32, default : nd_fma_f64)(a, b, c)

ND_INLINE uint32_t nd_bits_f32(float x)
{
  uint32_t u;
  __builtin_memcpy(&u, &x, sizeof u);
  return u;
}

ND_INLINE float nd_float_f32(uint32_t u)
{
  float x;
  __builtin_memcpy(&x, &u, sizeof x);
  return x;
}

ND_INLINE uint64_t nd_bits_f64(double x)
{
  uint64_t u;
  __builtin_memcpy(&u, &x, sizeof u);
  return u;
}

ND_INLINE double nd_float_f64(uint64_t u)
{
  double x;
  __builtin_memcpy(&x, &u, sizeof x);
  return x;
}

// |magnitude| with the sign bit of `sign`.
ND_INLINE float nd_copysign_f32(float magnitude, float sign)
{
  const uint32_t top = 0x80000000u;
  return nd_float_f32((nd_bits_f32(magnitude) & ~top) |
                      (nd_bits_f32(sign) & top));
}

ND_INLINE double nd_copysign_f64(double magnitude, double sign)
{
  const uint64_t top = 0x8000000000000000u;
  return nd_float_f64((nd_bits_f64(magnitude) & ~top) |
                      (nd_bits_f64(sign) & top));
}

#include "math_f64.h"
#include "math_f32.h"

#endif
