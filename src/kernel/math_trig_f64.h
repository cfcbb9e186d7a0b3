// kernel/math_trig_f64.h: circular functions of kernel/math.h.
#ifndef ND_KERNEL_MATH_TRIG_F64_H
#define ND_KERNEL_MATH_TRIG_F64_H

#include "math.h"

// x = q pi/2 + high + low with |high| <= pi/4, exact to 2^-100, for
// |x| < 2^46.
typedef struct nd_angle_f64 {
  double high, low;
  uint64_t q;
} nd_angle_f64;

ND_INLINE nd_angle_f64 nd_reduce_angle_f64(double x)
{
  const double shifted = nd_fma_f64(x, 0x1.45f306dc9c883p-1, ND_SHIFT_F64);
  const double q = shifted - ND_SHIFT_F64;
  // Exact because it is less than 2 and has no bits below 2^-52.
  const double near = nd_subtract_product_f64(x, q, 0x1.921fb54442d18p+0);
  const nd_pair_f64 p = nd_product_f64(q, 0x1.1a62633145c07p-54);
  const nd_pair_f64 r = nd_sum_f64(near, -p.high);
  const double low = nd_fma_f64(q, 0x1.f1976b7ed8fbcp-110, r.low - p.low);
  return (nd_angle_f64){ r.high, low, nd_bits_f64(shifted) };
}

ND_INLINE nd_pair_f64 nd_sin_of_angle_f64(nd_angle_f64 a)
{
  const double r = a.high, z = r * r;
  const double s = ND_POLY_F64(z, -0.16666666666666624, 0.00833333333332004,
                               -0.00019841269827855273, 2.7557312999547546e-06,
                               -2.5050647774349315e-08, 1.5890307453428228e-10);
  const double low = nd_fma_f64(a.low, -0.5 * z, a.low);
  return nd_ordered_sum_f64(r, nd_fma_f64(r * z, s, low));
}

ND_INLINE nd_pair_f64 nd_cos_of_angle_f64(nd_angle_f64 a)
{
  const double r = a.high, z = r * r, half = 0.5 * z;
  const double c = ND_POLY_F64(z, 0.041666666666666581, -0.0013888888888870911,
                               2.4801587287418101e-05, -2.755731374213114e-07,
                               2.0875638740649072e-09, -1.1355202006495374e-11);
  const double top = 1 - half, lost = (1 - top) - half;
  const double low = nd_fma_f64(-r, a.low, lost);
  return nd_ordered_sum_f64(top, nd_fma_f64(z * z, c, low));
}

// `odd` where q is odd, else `even`.
ND_INLINE double nd_by_parity_f64(uint64_t q, double odd, double even)
{
  const uint64_t mask = -(q & 1);
  return nd_float_f64((nd_bits_f64(odd) & mask) | (nd_bits_f64(even) & ~mask));
}

// -x where bit 1 of q is set.
ND_INLINE double nd_negate_by_f64(uint64_t q, double x)
{
  return nd_float_f64(nd_bits_f64(x) ^ ((q & 2) << 62));
}

// y, negated where x is negative.
ND_INLINE double nd_flip_by_f64(double x, double y)
{
  return nd_float_f64(nd_bits_f64(y) ^ (nd_bits_f64(x) & (uint64_t)1 << 63));
}

// The functions of q pi/2 + high + low.

ND_INLINE double nd_sin_at_f64(nd_angle_f64 a)
{
  const double s = nd_sin_of_angle_f64(a).high;
  const double c = nd_cos_of_angle_f64(a).high;
  return nd_negate_by_f64(a.q, nd_by_parity_f64(a.q, c, s));
}

ND_INLINE double nd_cos_at_f64(nd_angle_f64 a)
{
  const double s = nd_sin_of_angle_f64(a).high;
  const double c = nd_cos_of_angle_f64(a).high;
  return nd_negate_by_f64(a.q + 1, nd_by_parity_f64(a.q, s, c));
}

ND_INLINE double nd_tan_at_f64(nd_angle_f64 a)
{
  const nd_pair_f64 s = nd_sin_of_angle_f64(a), c = nd_cos_of_angle_f64(a);
  const double up = nd_by_parity_f64(a.q, -c.high, s.high);
  const double up_low = nd_by_parity_f64(a.q, -c.low, s.low);
  const double down = nd_by_parity_f64(a.q, s.high, c.high);
  const double down_low = nd_by_parity_f64(a.q, s.low, c.low);
  const double inverse = 1 / down, quotient = up * inverse;
  const nd_pair_f64 back = nd_product_f64(quotient, down);
  const double rest = up - back.high - back.low +
                      (up_low - quotient * down_low);
  return nd_fma_f64(rest, inverse, quotient);
}

// Beyond the range of this reduction: nan. kernel/math_angle.h goes on there.
#define ND_ANGLE_LIMIT_F64 0x1p46

ND_INLINE double nd_sin_f64(double x)
{
  const double size = __builtin_fabs(x);
  const double y = nd_sin_at_f64(nd_reduce_angle_f64(size));
  return size < ND_ANGLE_LIMIT_F64 ? nd_flip_by_f64(x, y) : ND_NAN;
}

ND_INLINE double nd_cos_f64(double x)
{
  const double size = __builtin_fabs(x);
  const double y = nd_cos_at_f64(nd_reduce_angle_f64(size));
  return size < ND_ANGLE_LIMIT_F64 ? y : ND_NAN;
}

ND_INLINE double nd_tan_f64(double x)
{
  const double size = __builtin_fabs(x);
  const double y = nd_tan_at_f64(nd_reduce_angle_f64(size));
  return size < ND_ANGLE_LIMIT_F64 ? nd_flip_by_f64(x, y) : ND_NAN;
}

// Inverse functions: base + factor (y + tail), where base is a multiple of
// pi/2 that is 0 or larger than the rest. Only the last sum rounds noticeably.
ND_INLINE double nd_add_right_angles_f64(double count, double factor, double y,
                                         double tail)
{
  const nd_pair_f64 sum = nd_ordered_sum_f64(count * 0x1.921fb54442d18p+0,
                                             factor * y);
  const double low = nd_fma_f64(count, 0x1.1a62633145c07p-54, sum.low);
  return sum.high + nd_fma_f64(factor, tail, low);
}

// asin(s) - s for 0 <= s <= 1/2, from z = s^2.
ND_INLINE double nd_asin_tail_f64(double s, double z)
{
  const double p = ND_POLY_F64(
    z, 0.16666666666666763, 0.074999999999702596, 0.04464285717512121,
    0.030381942683631563, 0.02237221565939039, 0.017351600113048361,
    0.01398096117064827, 0.011397778334713516, 0.010786516240479313,
    0.0036830875741081328, 0.021763397237733639, -0.021077162402153987,
    0.032676817960540103);
  return s * z * p;
}

// asin(x) = pi/2 - 2 asin(sqrt((1 - x) / 2)) for x > 1/2.
ND_INLINE double nd_asin_f64(double x)
{
  const double a = __builtin_fabs(x);
  const int far = a > 0.5;
  const double z = far ? 0.5 - 0.5 * a : a * a;
  const double s = far ? __builtin_sqrt(z) : a;
  const double y = nd_add_right_angles_f64(far ? 1 : 0, far ? -2 : 1, s,
                                           nd_asin_tail_f64(s, z));
  return nd_copysign_f64(y, x);
}

ND_INLINE double nd_acos_f64(double x)
{
  const double a = __builtin_fabs(x);
  const int far = a > 0.5;
  const double z = far ? 0.5 - 0.5 * a : a * a;
  const double s = far ? __builtin_sqrt(z) : a;
  const double count = far ? (x < 0 ? 2 : 0) : 1;
  const double factor = nd_copysign_f64(far ? 2 : 1, far ? x : -x);
  return nd_add_right_angles_f64(count, factor, s, nd_asin_tail_f64(s, z));
}

// atan(t) - t for 0 <= t <= 1.
ND_INLINE double nd_atan_tail_f64(double t)
{
  const double z = t * t;
  const double p = ND_POLY_F64(
    z, -0.33333333333333071, 0.19999999999951465, -0.1428571428257534,
    0.11111111007033252, -0.090909070031230291, 0.076922798409001208,
    -0.066664040712633585, 0.058805278992017589, -0.052535189428791484,
    0.047223235835159645, -0.042191826405729674, 0.03664198787581225,
    -0.029903983224758436, 0.021985009655949895, -0.013900709986626195,
    0.0071966110809412211, -0.0028849748379089534, 0.00083134203396249438,
    -0.00015216529238623524, 1.3225523905785372e-05);
  return t * z * p;
}

// atan(x) = pi/2 - atan(1 / x) for x > 1.
ND_INLINE double nd_atan_f64(double x)
{
  const double a = __builtin_fabs(x);
  const int steep = a > 1;
  const double t = (steep ? 1 : a) / (steep ? a : 1);
  const double y = nd_add_right_angles_f64(steep ? 1 : 0, steep ? -1 : 1, t,
                                           nd_atan_tail_f64(t));
  return nd_copysign_f64(y, x);
}

// The quotient of equal sizes is 1 even for 0 / 0, where the angle is 0 or pi,
// and for inf / inf.
ND_INLINE double nd_atan2_f64(double y, double x)
{
  const double height = __builtin_fabs(y), width = __builtin_fabs(x);
  const int steep = height > width;
  const double small = steep ? width : height;
  const double large = steep ? height : width;
  const double same = large == 0 ? 0 : 1;
  const double t = small == large ? same : small / large;
  const double left = nd_copysign_f64(1, x);
  const double count = steep ? 1 : 1 - left;
  const double factor = steep ? -left : left;
  const double angle = nd_add_right_angles_f64(count, factor, t,
                                               nd_atan_tail_f64(t));
  return nd_copysign_f64(angle, y);
}

// The slope of asin, 1 / sqrt(1 - x^2), with all of x^2, since the rest may
// cancel.
ND_INLINE double nd_arc_f64(double x)
{
  const nd_pair_f64 square = nd_product_f64(x, x);
  return 1 / __builtin_sqrt(1 - square.high - square.low);
}

// The slope of atan2(y, x) in y, x / (x^2 + y^2), without squares that leave
// the range; 0 at the origin, where there is none.
ND_INLINE double nd_turn_f64(double y, double x)
{
  const double height = __builtin_fabs(y), width = __builtin_fabs(x);
  const int steep = height > width;
  const double small = steep ? width : height;
  const double large = steep ? height : width;
  const double t = small == large ? 1 : small / large;
  const double scale = large > 1 ? 0.5 : 1;
  const double down = nd_fma_f64(t, scale * small, scale * large);
  const double slope = scale * (steep ? t : 1) / down;
  return nd_copysign_f64(height + width == 0 ? 0 : slope, x);
}

// erf(x) / x - 1 for |x| <= 1, from z = x^2.
ND_INLINE double nd_erf_ratio_f64(double z)
{
  const double p = ND_POLY_F64(
    z, 0.12837916709551256, -0.37612638903183521, 0.11283791670944181,
    -0.026866170643110907, 0.0052239776061143543, -0.00085483259291375014,
    0.00012055293572128651, -1.4924712218829279e-05, 1.6447130634021386e-06,
    -1.6206307164018457e-07, 1.3710954048524879e-08, -7.779422829682448e-10);
  return p;
}

// log(1 - erf(x)) from t = x - 3/2, for 1 <= x <= 5.9375, where erf(x) rounds
// to 1.
ND_INLINE double nd_log_erfc_f64(double t)
{
  const double p = ND_POLY_F64(
    t, -3.3844920895515527, -3.5088008017795249, -0.89264033061500292,
    -0.025824140633787185, 0.0060067463852184373, -0.0012572166843600942,
    0.00021596331952532027, -2.2473713078882728e-05, -2.6469053997914301e-06,
    2.3709893089273677e-06, -8.1866271438940905e-07, 1.9216731323041626e-07,
    -2.7621090428053161e-08, -7.5697152427987744e-10, 1.791625121484464e-09,
    -5.2986294155852577e-10, 7.7965181167680852e-11, -4.864410496764814e-12);
  return p;
}

// 1 - e^x for -40 <= x < -1, where e^x is small enough to be rounded twice.
ND_INLINE double nd_one_minus_exp_f64(double x)
{
  const double shifted = nd_fma_f64(x, 1.4426950408889634, ND_SHIFT_F64);
  const double r = nd_fma_f64(ND_SHIFT_F64 - shifted, 0.69314718055994529, x);
  const double s = nd_power_of_two_f64(nd_bits_f64(shifted) -
                                       nd_bits_f64(ND_SHIFT_F64));
  const double power = nd_fma_f64(r * r, nd_exp_tail_f64(r), 1 + r);
  return nd_fma_f64(-s, power, 1);
}

ND_INLINE double nd_erf_f64(double x)
{
  const double a = __builtin_fabs(x);
  const double inner = nd_fma_f64(a, nd_erf_ratio_f64(x * x), a);
  const double bound = a > 5.9375 ? 5.9375 : a;
  const double outer = nd_one_minus_exp_f64(nd_log_erfc_f64(bound - 1.5));
  return nd_copysign_f64(a < 1 ? inner : outer, x);
}

// e^(-x^2), whose exponent must not be rounded; it is 0 from |x| = 27.3 on.
ND_INLINE double nd_gauss_f64(double x)
{
  const double a = nd_clamp_f64(__builtin_fabs(x), 0, 28);
  const nd_pair_f64 z = nd_product_f64(a, a);
  const nd_exponent_f64 e = nd_reduce_exp_f64(-nd_clamp_f64(z.high, 0, 746),
                                              -z.low);
  return nd_scale_f64(e);
}

#endif
