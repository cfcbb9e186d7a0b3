// kernel/math_f32.h: the single precision half of kernel/math.h. The circular
// functions and pow compute in double, the rest in float.
#ifndef ND_KERNEL_MATH_F32_H
#define ND_KERNEL_MATH_F32_H

#include "math.h"

// Adding it rounds |x| < 2^22 to an integer and leaves that in the low bits.
#define ND_SHIFT_F32 0x1.8p23f

#define ND_LN2_HIGH_F32 0x1.62e4p-1f  // 15 bits: k * high is exact
#define ND_LN2_LOW_F32 0x1.7f7d1cp-20f

// As in math_f64.h.
typedef struct nd_pair_f32 {
  float high, low;
} nd_pair_f32;

ND_INLINE nd_pair_f32 nd_product_f32(float a, float b)
{
  const float high = a * b;
#if ND_HAS_FMA
  return (nd_pair_f32){ high, __builtin_fmaf(a, b, -high) };
#else
  return (nd_pair_f32){ high, (float)((double)a * b - high) };
#endif
}

ND_INLINE nd_pair_f32 nd_ordered_sum_f32(float a, float b)
{
  const float high = a + b;
  return (nd_pair_f32){ high, b - (high - a) };
}

ND_INLINE float nd_subtract_product_f32(float c, float a, float b)
{
#if ND_HAS_FMA
  return __builtin_fmaf(-a, b, c);
#else
  return (float)((double)c - (double)a * b);
#endif
}

// Rounding. From 2^23 on every float is an integer.

ND_INLINE float nd_round_f32(float x)
{
#if ND_HAS_ROUNDING
  return __builtin_rintf(x);
#else
  const float a = __builtin_fabsf(x);
  const float whole = a < 0x1p23f ? a + 0x1p23f - 0x1p23f : a;
  return nd_copysign_f32(whole, x);
#endif
}

ND_INLINE float nd_floor_f32(float x)
{
#if ND_HAS_ROUNDING
  return __builtin_floorf(x);
#else
  const float whole = nd_round_f32(x);
  return nd_copysign_f32(whole > x ? whole - 1 : whole, x);
#endif
}

ND_INLINE float nd_ceil_f32(float x)
{
#if ND_HAS_ROUNDING
  return __builtin_ceilf(x);
#else
  const float whole = nd_round_f32(x);
  return nd_copysign_f32(whole < x ? whole + 1 : whole, x);
#endif
}

ND_INLINE float nd_sqrt_f32(float x)
{
  return __builtin_sqrtf(x);
}

ND_INLINE float nd_rsqrt_f32(float x)
{
  return 1 / __builtin_sqrtf(x);
}

// Exponential family: x = n ln2 + r with |r| <= ln2 / 2, p = e^r - 1, so that
// e^x = 2^n (1 + p). n is in two's complement, and meaningless for nan.
typedef struct nd_exponent_f32 {
  float p;
  uint32_t n;
} nd_exponent_f32;

// For |x| < 2^8.
ND_INLINE nd_exponent_f32 nd_reduce_exp_f32(float x)
{
  const float shifted = nd_fma_f32(x, 1.44269504f, ND_SHIFT_F32);
  const float k = shifted - ND_SHIFT_F32;
  const float near = nd_fma_f32(-k, ND_LN2_HIGH_F32, x);
  const float r = nd_fma_f32(-k, ND_LN2_LOW_F32, near);
  const float q = ND_POLY_F32(r, 0.5f, 0.166666657f, 0.0416662805f,
                              0.00833350327f, 0.00139457511f, 0.00019789362f);
  return (nd_exponent_f32){ nd_fma_f32(r, r * q, r),
                            nd_bits_f32(shifted) - nd_bits_f32(ND_SHIFT_F32) };
}

// 2^n for a normal result.
ND_INLINE float nd_power_of_two_f32(uint32_t n)
{
  return nd_float_f32((n + 127) << 23);
}

// 2^n (1 + p) in two steps, because 2^n may overflow or be subnormal.
ND_INLINE float nd_scale_f32(nd_exponent_f32 e)
{
  const uint32_t biased = e.n + 254;
  const uint32_t half = biased >> 1;
  const float s = nd_float_f32(half << 23);
  return nd_fma_f32(s, e.p, s) * nd_float_f32((biased - half) << 23);
}

ND_INLINE float nd_clamp_f32(float x, float low, float high)
{
  const float above = x < low ? low : x;
  return x > high ? high : above;
}

ND_INLINE float nd_exp_f32(float x)
{
  const nd_exponent_f32 e = nd_reduce_exp_f32(nd_clamp_f32(x, -105, 89));
  return nd_scale_f32(e);
}

// e^-|x|. Since it is no larger than 1 it is made 2^64 times too large, and
// no factor is subnormal.
ND_INLINE float nd_decay_f32(float x)
{
  const float a = __builtin_fabsf(x);
  const nd_exponent_f32 e = nd_reduce_exp_f32(a > 105 ? -105 : -a);
  const float s = nd_power_of_two_f32(e.n + 64);
  return nd_fma_f32(s, e.p, s) * 0x1p-64f;
}

// (e^x - 1) / 2, for -20 <= x <= 89.5, where it has overflowed. On the way it
// is halved again, because 2^128 overflows.
ND_INLINE float nd_half_expm1_f32(float x)
{
  const nd_exponent_f32 e = nd_reduce_exp_f32(x);
  const float s = nd_power_of_two_f32(e.n - 2);
  return 2 * nd_fma_f32(s, e.p, s - 0.25f);
}

ND_INLINE float nd_expm1_f32(float x)
{
  const float y = 2 * nd_half_expm1_f32(nd_clamp_f32(x, -20, 89.5f));
  return __builtin_fabsf(x) < 0x1p-25f ? x : y;
}

// With h = (e^x - 1) / 2 it is h + h / (2 h + 1) = 2 h - 2 h^2 / (2 h + 1); the
// second form is the better one near 0.
ND_INLINE float nd_sinh_f32(float x)
{
  const float a = __builtin_fabsf(x);
  const float h = nd_half_expm1_f32(a > 89.5f ? 89.5f : a);
  const int near = h < 0.5f;
  const float u = near ? 2 * h : h;
  const float rest = u / nd_fma_f32(2, h, 1);
  const float sum = nd_subtract_product_f32(u, near ? h : -1, rest);
  const float y = h > 0x1p30f ? h : sum;
  return nd_copysign_f32(a < 0x1p-13f ? a : y, x);
}

ND_INLINE float nd_cosh_f32(float x)
{
  const float a = __builtin_fabsf(x);
  const nd_exponent_f32 e = nd_reduce_exp_f32(a > 89.5f ? 89.5f : a);
  const float s = nd_power_of_two_f32(e.n - 2);
  const float h = 2 * nd_fma_f32(s, e.p, s);
  return h + 0.25f / h;
}

// With h = (e^2x - 1) / 2 it is h / (h + 1), written as a difference whose
// second term is the smaller one.
ND_INLINE float nd_tanh_f32(float x)
{
  const float a = __builtin_fabsf(x);
  const float h = nd_half_expm1_f32(a > 10 ? 20 : 2 * a);
  const float u = h < 1 ? h : 1;
  const float y = nd_subtract_product_f32(u, u, u / (h + 1));
  return nd_copysign_f32(a < 0x1p-13f ? a : y, x);
}

// With e = e^-|x| it is 1 / (1 + e), for x < 0 e / (1 + e) = e - e^2 / (1 + e).
ND_INLINE float nd_sigmoid_f32(float x)
{
  const float e = nd_decay_f32(x);
  const float t = (x < 0 ? e : 1) / (1 + e);
  return x < 0 ? e - e * t : t;
}

// The slope of the sigmoid, sigmoid(x) sigmoid(-x) = e / (1 + e)^2.
ND_INLINE float nd_bell_f32(float x)
{
  const float e = nd_decay_f32(x);
  return e / nd_fma_f32(e, 2 + e, 1);
}

// Logarithms: x = 2^k m with m in [sqrt(1/2), sqrt(2)), f = m - 1.

#define ND_SQRT_HALF_F32 0x3f3504f3u

typedef struct nd_split_f32 {
  float k, m;
} nd_split_f32;

// For normal and subnormal x > 0.
ND_INLINE nd_split_f32 nd_split_f32_of(float x)
{
  const int small = x < 0x1p-126f;
  const float scaled = small ? x * 0x1p24f : x;
  const uint32_t one = 0x3f800000u;
  const uint32_t u = nd_bits_f32(scaled) + (one - ND_SQRT_HALF_F32);
  const float biased = (float)(int32_t)(u >> 23);
  return (nd_split_f32){ biased - (small ? 127 + 24 : 127),
                         nd_float_f32((u & 0x007fffffu) + ND_SQRT_HALF_F32) };
}

// k ln2 + log(1 + f), where log(1 + f) = f - f^2 / 2 + f^3 Q(f).
ND_INLINE float nd_log_of_parts_f32(float k, float f)
{
  const float square = f * f;
  const float q = ND_POLY_F32(f, 0.333333135f, -0.250000089f, 0.200021178f,
                              -0.166679949f, 0.142195582f, -0.124056131f,
                              0.118881382f, -0.116754957f, 0.0674650818f);
  const float tail = nd_fma_f32(f * square, q, k * ND_LN2_LOW_F32);
  return nd_fma_f32(k, ND_LN2_HIGH_F32, nd_fma_f32(-0.5f, square, tail) + f);
}

ND_INLINE float nd_log_f32(float x)
{
  const nd_split_f32 a = nd_split_f32_of(x);
  const float y = nd_log_of_parts_f32(a.k, a.m - 1);
  const float from_zero = x == 0 ? -ND_INF : y;
  const float below_inf = x > 0x1.fffffep127f ? x : from_zero;
  return x >= 0 ? below_inf : ND_NAN;
}

// f = (1 + x) / 2^k - 1 is taken from x itself, so that nothing of a small x
// is lost; 2^-k would be subnormal for the largest x.
ND_INLINE float nd_log1p_f32(float x)
{
  const float u = 1 + x;
  const nd_split_f32 a = nd_split_f32_of(u);
  const float k = a.k > 60 ? 0 : a.k;
  const float scale = nd_float_f32(
    (127 - (nd_bits_f32(k + ND_SHIFT_F32) - nd_bits_f32(ND_SHIFT_F32))) << 23);
  const float f = a.k > 60 ? a.m - 1 : (scale - 1) + scale * x;
  const float y = nd_log_of_parts_f32(a.k, f);
  const float finite = u == 0 ? -ND_INF : x == 0 ? x : y;
  return u >= 0 ? (x > 0x1.fffffep127f ? x : finite) : ND_NAN;
}

// max(x, 0) + log1p(e^-|x|); the argument of log1p is at most 1.
ND_INLINE float nd_softplus_f32(float x)
{
  const float e = nd_decay_f32(x);
  const int halve = e > 0x1.a8279ap-2f;
  const float f = halve ? 0.5f * e - 0.5f : e;
  const float tail = nd_log_of_parts_f32(halve ? 1 : 0, f);
  return (x > 0 ? x : 0) + tail;
}

#include "math_trig_f32.h"

#endif
