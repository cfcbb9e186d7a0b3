// kernel/math_gamma.h: erfc, lgamma, digamma and polygamma, as kernel/math.h
// has functions, of doubles only.
//
// lgamma errs by at most 1.4 units in the last place for x > 0, and digamma by
// about 6, both also next to their zeros there. Below 0 they have zeros between
// the poles, next to which the error is absolute: a few times 2^-53 times the
// largest of what is added there. Rounded to float, all err by hardly more than
// 0.5 but next to these zeros.
#ifndef ND_KERNEL_MATH_GAMMA_H
#define ND_KERNEL_MATH_GAMMA_H

#include "kernel/math.h"

// erfc(x) = e^(-x^2) P(t) / (1 + 2 x) with t = (x - 4) / (x + 4). Below 0.47,
// where erf(x) is 1/2, it is 1 - erf(x), below -0.47 it is 2 - erfc(-x).
ND_INLINE double nd_erfc_f64(double x)
{
  const double a = nd_clamp_f64(__builtin_fabs(x), 0, 28);
  const nd_pair_f64 up = nd_sum_f64(a, 4), down = nd_sum_f64(a, -4);
  const double rough = down.high / up.high, inverse = (1 - rough) / 8;
  const double t = rough + (down.low - rough * up.low) * inverse;
  const double tail = ND_POLY_F64(
    t, -0.1396211168405625, 0.015379652102619757, 0.0680970542546884,
    -0.10103906603630411, 0.09373283499853494, -0.06633036581225037,
    0.037167515533804873, -0.016197734057065354, 0.005031970018258723,
    -0.0007577732963289806, -0.0001992569625312864, 0.0001506217236767561,
    -2.4398072816672782e-05, -1.1222218249486985e-05, 5.706540711972608e-06,
    2.942849628031606e-07, -8.195878356408429e-07, 7.390395814704402e-08,
    1.0333048482688383e-07, -1.730428019660825e-08, -9.680878893748991e-09,
    1.6224078389936608e-09);
  const nd_pair_f64 p = nd_ordered_sum_f64(1.2329951186255526, t * tail);
  const nd_pair_f64 d = nd_sum_f64(1, 2 * a), z = nd_product_f64(a, a);
  const double q = p.high / d.high;
  const double rest = nd_subtract_product_f64(p.high, q, d.high) +
                      (p.low - q * d.low);
  const nd_exponent_f64 e = nd_reduce_exp_f64(-nd_clamp_f64(z.high, 0, 746),
                                              -z.low);
  const uint64_t half = (e.n + 2046) >> 1;
  const double s = nd_float_f64(half << 52);
  const double far = s * (q + (q * e.p + rest / d.high * (1 + e.p))) *
                     nd_float_f64((e.n + 2046 - half) << 52);
  const double near = nd_fma_f64(x, nd_erf_ratio_f64(x * x), x);
  const double y = a < 0.47 ? 1 - near : x < 0 ? 2 - far : far;
  return x != x ? x : y;
}

// sin(pi r) / (pi r) from z = r^2, |r| <= 1/2.
ND_INLINE double nd_sinc_f64(double z)
{
  return ND_POLY_F64(z, 1.0, -1.6449340668482262, 0.8117424252833373,
                     -0.19075182412143044, 0.026147847804528834,
                     -0.0023460808868181614, 0.00014842780085063984,
                     -6.972000434999186e-06, 2.4493075729236745e-07);
}

// log(gamma(2 + u)) for |u| <= 1/2, as a pair.
ND_INLINE nd_pair_f64 nd_lgamma_near_f64(double u)
{
  const double p = ND_POLY_F64(
    u, -0.06735230105319831, 0.02058080842778057, -0.007385551028649713,
    0.0028905103310236727, -0.0011927539127581403, 0.0005096695156779746,
    -0.0002231547351723018, 9.945767000558508e-05, -4.4926531039042265e-05,
    2.0505617626153818e-05, -9.437237437830527e-06, 4.384588661399076e-06,
    -2.0497512494695395e-06, 9.203173271768701e-07, -4.200501168195441e-07,
    2.784918473107543e-07, -1.4328841915780488e-07);
  const nd_pair_f64 a = nd_ordered_sum_f64(0.32246703342411326, u * p);
  const nd_pair_f64 b = nd_product_f64(u, a.high);
  const nd_pair_f64 c = nd_ordered_sum_f64(0.42278433509846713, b.high);
  nd_pair_f64 y = nd_product_f64(u, c.high);
  y.low += u * (c.low + (b.low + u * a.low));
  return y;
}

// What Stirling's formula leaves of log(gamma(x)), times x, from z = 1 / x^2
// for x >= 7.5.
ND_INLINE double nd_stirling_tail_f64(double z)
{
  return ND_POLY_F64(z, 0.08333333333333333, -0.0027777777777775467,
                     0.0007936507933738825, -0.0005952379683768155,
                     0.0008417221586895275, -0.0019139712759969963,
                     0.006161115141452937, -0.0199869041238839);
}

// log(gamma(x)) for x > 0: from 7.5 on by Stirling's formula,
//   (x - 1/2) log(x) - x + log(2 pi) / 2 + tail / x,
// before by log(gamma(2 + u)) where x = 2 + u + k: plus the logarithm of
// (x - 1) .. (x - k), or minus that of x, or of x (x + 1).
ND_INLINE double nd_lgamma_positive_f64(double x)
{
  const int far = x >= 7.5, huge = x > 0x1p900;
  const double scaled = huge ? x * 0x1p-100 : x;
  const double whole = nd_round_f64(far ? 2 : x), u = far ? 0 : x - whole;
  const double square = x * x, twice = x + square;
  double product = whole < 1 ? twice : whole < 2 ? x : 1;
  ND_UNROLL for (int i = 1; i < 6; i++)
    product = whole > i + 1.5 ? product * (x - i) : product;
  const double lost = whole < 1 ? x - twice + square : 0;
  const nd_pair_f64 l = nd_log_pair_f64(far ? x : product);
  const double times = far ? scaled - 0.5 : whole < 2 ? -1 : 1;
  const nd_pair_f64 main = nd_product_f64(times, l.high);
  const double inverse = 1 / (far ? x : 8);
  const nd_pair_f64 near = nd_lgamma_near_f64(u);
  const nd_pair_f64 sum = nd_sum_f64(main.high, far ? -scaled : near.high);
  const double tail = nd_fma_f64(
    inverse, nd_stirling_tail_f64(inverse * inverse), 0.91893853320467274);
  const double rest = far ? tail : near.low - lost / product;
  const double low = nd_fma_f64(times, l.low, main.low) + (sum.low + rest);
  return (sum.high + low) * (huge ? 0x1p100 : 1);
}

// log(abs(gamma(x))); below 0 that is
//   log(pi / abs(sin(pi x))) - log(gamma(1 - x)).
ND_INLINE double nd_lgamma_f64(double x)
{
  const double y = nd_lgamma_positive_f64(x < 0 ? 1 - x : x);
  const double r = __builtin_fabs(x - nd_round_f64(x));
  const double sine = nd_log_f64(r * nd_sinc_f64(r * r));
  const double finite = x < 0 ? -sine - y : y;
  const int pole = x <= 0 && r == 0;
  const int ends = __builtin_fabs(x) > 0x1.fffffffffffffp1023;
  const double z = pole | ends ? ND_INF : finite;
  return x != x ? x : z;
}

// The digamma function at 3/2 + t, |t| <= 1/2, by its zero there.
#define ND_DIGAMMA_ZERO_HIGH 0x1.762d86356be3fp+0
#define ND_DIGAMMA_ZERO_LOW 0x1.b86a722197829p-54
ND_INLINE double nd_digamma_near_f64(double t)
{
  const double p = ND_POLY_F64(
    t, 0.951055876031833, -0.4236274212814606, 0.24054248424077398,
    -0.14840492305389005, 0.09498872445497253, -0.061922133274696096,
    0.04076083381081066, -0.026975796691241814, 0.01790725248145832,
    -0.01190821941965835, 0.007926944017240665, -0.00527994625464347,
    0.0035190121357974546, -0.002345420793295653, 0.0015565994121549006,
    -0.001036842091753831, 0.0007234367837466703, -0.00048473045042853025,
    0.0002270254535912076, -0.00014697748785285825, 0.0002598512483333749,
    -0.00017656315275020606);
  return p * (t - (ND_DIGAMMA_ZERO_HIGH - 1.5) - ND_DIGAMMA_ZERO_LOW);
}

// log(x) - 1 / (2 x) - digamma(x), times x^2, from z = 1 / x^2 for x >= 7.
ND_INLINE double nd_digamma_tail_f64(double z)
{
  return ND_POLY_F64(
    z, 0.08333333333333333, -0.008333333333333186, 0.003968253968028833,
    -0.004166666533985188, 0.00757571823232468, -0.02108619045858587,
    0.08267212196690789, -0.4034857126613927, 1.6616975076459064);
}

// (pi r cot(pi r) - 1) / z from z = r^2, |r| <= 1/2.
ND_INLINE double nd_cotangent_f64(double z)
{
  return ND_POLY_F64(
    z, -3.289868133696456, -2.16464646742103, -2.034686124146503,
    -2.008154699576321, -2.001989700432902, -2.0004768322250293,
    -2.000415761929805, -1.9960575064858705, -2.038879382886575,
    -1.7233581342199145, -3.4259722926122596, 3.226157658249785,
    -15.080581253486443, 18.562112606912024, -18.486287895098727);
}

// For x > 0. Before 8 it is that of 1 <= y <= 2 and what the recurrence adds,
// 1 / (x - 1) + .. + 1 / (x - k), or -1 / x, as one quotient.
ND_INLINE double nd_digamma_positive_f64(double x)
{
  const int far = x >= 8, low = x < 1;
  const double k = nd_floor_f64(far ? 1 : x) - 1;
  double above = low ? -1 : 0, below = low ? x : 1;
  ND_UNROLL for (int i = 1; i < 7; i++)
  {
    const double f = x - i;
    above = k > i - 0.5 ? nd_fma_f64(above, f, below) : above;
    below = k > i - 0.5 ? below * f : below;
  }
  const double inverse = 1 / (far ? x : 8), z = inverse * inverse;
  const double tail = nd_fma_f64(0.5, inverse, z * nd_digamma_tail_f64(z));
  const double t = far ? 0 : x - k - 1.5;
  return far ? nd_log_f64(x) - tail : nd_digamma_near_f64(t) + above / below;
}

// The slope of lgamma; below 0 that of 1 - x, less pi cot(pi x). Nan at 0 and
// whole numbers below, where it has no sign.
ND_INLINE double nd_digamma_f64(double x)
{
  const double y = nd_digamma_positive_f64(x < 0 ? 1 - x : x);
  const double r = x - nd_round_f64(x), z = r * r;
  const double turn = nd_fma_f64(r, nd_cotangent_f64(z), 1 / r);
  const double pole = x <= 0 && r == 0 ? ND_NAN : y;
  return x < 0 ? pole - turn : pole;
}

// The sum of (x + k)^-s over all k from 0 on, for x > 0 and s > 1: some terms,
// and the rest by the formula of Euler and Maclaurin, whose factors are
// B(2 j) / (2 j)!.
static inline double nd_hurwitz_f64(double s, double x)
{
  static const double factors[] = { 1. / 12,          -1. / 720,
                                    1. / 30240,       -1. / 1209600,
                                    1. / 47900160,    -691 / 1307674368e3,
                                    1. / 74724249600, -3617 / 1067062284288e4 };
  double sum = 0;
  for (int k = 0; k < 12; k++)
    sum += nd_pow_f64(x + k, -s);
  const double y = x + 12, power = nd_pow_f64(y, -s);
  double term = s * power / y;
  sum += nd_pow_f64(y, 1 - s) / (s - 1) + power / 2;
  for (int j = 0; j < 8; j++) {
    sum += factors[j] * term;
    term *= (s + 2 * j + 1) / y * ((s + 2 * j + 2) / y);
  }
  return sum;
}

// Derivative number n of digamma, (-1)^(n + 1) n! times the sum over all k of
// (x + k)^-s with s = n + 1. Below 0 the terms of either sign are sums of their
// own. At poles it is inf for odd n; else it has no sign there and is nan.
static inline double nd_polygamma_f64(double n, double x)
{
  const double s = n + 1, below = nd_ceil_f64(x) - x;
  const double sign = nd_floor_f64(n / 2) == n / 2 ? -1 : 1;
  double size = 1;
  for (int k = 2; k <= n && k < 172; k++)
    size *= k;
  if (n == 0)
    return nd_digamma_f64(x);
  if (!(n > 0 && nd_floor_f64(n) == n))
    return ND_NAN;
  if (x <= 0 && below == 0)
    return sign > 0 ? ND_INF : ND_NAN;
  if (x > 0)
    return sign * size * nd_hurwitz_f64(s, x);
  return size * (sign * nd_hurwitz_f64(s, x - nd_floor_f64(x)) +
                 nd_hurwitz_f64(s, below) - nd_hurwitz_f64(s, 1 - x));
}

#endif
