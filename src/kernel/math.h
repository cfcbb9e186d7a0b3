// kernel/math.h: elementary functions as inline code that loops vectorize.
//
// `for (i = 0; i < n; i++) out[i] = nd_exp_f32(x[i]);` becomes SIMD code at
// every CPU level. To that end nothing here branches, looks up a table or
// calls a library: special cases are selects, and integers are read out of
// the low bits of a float that has 1.5 * 2^52 (2^23) added to it.
//
// Functions exist as nd_NAME_f32 and nd_NAME_f64. Nan, inf, signed zeros and
// subnormal results are those of C11 annex F. Errors are at most 2 units in the
// last place; docs/accuracy.md has them. Factors of slopes reach 2.3 (bell),
// 2.1 (turn), 1.95 (arc) and 0.9 (gauss).
//
// sin, cos and tan take angles below 2^20 in float and 2^46 in double, to full
// precision also next to multiples of pi/2. Beyond, they are nan, as for inf;
// there kernel/math_angle.h has nd_sin_any_f32 and so on, for loops that do not
// vectorize.
//
// Bits: all arithmetic is explicit, so every CPU with FMA gives the same bits
// for any vector width. Without FMA, a * b + c rounds twice, and the last place
// may differ. Compile with -ffp-contract=off.
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

// One instruction rounds to an integer.
#if defined(__SSE4_1__) || defined(__aarch64__)
#define ND_HAS_ROUNDING 1
#else
#define ND_HAS_ROUNDING 0
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

#include "math_poly.h"
#include "math_f64.h"
#include "math_f32.h"

#endif
