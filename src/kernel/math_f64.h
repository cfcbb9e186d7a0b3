// kernel/math_f64.h: the double precision half of kernel/math.h.
#ifndef ND_KERNEL_MATH_F64_H
#define ND_KERNEL_MATH_F64_H

#include "math.h"

// Adding it rounds |x| < 2^51 to an integer and leaves that in the low bits.
#define ND_SHIFT_F64 0x1.8p52

#define ND_LN2_HIGH_F64 0x1.62e42fefa3800p-1  // 42 bits: k * high is exact
#define ND_LN2_LOW_F64 0x1.ef35793c76730p-45

// An unevaluated sum, |low| <= ulp(high) / 2.
typedef struct nd_pair_f64 {
  double high, low;
} nd_pair_f64;

// a * b exactly, for |a|, |b| < 2^970.
ND_INLINE nd_pair_f64 nd_product_f64(double a, double b)
{
  const double high = a * b;
#if ND_HAS_FMA
  return (nd_pair_f64){ high, __builtin_fma(a, b, -high) };
#else
  const double scaled_a = a * 134217729, scaled_b = b * 134217729;
  const double a1 = scaled_a - (scaled_a - a), a2 = a - a1;
  const double b1 = scaled_b - (scaled_b - b), b2 = b - b1;
  return (nd_pair_f64){ high, a1 * b1 - high + a1 * b2 + a2 * b1 + a2 * b2 };
#endif
}

// a + b exactly, for |a| >= |b| or a = 0.
ND_INLINE nd_pair_f64 nd_ordered_sum_f64(double a, double b)
{
  const double high = a + b;
  return (nd_pair_f64){ high, b - (high - a) };
}

// c - a b, rounded once with FMA and hardly more without, for |c| >= |a b|.
ND_INLINE double nd_subtract_product_f64(double c, double a, double b)
{
#if ND_HAS_FMA
  return __builtin_fma(-a, b, c);
#else
  const nd_pair_f64 p = nd_product_f64(a, b);
  const nd_pair_f64 sum = nd_ordered_sum_f64(c, -p.high);
  return sum.high + (sum.low - p.low);
#endif
}

// a + b exactly.
ND_INLINE nd_pair_f64 nd_sum_f64(double a, double b)
{
  const double high = a + b, from_b = high - a;
  return (nd_pair_f64){ high, (a - (high - from_b)) + (b - from_b) };
}

// Rounding. From 2^52 on every double is an integer.

ND_INLINE double nd_round_f64(double x)
{
#if ND_HAS_ROUNDING
  return __builtin_rint(x);
#else
  const double a = __builtin_fabs(x);
  const double whole = a < 0x1p52 ? a + 0x1p52 - 0x1p52 : a;
  return nd_copysign_f64(whole, x);
#endif
}

ND_INLINE double nd_floor_f64(double x)
{
#if ND_HAS_ROUNDING
  return __builtin_floor(x);
#else
  const double whole = nd_round_f64(x);
  return nd_copysign_f64(whole > x ? whole - 1 : whole, x);
#endif
}

ND_INLINE double nd_ceil_f64(double x)
{
#if ND_HAS_ROUNDING
  return __builtin_ceil(x);
#else
  const double whole = nd_round_f64(x);
  return nd_copysign_f64(whole < x ? whole + 1 : whole, x);
#endif
}

ND_INLINE double nd_sqrt_f64(double x)
{
  return __builtin_sqrt(x);
}

ND_INLINE double nd_rsqrt_f64(double x)
{
  return 1 / __builtin_sqrt(x);
}

// Exponential family: x = n ln2 + r with |r| <= ln2 / 2, p = e^r - 1, so that
// e^x = 2^n (1 + p). n is in two's complement, and meaningless for nan.
typedef struct nd_exponent_f64 {
  double p;
  uint64_t n;
} nd_exponent_f64;

// (e^r - 1 - r) / r^2
ND_INLINE double nd_exp_tail_f64(double r)
{
  return ND_POLY_F64(r, 0.5, 0.16666666666666685, 0.041666666666666033,
                     0.0083333333333157084, 0.001388888888913424,
                     0.00019841269899716966, 2.4801586903718874e-05,
                     2.7557231490732524e-06, 2.7557592497422751e-07,
                     2.5113223704746344e-08, 2.0825596442744677e-09);
}

// e^(high + low), |high| < 2^10.
ND_INLINE nd_exponent_f64 nd_reduce_exp_f64(double high, double low)
{
  const double shifted = nd_fma_f64(high, 1.4426950408889634, ND_SHIFT_F64);
  const double k = shifted - ND_SHIFT_F64;
  const double near = nd_fma_f64(-k, ND_LN2_HIGH_F64, high);
  const double rest = nd_fma_f64(-k, ND_LN2_LOW_F64, low);
  const double r = near + rest, lost = near - r + rest;
  const double p = r + nd_fma_f64(r * r, nd_exp_tail_f64(r), lost);
  return (nd_exponent_f64){ p,
                            nd_bits_f64(shifted) - nd_bits_f64(ND_SHIFT_F64) };
}

// 2^n for a normal result.
ND_INLINE double nd_power_of_two_f64(uint64_t n)
{
  return nd_float_f64((n + 1023) << 52);
}

// 2^n (1 + p) in two steps, because 2^n may overflow or be subnormal.
ND_INLINE double nd_scale_f64(nd_exponent_f64 e)
{
  const uint64_t biased = e.n + 2046;
  const uint64_t half = biased >> 1;
  const double s = nd_float_f64(half << 52);
  return nd_fma_f64(s, e.p, s) * nd_float_f64((biased - half) << 52);
}

ND_INLINE double nd_clamp_f64(double x, double low, double high)
{
  const double above = x < low ? low : x;
  return x > high ? high : above;
}

ND_INLINE double nd_exp_f64(double x)
{
  const nd_exponent_f64 e = nd_reduce_exp_f64(nd_clamp_f64(x, -746, 710), 0);
  return nd_scale_f64(e);
}

// e^-|x|. Since it is no larger than 1 it is made 2^512 times too large, and
// no factor is subnormal.
ND_INLINE double nd_decay_f64(double x)
{
  const double a = __builtin_fabs(x);
  const nd_exponent_f64 e = nd_reduce_exp_f64(a > 746 ? -746 : -a, 0);
  const double s = nd_power_of_two_f64(e.n + 512);
  return nd_fma_f64(s, e.p, s) * 0x1p-512;
}

// (e^x - 1) / 2, for -40 <= x <= 710.5, where it has overflowed. On the way it
// is halved again, because 2^1024 overflows.
ND_INLINE double nd_half_expm1_f64(double x)
{
  const nd_exponent_f64 e = nd_reduce_exp_f64(x, 0);
  const double s = nd_power_of_two_f64(e.n - 2);
  return 2 * nd_fma_f64(s, e.p, s - 0.25);
}

ND_INLINE double nd_expm1_f64(double x)
{
  const double y = 2 * nd_half_expm1_f64(nd_clamp_f64(x, -40, 710.5));
  return __builtin_fabs(x) < 0x1p-54 ? x : y;
}

// With h = (e^x - 1) / 2 it is h + h / (2 h + 1) = 2 h - 2 h^2 / (2 h + 1); the
// second form is the better one near 0.
ND_INLINE double nd_sinh_f64(double x)
{
  const double a = __builtin_fabs(x);
  const double h = nd_half_expm1_f64(a > 710.5 ? 710.5 : a);
  const int near = h < 0.5;
  const double u = near ? 2 * h : h;
  const double rest = u / nd_fma_f64(2, h, 1);
  const double sum = nd_subtract_product_f64(u, near ? h : -1, rest);
  const double y = h > 0x1p60 ? h : sum;
  return nd_copysign_f64(a < 0x1p-28 ? a : y, x);
}

ND_INLINE double nd_cosh_f64(double x)
{
  const double a = __builtin_fabs(x);
  const nd_exponent_f64 e = nd_reduce_exp_f64(a > 710.5 ? 710.5 : a, 0);
  const double s = nd_power_of_two_f64(e.n - 2);
  const double h = 2 * nd_fma_f64(s, e.p, s);
  return h + 0.25 / h;
}

// With h = (e^2x - 1) / 2 it is h / (h + 1), written as a difference whose
// second term is the smaller one.
ND_INLINE double nd_tanh_f64(double x)
{
  const double a = __builtin_fabs(x);
  const double h = nd_half_expm1_f64(a > 22 ? 44 : 2 * a);
  const double u = h < 1 ? h : 1;
  const double y = nd_subtract_product_f64(u, u, u / (h + 1));
  return nd_copysign_f64(a < 0x1p-28 ? a : y, x);
}

// With e = e^-|x| it is 1 / (1 + e), for x < 0 e / (1 + e) = e - e^2 / (1 + e).
ND_INLINE double nd_sigmoid_f64(double x)
{
  const double e = nd_decay_f64(x);
  const double t = (x < 0 ? e : 1) / (1 + e);
  return x < 0 ? e - e * t : t;
}

// The slope of the sigmoid, sigmoid(x) sigmoid(-x) = e / (1 + e)^2.
ND_INLINE double nd_bell_f64(double x)
{
  const double e = nd_decay_f64(x);
  return e / nd_fma_f64(e, 2 + e, 1);
}

// Logarithms: x = 2^k m with m in [sqrt(1/2), sqrt(2)), f = m - 1.

#define ND_SQRT_HALF_F64 0x3fe6a09e667f3bcdu

typedef struct nd_split_f64 {
  double k, m;
} nd_split_f64;

// For normal and subnormal x > 0.
ND_INLINE nd_split_f64 nd_split_f64_of(double x)
{
  const int small = x < 0x1p-1022;
  const double scaled = small ? x * 0x1p54 : x;
  const uint64_t one = 0x3ff0000000000000u;
  const uint64_t u = nd_bits_f64(scaled) + (one - ND_SQRT_HALF_F64);
  const double biased = nd_float_f64((u >> 52) | nd_bits_f64(0x1p52));
  const uint64_t fraction = u & 0x000fffffffffffffu;
  return (nd_split_f64){ biased - (small ? 0x1p52 + 1023 + 54 : 0x1p52 + 1023),
                         nd_float_f64(fraction + ND_SQRT_HALF_F64) };
}

// k ln2 + log(1 + f), where s = f / (2 + f), z = s^2 and
// log(1 + f) = 2 atanh(s) = f - f^2 / 2 + s (f^2 / 2 + z Q(z)).
ND_INLINE double nd_log_of_parts_f64(double k, double f)
{
  const double s = f / (2 + f), z = s * s, half = 0.5 * f * f;
  const double q = ND_POLY_F64(z, 0.66666666666666663, 0.40000000000006242,
                               0.28571428569087426, 0.22222222646560685,
                               0.18181775684737822, 0.15387089902077083,
                               0.13250137733437795, 0.13251148291703682);
  const double tail = nd_fma_f64(s, nd_fma_f64(z, q, half), k * ND_LN2_LOW_F64);
  return nd_fma_f64(k, ND_LN2_HIGH_F64, f - (half - tail));
}

ND_INLINE double nd_log_f64(double x)
{
  const nd_split_f64 a = nd_split_f64_of(x);
  const double y = nd_log_of_parts_f64(a.k, a.m - 1);
  const double from_zero = x == 0 ? -ND_INF : y;
  const double below_inf = x > 0x1.fffffffffffffp1023 ? x : from_zero;
  return x >= 0 ? below_inf : ND_NAN;
}

// f = (1 + x) / 2^k - 1 is taken from x itself, so that nothing of a small x
// is lost; 2^-k would be subnormal for the largest x.
ND_INLINE double nd_log1p_f64(double x)
{
  const double u = 1 + x;
  const nd_split_f64 a = nd_split_f64_of(u);
  const double k = a.k > 100 ? 0 : a.k;
  const double scale = nd_float_f64(
    (1023 - (nd_bits_f64(k + ND_SHIFT_F64) - nd_bits_f64(ND_SHIFT_F64))) << 52);
  const double f = a.k > 100 ? a.m - 1 : (scale - 1) + scale * x;
  const double y = nd_log_of_parts_f64(a.k, f);
  const double finite = u == 0 ? -ND_INF : x == 0 ? x : y;
  return u >= 0 ? (x > 0x1.fffffffffffffp1023 ? x : finite) : ND_NAN;
}

// The inverses of sinh, cosh and tanh. Beyond 2^54, where 1 is nothing beside
// x^2, the first two are log(x) + ln2; u is not used there.
#define ND_FAR_F64 0x1p54

ND_INLINE double nd_log1p_or_far_f64(double u, double x)
{
  const int far = x > ND_FAR_F64;
  return nd_log1p_f64(far ? x : u) + (far ? 0x1.62e42fefa39efp-1 : 0);
}

ND_INLINE double nd_asinh_f64(double x)
{
  const double a = __builtin_fabs(x), b = a > ND_FAR_F64 ? 1 : a;
  const double u = b + b * b / (1 + __builtin_sqrt(nd_fma_f64(b, b, 1)));
  return nd_copysign_f64(nd_log1p_or_far_f64(u, a), x);
}

ND_INLINE double nd_acosh_f64(double x)
{
  const double t = (x > ND_FAR_F64 ? 2 : x) - 1;
  const double u = t + __builtin_sqrt(nd_fma_f64(t, t, 2 * t));
  return x >= 1 ? nd_log1p_or_far_f64(u, x) : ND_NAN;
}

// log((1 + a) / (1 - a)) / 2, where (1 + a) / (1 - a) is 1 + 2 a / (1 - a), or
// 1 + 2 a + 2 a^2 / (1 - a), whose last term is the smaller one near 0.
ND_INLINE double nd_atanh_f64(double x)
{
  const double a = __builtin_fabs(x);
  const int near = a < 0.5;
  const double rest = (near ? 2 * a * a : 2 * a) / (1 - a);
  return nd_copysign_f64(0.5 * nd_log1p_f64(near ? 2 * a + rest : rest), x);
}

// max(x, 0) + log1p(e^-|x|); the argument of log1p is at most 1.
ND_INLINE double nd_softplus_f64(double x)
{
  const double e = nd_decay_f64(x);
  const int halve = e > 0x1.a827999fcef32p-2;
  const double f = halve ? 0.5 * e - 0.5 : e;
  const double tail = nd_log_of_parts_f64(halve ? 1 : 0, f);
  return (x > 0 ? x : 0) + tail;
}

// log(x) as a pair good to about 2^-65, for finite x > 0: the series of
// nd_log_of_parts_f64 with its first two terms in pair arithmetic.
ND_INLINE nd_pair_f64 nd_log_pair_f64(double x)
{
  const nd_split_f64 a = nd_split_f64_of(x);
  const double f = a.m - 1;
  const double d = a.m + 1, d_low = a.m - (d - 1), inverse = 1 / d;
  const double s = f * inverse;
  const nd_pair_f64 back = nd_product_f64(s, d);
  const double s_low = (f - back.high - back.low - s * d_low) * inverse;
  nd_pair_f64 z = nd_product_f64(s, s);
  z.low += 2 * s * s_low;
  const double q = ND_POLY_F64(z.high, 0.3999999999999998, 0.28571428571445096,
                               0.22222222217539825, 0.18181818869907845,
                               0.15384556898445267, 0.13336316372669671,
                               0.11674839588348872, 0.11988838673588882);
  nd_pair_f64 c = nd_ordered_sum_f64(0x1.5555555555555p-1, q * z.high);
  c.low += 0x1.5555555555555p-55;
  nd_pair_f64 cube = nd_product_f64(s, z.high);
  cube.low += s * z.low + s_low * z.high;
  nd_pair_f64 tail = nd_product_f64(cube.high, c.high);
  tail.low += cube.high * c.low + cube.low * c.high;
  const nd_pair_f64 log_m = nd_ordered_sum_f64(2 * s, tail.high);
  const nd_pair_f64 sum = nd_ordered_sum_f64(a.k * ND_LN2_HIGH_F64, log_m.high);
  const double low = sum.low + (a.k * ND_LN2_LOW_F64 +
                                (log_m.low + (2 * s_low + tail.low)));
  return nd_ordered_sum_f64(sum.high, low);
}

// |x|^y for x neither 0 nor inf. |y| is cut where the result has long been 0,
// 1 or inf, so that the products stay finite.
ND_INLINE double nd_pow_magnitude_f64(double x, double y)
{
  const nd_pair_f64 l = nd_log_pair_f64(x);
  const double cut = nd_clamp_f64(y, -0x1p80, 0x1p80);
  const nd_pair_f64 p = nd_product_f64(l.high, cut);
  const double low = nd_fma_f64(l.low, cut, p.low);
  const nd_exponent_f64 e = nd_reduce_exp_f64(
    nd_clamp_f64(p.high, -746, 710), __builtin_fabs(p.high) < 746 ? low : 0);
  return nd_scale_f64(e);
}

// The special cases are those of C11, annex F.10.4.4.
ND_INLINE double nd_pow_f64(double x, double y)
{
  const double a = __builtin_fabs(x), half = 0.5 * y;
  const double parity = nd_floor_f64(half) != half ? x : 1;
  const double odd_sign = nd_floor_f64(y) == y ? parity : 1;
  const double size = nd_pow_magnitude_f64(a, y);
  const double at_zero = y > 0 ? 0 : ND_INF;
  const double at_inf = y > 0 ? ND_INF : 0;
  double r = a == 0 ? at_zero : size;
  r = a > 0x1.fffffffffffffp1023 ? at_inf : r;
  r = nd_copysign_f64(r, odd_sign);
  const double root = nd_floor_f64(y) == y ? r : ND_NAN;
  r = x < 0 ? (a > 0x1.fffffffffffffp1023 ? r : root) : r;
  r = x != x ? x : r;
  r = y != y ? y : r;
  r = y == 0 ? 1 : r;
  return x == 1 ? 1 : r;
}

#include "math_trig_f64.h"

#endif
