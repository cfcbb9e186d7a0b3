// kernel/half.h: floats of two bytes, which are kept as their bits, from floats
// of four and back. Rounding is to nearest, halves to even; a nan stays one of
// the same sign.

#ifndef ND_KERNEL_HALF_H
#define ND_KERNEL_HALF_H

#include "kernel/math.h"

// To a format with `kept` bits of fraction, and exponents from 1 - b to b. A
// number of size x is there
//   infinite from 2^(b + 1) on;
//   below 2^(1 - b) a multiple of 2^(1 - b - kept): adding the power of two
//   whose last bit that is rounds x to one, and the sum ends with it;
//   else rounded by adding just less than half of what is cut, or half if what
//   is kept is odd: the carry goes where it belongs.
#define ND_NARROW(name, kept, b)                                      \
  ND_INLINE uint16_t name(float x)                                    \
  {                                                                   \
    enum { CUT = 23 - (kept), REBIASED = (127 - (b)) << 23 };         \
    const uint32_t size = nd_bits_f32(x) & 0x7fffffff;                \
    const uint32_t sign = nd_bits_f32(x) >> 16 & 0x8000;              \
    const uint32_t infinity = (2 * (b) + 1) << (kept);                \
    const float unit = nd_float_f32((151U - (b) - (kept)) << 23);     \
    const uint32_t half = (1U << CUT >> 1) - 1 + (size >> CUT & 1);   \
    const uint32_t nan = infinity | 1U << ((kept)-1) |                \
                         (size >> CUT & ((1U << (kept)) - 1));        \
    uint32_t y = (size - REBIASED + half) >> CUT;                     \
    if (size < REBIASED + (1U << 23))                                 \
      y = nd_bits_f32(nd_float_f32(size) + unit) - nd_bits_f32(unit); \
    y = size >= (128U + (b)) << 23 ? infinity : y;                    \
    y = size > 0x7f800000 ? nan : y;                                  \
    return (uint16_t)(y | sign);                                      \
  }

ND_NARROW(nd_float16_of_f32, 10, 15)
ND_NARROW(nd_bfloat16_of_f32, 7, 127)

// The bits at their place are a number that is 2^112 times too small.
ND_INLINE float nd_f32_of_float16(uint16_t h)
{
  const uint32_t size = (uint32_t)(h & 0x7fff) << 13;
  const uint32_t finite = nd_bits_f32(nd_float_f32(size) * 0x1p112F);
  const uint32_t y = (h & 0x7c00) == 0x7c00 ? size | 0x7f800000 : finite;
  return nd_float_f32(y | (uint32_t)(h & 0x8000) << 16);
}

ND_INLINE float nd_f32_of_bfloat16(uint16_t h)
{
  return nd_float_f32((uint32_t)h << 16);
}

// Rounding to odd: of what lies between two floats the one whose last bit is
// set. What rounds that once more, to fewer bits, rounds as if it had `x`.
ND_INLINE float nd_odd_f32(double x)
{
  const float y = (float)x;
  const uint32_t beyond = __builtin_fabs((double)y) > __builtin_fabs(x);
  return (double)y == x ? y : nd_float_f32((nd_bits_f32(y) - beyond) | 1);
}

ND_INLINE double nd_odd_f64(int64_t x)
{
  const int64_t last = 1 << 10;
  const bool fits = (uint64_t)x + (1ULL << 53) <= 1ULL << 54;
  const int64_t cut = x & (last - 1) ? (x & -last) | last : x;
  return (double)(fits ? x : cut);
}

#endif
