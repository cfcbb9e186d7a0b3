// kernel/math_trig_f32.h: circular functions, pow and erf of kernel/math.h.
#ifndef ND_KERNEL_MATH_TRIG_F32_H
#define ND_KERNEL_MATH_TRIG_F32_H

#include "math.h"

// x - q pi/2 for |x| < 2^46. A float is never so near to a multiple of pi/2
// that double precision would not do.
typedef struct nd_angle_f32 {
  double r;
  uint64_t q;
} nd_angle_f32;

ND_INLINE nd_angle_f32 nd_reduce_angle_f32(double x)
{
  const double shifted = nd_fma_f64(x, 0x1.45f306dc9c883p-1, ND_SHIFT_F64);
  const double q = shifted - ND_SHIFT_F64;
  const double near = nd_subtract_turns_f64(x, q, 0x1.921fb54442d18p+0);
  return (nd_angle_f32){ nd_fma_f64(-q, 0x1.1a62633145c07p-54, near),
                         nd_bits_f64(shifted) };
}

ND_INLINE double nd_sin_of_angle_f32(double r)
{
  const double z = r * r;
  double s = 2.7168105648357303e-06;
  s = nd_fma_f64(s, z, -0.00019839176151519982);
  s = nd_fma_f64(s, z, 0.0083333288899854786);
  s = nd_fma_f64(s, z, -0.16666666637344388);
  return nd_fma_f64(r * z, s, r);
}

ND_INLINE double nd_cos_of_angle_f32(double r)
{
  const double z = r * r;
  double c = -2.7196330040124397e-07;
  c = nd_fma_f64(c, z, 2.479935066936296e-05);
  c = nd_fma_f64(c, z, -0.0013888883109000373);
  c = nd_fma_f64(c, z, 0.041666666615339354);
  return nd_fma_f64(z * z, c, nd_fma_f64(-0.5, z, 1));
}

ND_INLINE float nd_sin_f32(float x)
{
  const double size = __builtin_fabsf(x);
  const nd_angle_f32 a = nd_reduce_angle_f32(size);
  const double s = nd_sin_of_angle_f32(a.r), c = nd_cos_of_angle_f32(a.r);
  const double y = nd_negate_by_f64(a.q, nd_by_parity_f64(a.q, c, s));
  const double turned = y * nd_copysign_f64(1, x);
  return (float)(size < ND_ANGLE_LIMIT ? turned : ND_NAN);
}

ND_INLINE float nd_cos_f32(float x)
{
  const double size = __builtin_fabsf(x);
  const nd_angle_f32 a = nd_reduce_angle_f32(size);
  const double s = nd_sin_of_angle_f32(a.r), c = nd_cos_of_angle_f32(a.r);
  const double y = nd_negate_by_f64(a.q + 1, nd_by_parity_f64(a.q, s, c));
  return (float)(size < ND_ANGLE_LIMIT ? y : ND_NAN);
}

ND_INLINE float nd_tan_f32(float x)
{
  const double size = __builtin_fabsf(x);
  const nd_angle_f32 a = nd_reduce_angle_f32(size);
  const double s = nd_sin_of_angle_f32(a.r), c = nd_cos_of_angle_f32(a.r);
  const double y = nd_by_parity_f64(a.q, -c, s) / nd_by_parity_f64(a.q, s, c);
  const double turned = y * nd_copysign_f64(1, x);
  return (float)(size < ND_ANGLE_LIMIT ? turned : ND_NAN);
}

// Inverse functions, as in math_trig_f64.h.

ND_INLINE float nd_add_right_angles_f32(float count, float factor, float y,
                                        float tail)
{
  const float base = count * 0x1.921fb6p+0f;
  const float high = base + factor * y;
  const float lost = factor * y - (high - base);
  const float low = nd_fma_f32(count, -0x1.777a5cp-25f, lost);
  return high + nd_fma_f32(factor, tail, low);
}

ND_INLINE float nd_asin_tail_f32(float s, float z)
{
  float p = 0.0422184356f;
  p = nd_fma_f32(p, z, 0.0241476856f);
  p = nd_fma_f32(p, z, 0.0454770774f);
  p = nd_fma_f32(p, z, 0.0749524236f);
  p = nd_fma_f32(p, z, 0.166667536f);
  return s * z * p;
}

ND_INLINE float nd_asin_f32(float x)
{
  const float a = __builtin_fabsf(x);
  const int far = a > 0.5f;
  const float z = far ? 0.5f - 0.5f * a : a * a;
  const float s = far ? __builtin_sqrtf(z) : a;
  const float y = nd_add_right_angles_f32(far ? 1 : 0, far ? -2 : 1, s,
                                          nd_asin_tail_f32(s, z));
  return nd_copysign_f32(y, x);
}

ND_INLINE float nd_acos_f32(float x)
{
  const float a = __builtin_fabsf(x);
  const int far = a > 0.5f;
  const float z = far ? 0.5f - 0.5f * a : a * a;
  const float s = far ? __builtin_sqrtf(z) : a;
  const float count = far ? (x < 0 ? 2 : 0) : 1;
  const float factor = nd_copysign_f32(far ? 2 : 1, far ? x : -x);
  return nd_add_right_angles_f32(count, factor, s, nd_asin_tail_f32(s, z));
}

ND_INLINE float nd_atan_tail_f32(float t)
{
  const float z = t * t;
  float p = -0.00179358153f;
  p = nd_fma_f32(p, z, 0.0109144235f);
  p = nd_fma_f32(p, z, -0.0311775077f);
  p = nd_fma_f32(p, z, 0.0579572618f);
  p = nd_fma_f32(p, z, -0.0840343162f);
  p = nd_fma_f32(p, z, 0.109521799f);
  p = nd_fma_f32(p, z, -0.142642409f);
  p = nd_fma_f32(p, z, 0.199985489f);
  p = nd_fma_f32(p, z, -0.333332986f);
  return t * z * p;
}

ND_INLINE float nd_atan_f32(float x)
{
  const float a = __builtin_fabsf(x);
  const int steep = a > 1;
  const float t = (steep ? 1 : a) / (steep ? a : 1);
  const float y = nd_add_right_angles_f32(steep ? 1 : 0, steep ? -1 : 1, t,
                                          nd_atan_tail_f32(t));
  return nd_copysign_f32(y, x);
}

ND_INLINE float nd_atan2_f32(float y, float x)
{
  const float height = __builtin_fabsf(y), width = __builtin_fabsf(x);
  const int steep = height > width;
  const float small = steep ? width : height;
  const float large = steep ? height : width;
  const float same = large == 0 ? 0 : 1;
  const float t = small == large ? same : small / large;
  const float left = nd_copysign_f32(1, x);
  const float count = steep ? 1 : 1 - left;
  const float factor = steep ? -left : left;
  const float angle = nd_add_right_angles_f32(count, factor, t,
                                              nd_atan_tail_f32(t));
  return nd_copysign_f32(angle, y);
}

// The slope of asin, 1 / sqrt(1 - x^2), whose difference does not cancel.
ND_INLINE float nd_arc_f32(float x)
{
  const float a = __builtin_fabsf(x);
  const float z = a > 0.5f ? (1 - a) * (1 + a) : 1 - a * a;
  return 1 / __builtin_sqrtf(z);
}

// The slope of atan2(y, x) in y, x / (x^2 + y^2), without squares that leave
// the range; 0 at the origin, where there is none.
ND_INLINE float nd_turn_f32(float y, float x)
{
  const float height = __builtin_fabsf(y), width = __builtin_fabsf(x);
  const int steep = height > width;
  const float small = steep ? width : height;
  const float large = steep ? height : width;
  const float t = small == large ? 1 : small / large;
  const float scale = large > 1 ? 0.5f : 1;
  const float down = nd_fma_f32(t, scale * small, scale * large);
  const float slope = scale * (steep ? t : 1) / down;
  return nd_copysign_f32(height + width == 0 ? 0 : slope, x);
}

// e^x for |x| < 2^10, to 2^-34; float has no room for what x rounds away.
ND_INLINE double nd_exp_rough_f64(double x)
{
  const double shifted = nd_fma_f64(x, 1.4426950408889634, ND_SHIFT_F64);
  const double k = shifted - ND_SHIFT_F64;
  const double r = nd_fma_f64(-k, 0.69314718055994529, x);
  double q = 0.0001978936257838411;
  q = nd_fma_f64(q, r, 0.0013945751343893275);
  q = nd_fma_f64(q, r, 0.0083335035420277117);
  q = nd_fma_f64(q, r, 0.041666280336276458);
  q = nd_fma_f64(q, r, 0.1666666582117185);
  q = nd_fma_f64(q, r, 0.50000000716688453);
  const uint64_t n = nd_bits_f64(shifted) - nd_bits_f64(ND_SHIFT_F64);
  return nd_fma_f64(r * r, q, 1 + r) * nd_power_of_two_f64(n);
}

// log(x) to 2^-44, for normal x > 0.
ND_INLINE double nd_log_rough_f64(double x)
{
  const uint64_t one = 0x3ff0000000000000u;
  const uint64_t u = nd_bits_f64(x) + (one - ND_SQRT_HALF_F64);
  const double k = nd_float_f64((u >> 52) | nd_bits_f64(0x1p52)) -
                   (0x1p52 + 1023);
  const double f = nd_float_f64((u & 0x000fffffffffffffu) + ND_SQRT_HALF_F64) -
                   1;
  const double s = f / (2 + f), z = s * s;
  double q = 0.19584047673232599;
  q = nd_fma_f64(q, z, 0.22176194814384165);
  q = nd_fma_f64(q, z, 0.28572109040231908);
  q = nd_fma_f64(q, z, 0.39999995622653867);
  q = nd_fma_f64(q, z, 0.66666666675799702);
  return nd_fma_f64(k, 0.69314718055994529, nd_fma_f64(s * z, q, 2 * s));
}

// The special cases are those of C11, annex F.10.4.4.
ND_INLINE float nd_pow_f32(float x, float y)
{
  const float a = __builtin_fabsf(x), half = 0.5f * y;
  const float parity = nd_floor_f32(half) != half ? x : 1;
  const float odd_sign = nd_floor_f32(y) == y ? parity : 1;
  const double p = nd_log_rough_f64(a) * nd_clamp_f32(y, -0x1p40f, 0x1p40f);
  const float size = (float)nd_exp_rough_f64(nd_clamp_f64(p, -200, 200));
  const float at_zero = y > 0 ? 0 : ND_INF;
  const float at_inf = y > 0 ? ND_INF : 0;
  float r = a == 0 ? at_zero : size;
  r = a > 0x1.fffffep127f ? at_inf : r;
  r = nd_copysign_f32(r, odd_sign);
  const float root = nd_floor_f32(y) == y ? r : ND_NAN;
  r = x < 0 ? (a > 0x1.fffffep127f ? r : root) : r;
  r = x != x ? x : r;
  r = y != y ? y : r;
  r = y == 0 ? 1 : r;
  return x == 1 ? 1 : r;
}

ND_INLINE float nd_erf_ratio_f32(float z)
{
  float p = 7.85380544e-05f;
  p = nd_fma_f32(p, z, -0.000801017508f);
  p = nd_fma_f32(p, z, 0.00518832542f);
  p = nd_fma_f32(p, z, -0.026853811f);
  p = nd_fma_f32(p, z, 0.112835854f);
  p = nd_fma_f32(p, z, -0.37612626f);
  p = nd_fma_f32(p, z, 0.128379166f);
  return p;
}

// log(1 - erf(x)) for 1 <= x <= 4, from t = x - 3/2.
ND_INLINE float nd_log_erfc_f32(float t)
{
  float p = -2.16866101e-05f;
  p = nd_fma_f32(p, t, 0.000213623993f);
  p = nd_fma_f32(p, t, -0.00125723809f);
  p = nd_fma_f32(p, t, 0.00600738637f);
  p = nd_fma_f32(p, t, -0.0258241128f);
  p = nd_fma_f32(p, t, -0.892640412f);
  p = nd_fma_f32(p, t, -3.50880075f);
  p = nd_fma_f32(p, t, -3.38449216f);
  return p;
}

ND_INLINE float nd_erf_f32(float x)
{
  const float a = __builtin_fabsf(x);
  const float inner = nd_fma_f32(a, nd_erf_ratio_f32(x * x), a);
  const nd_exponent_f32 e = nd_reduce_exp_f32(
    nd_log_erfc_f32((a > 4 ? 4 : a) - 1.5f));
  const float s = nd_power_of_two_f32(e.n);
  const float outer = 1 - nd_fma_f32(s, e.p, s);
  return nd_copysign_f32(a < 1 ? inner : outer, x);
}

ND_INLINE float nd_gauss_f32(float x)
{
  const double a = nd_clamp_f32(__builtin_fabsf(x), 0, 12);
  return (float)nd_exp_rough_f64(-a * a);
}

#endif
