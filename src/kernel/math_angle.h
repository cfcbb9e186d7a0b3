// kernel/math_angle.h: sin, cos and tan of every angle, for loops over one
// angle at a time. Near ones are those of kernel/math.h.
#ifndef ND_KERNEL_MATH_ANGLE_H
#define ND_KERNEL_MATH_ANGLE_H

#include "math.h"

// Angles of the type of x below it are near.
#define ND_ANGLE_LIMIT(x) \
  _Generic((x), float : ND_ANGLE_LIMIT_F32, default : ND_ANGLE_LIMIT_F64)

__extension__ typedef __int128 nd_int128;
__extension__ typedef unsigned __int128 nd_uint128;

// 192 bits of 2^e (2 / pi), of which the highest is worth 2, for -6 <= e < 972.
static inline void nd_read_turns(int e, uint64_t w[3])
{
  // 64 zeros, and the first 1216 bits of 2 / pi.
  static const uint64_t bits[20] = {
    0x0000000000000000, 0xa2f9836e4e441529, 0xfc2757d1f534ddc0,
    0xdb6295993c439041, 0xfe5163abdebbc561, 0xb7246e3a424dd2e0,
    0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484,
    0xe99c7026b45f7e41, 0x3991d639835339f4, 0x9c845f8bbdf9283b,
    0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7,
    0x4f463f669e5fea2d, 0x7527bac7ebe5f17b, 0x3d0739f78a5292ea,
    0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab
  };
  const int first = 62 + e, shift = first & 63;
  const uint64_t *p = bits + (first >> 6);
  for (int i = 0; i < 3; i++)
    w[i] = shift == 0 ? p[i] : p[i] << shift | p[i + 1] >> (64 - shift);
}

// The same as nd_reduce_angle_f64, for finite x >= 2^46, after Payne and Hanek:
// with x = m 2^e, x / (pi/2) modulo 4 is the product of m and some bits of
// 2 / pi. Of its fraction 65 bits are left at least.
static inline nd_angle_f64 nd_reduce_far_angle_f64(double x)
{
  const uint64_t u = nd_bits_f64(x);
  const uint64_t m = (u & 0x000fffffffffffffu) | 0x0010000000000000u;
  uint64_t w[3];
  nd_read_turns((int)(u >> 52) - 1075, w);
  const nd_uint128 low = (nd_uint128)m * w[2];
  const nd_uint128 middle = (nd_uint128)m * w[1] + (uint64_t)(low >> 64);
  const uint64_t high = m * w[0] + (uint64_t)(middle >> 64);
  const uint64_t q = (high + ((uint64_t)1 << 61)) >> 62;
  const nd_int128 rest = (nd_int128)((nd_uint128)(high - (q << 62)) << 64 |
                                     (uint64_t)middle);
  const double near = (double)rest;
  const double far = (double)(rest - (nd_int128)near) * 0x1p-126;
  const nd_pair_f64 p = nd_product_f64(near * 0x1p-126, 0x1.921fb54442d18p+0);
  const double tail = near * 0x1p-126 * 0x1.1a62633145c07p-54;
  const nd_pair_f64 r = nd_ordered_sum_f64(
    p.high, p.low + (tail + far * 0x1.921fb54442d18p+0));
  return (nd_angle_f64){ r.high, r.low, q };
}

// sin and tan have the sign of x, cos has not.
#define ND_DEFINE_ANY(name, signed_by)                          \
  static inline double nd_##name##_any_f64(double x)            \
  {                                                             \
    const double size = __builtin_fabs(x);                      \
    if (!(size >= ND_ANGLE_LIMIT_F64 && size < (double)ND_INF)) \
      return nd_##name##_f64(x);                                \
    const nd_angle_f64 a = nd_reduce_far_angle_f64(size);       \
    return nd_flip_by_f64(signed_by, nd_##name##_at_f64(a));    \
  }                                                             \
  static inline float nd_##name##_any_f32(float x)              \
  {                                                             \
    return __builtin_fabsf(x) < ND_ANGLE_LIMIT_F32              \
             ? nd_##name##_f32(x)                               \
             : (float)nd_##name##_any_f64(x);                   \
  }

ND_DEFINE_ANY(sin, x)
ND_DEFINE_ANY(cos, 1)
ND_DEFINE_ANY(tan, x)

#undef ND_DEFINE_ANY

#endif
