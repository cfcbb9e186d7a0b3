// kernel/math_trig_f32.h: circular functions, pow and erf of kernel/math.h.
#ifndef ND_KERNEL_MATH_TRIG_F32_H
#define ND_KERNEL_MATH_TRIG_F32_H

#include "math.h"

// x = q pi/2 + high + low, where low is what high rounds away.
typedef struct nd_angle_f32 {
  float high, low;
  uint32_t q;
} nd_angle_f32;

// Beyond it pi/2 in three floats does not do; kernel/math_angle.h goes on.
#define ND_ANGLE_LIMIT_F32 0x1p20f

// For 0 <= x < 2^20. Where `near` is the smaller part of the sum, it is exact.
ND_INLINE nd_angle_f32 nd_reduce_angle_f32(float x)
{
  const float shifted = nd_fma_f32(x, 0x1.45f306p-1f, ND_SHIFT_F32);
  const float q = shifted - ND_SHIFT_F32;
  // Exact because it is less than 2 and has no bits below 2^-24.
  const float near = nd_subtract_product_f32(x, q, 0x1.921fb6p+0f);
  const nd_pair_f32 p = nd_product_f32(q, 0x1.777a5cp-25f);
  const nd_pair_f32 r = nd_ordered_sum_f32(near, p.high);
  const float low = nd_fma_f32(q, 0x1.ee59dap-50f, r.low + p.low);
  return (nd_angle_f32){ r.high, low, nd_bits_f32(shifted) };
}

ND_INLINE float nd_sin_of_angle_f32(nd_angle_f32 a)
{
  const float r = a.high, z = r * r;
  const float s = ND_POLY_F32(z, -0.166666523f, 0.00833198335f,
                              -0.000194910899f);
  return r + nd_fma_f32(r * z, s, a.low);
}

ND_INLINE float nd_cos_of_angle_f32(nd_angle_f32 a)
{
  const float r = a.high, z = r * r;
  const float c = ND_POLY_F32(z, 0.0416666418f, -0.00138871104f,
                              2.44090443e-05f);
  return 1 + nd_fma_f32(z, nd_fma_f32(z, c, -0.5f), -r * a.low);
}

// `odd` where q is odd, else `even`.
ND_INLINE float nd_by_parity_f32(uint32_t q, float odd, float even)
{
  const uint32_t mask = -(q & 1);
  return nd_float_f32((nd_bits_f32(odd) & mask) | (nd_bits_f32(even) & ~mask));
}

// -x where bit 1 of q is set.
ND_INLINE float nd_negate_by_f32(uint32_t q, float x)
{
  return nd_float_f32(nd_bits_f32(x) ^ ((q & 2) << 30));
}

// y, negated where x is negative.
ND_INLINE float nd_flip_by_f32(float x, float y)
{
  return nd_float_f32(nd_bits_f32(y) ^ (nd_bits_f32(x) & 0x80000000u));
}

ND_INLINE float nd_sin_f32(float x)
{
  const float size = __builtin_fabsf(x);
  const nd_angle_f32 a = nd_reduce_angle_f32(size);
  const float s = nd_sin_of_angle_f32(a), c = nd_cos_of_angle_f32(a);
  const float y = nd_negate_by_f32(a.q, nd_by_parity_f32(a.q, c, s));
  return size < ND_ANGLE_LIMIT_F32 ? nd_flip_by_f32(x, y) : ND_NAN;
}

ND_INLINE float nd_cos_f32(float x)
{
  const float size = __builtin_fabsf(x);
  const nd_angle_f32 a = nd_reduce_angle_f32(size);
  const float s = nd_sin_of_angle_f32(a), c = nd_cos_of_angle_f32(a);
  const float y = nd_negate_by_f32(a.q + 1, nd_by_parity_f32(a.q, s, c));
  return size < ND_ANGLE_LIMIT_F32 ? y : ND_NAN;
}

// A quotient of floats would miss the bound: the angle, its sine and its cosine
// are doubles, good to 2^-35.
ND_INLINE float nd_tan_f32(float x)
{
  const double size = __builtin_fabsf(x);
  const double shifted = nd_fma_f64(size, 0x1.45f306dc9c883p-1, ND_SHIFT_F64);
  const uint64_t q = nd_bits_f64(shifted);
  const double near = nd_subtract_product_f64(size, shifted - ND_SHIFT_F64,
                                              0x1.921fb54442d18p+0);
  const double r = nd_fma_f64(ND_SHIFT_F64 - shifted, 0x1.1a62633145c07p-54,
                              near);
  const double z = r * r;
  const double s = nd_fma_f64(
    r * z,
    ND_POLY_F64(z, -0.16666666637344388, 0.0083333288899854786,
                -0.00019839176151519982, 2.7168105648357303e-06),
    r);
  const double c = nd_fma_f64(
    z * z,
    ND_POLY_F64(z, 0.041666666615339354, -0.0013888883109000373,
                2.479935066936296e-05, -2.7196330040124397e-07),
    nd_fma_f64(-0.5, z, 1));
  const double y = nd_by_parity_f64(q, -c, s) / nd_by_parity_f64(q, s, c);
  return size < ND_ANGLE_LIMIT_F32 ? (float)nd_flip_by_f64(x, y) : ND_NAN;
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
  const float p = ND_POLY_F32(z, 0.166667536f, 0.0749524236f, 0.0454770774f,
                              0.0241476856f, 0.0422184356f);
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
  const float p = ND_POLY_F32(z, -0.333332986f, 0.199985489f, -0.142642409f,
                              0.109521799f, -0.0840343162f, 0.0579572618f,
                              -0.0311775077f, 0.0109144235f, -0.00179358153f);
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

// The slope of asin, 1 / sqrt(1 - x^2), with all of x^2, since the rest may
// cancel.
ND_INLINE float nd_arc_f32(float x)
{
  const nd_pair_f32 square = nd_product_f32(x, x);
  return 1 / __builtin_sqrtf(1 - square.high - square.low);
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
  const double q = ND_POLY_F64(r, 0.50000000716688453, 0.1666666582117185,
                               0.041666280336276458, 0.0083335035420277117,
                               0.0013945751343893275, 0.0001978936257838411);
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
  const double q = ND_POLY_F64(z, 0.66666666675799702, 0.39999995622653867,
                               0.28572109040231908, 0.22176194814384165,
                               0.19584047673232599);
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
  const float p = ND_POLY_F32(z, 0.128379166f, -0.37612626f, 0.112835854f,
                              -0.026853811f, 0.00518832542f, -0.000801017508f,
                              7.85380544e-05f);
  return p;
}

// log(1 - erf(x)) for 1 <= x <= 4, from t = x - 3/2.
ND_INLINE float nd_log_erfc_f32(float t)
{
  const float p = ND_POLY_F32(t, -3.38449216f, -3.50880075f, -0.892640412f,
                              -0.0258241128f, 0.00600738637f, -0.00125723809f,
                              0.000213623993f, -2.16866101e-05f);
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
