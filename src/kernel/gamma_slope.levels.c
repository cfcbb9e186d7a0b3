// kernel/gamma_slope.levels.c: slopes of gamma draws, by a series for small
// ones and by quadrature.

#include "kernel/gamma_slope.h"

#include "kernel/math.h"
#include "kernel/math_gamma.h"

// The half above 0 of Gauss and Legendre's nodes within -1..1, and weights.
enum { HALF = 16, NODES = 2 * HALF };
static const double nodes[HALF] = { 0.04830766568773832, 0.1444719615827965,
                                    0.23928736225213706, 0.33186860228212767,
                                    0.42135127613063533, 0.5068999089322294,
                                    0.5877157572407623,  0.6630442669302152,
                                    0.7321821187402897,  0.7944837959679424,
                                    0.84936761373257,    0.8963211557660521,
                                    0.9349060759377397,  0.9647622555875064,
                                    0.9856115115452684,  0.9972638618494816 };
static const double weights[HALF] = {
  0.0965400885147278,   0.09563872007927486,  0.09384439908080457,
  0.09117387869576389,  0.08765209300440381,  0.08331192422694675,
  0.07819389578707031,  0.0723457941088485,   0.06582222277636185,
  0.058684093478535544, 0.050998059262376175, 0.04283589802222668,
  0.03427386291302143,  0.02539206530926206,  0.01627439473090567,
  0.007018610009470096
};

// log(z) - digamma(a), where for large z and a both are nearly the same.
static double log_excess(double a, double z)
{
  if (a < 8)
    return nd_log_f64(z) - nd_digamma_f64(a);
  const double i = 1 / a, above = (z - a) / a;
  const double log_share = above > -0.5 && above < 0.5 ? nd_log1p_f64(above)
                                                       : nd_log_f64(z / a);
  return log_share + (i / 2 + i * i * nd_digamma_tail_f64(i * i));
}

// For z <= 2, by powers of z: -z e^z times the sum over k of (-z)^k / k! r with
// r the integral of e^(b t) (s + t)^n over t < 0, by parts, where b = a + k.
static double near_slope(double n, double a, double z, double s)
{
  double sum = 0, factor = 1;
  for (int k = 0; factor * factor > 1e-36; factor *= -z / ++k) {
    const double b = a + k;
    double power = 1, r = 1 / b;
    for (int i = 1; i <= n; i++) {
      power *= s;
      r = (power - i * r) / b;
    }
    sum += factor * r;
  }
  return -z * nd_exp_f64(z) * sum;
}

// e^t - 1 - t
ND_INLINE double exp_rest(double t)
{
  const double series = ND_POLY_F64(
    t, 1. / 2, 1. / 6, 1. / 24, 1. / 120, 1. / 720, 1. / 5040, 1. / 40320,
    1. / 362880, 1. / 3628800, 1. / 39916800, 1. / 479001600, 1. / 6227020800,
    1. / 87178291200, 1 / 1307674368e3, 1 / 20922789888e3);
  const double far = nd_expm1_f64(t) - t, near = t * t * series;
  return t > 0.5 || t < -0.5 ? far : near;
}

// The exponent a t - z (e^t - 1), 0 at 0 and below it on the way out.
ND_INLINE double exponent(double a, double z, double t)
{
  return (a - z) * t - z * exp_rest(t);
}

// A t in the direction of `sign` at which the exponent is about -38, beyond
// which nothing counts: Newton's steps from where a parabola has it.
static double far_end(double a, double z, double sign)
{
  const double deep = 38, d = __builtin_fabs(a - z);
  double t = sign * 2 * deep / (d + __builtin_sqrt(d * d + 2 * deep * z));
  for (int i = 0; i < 20; i++) {
    const double slope = a - z - z * nd_expm1_f64(t);
    const double step = (exponent(a, z, t) + deep) / slope;
    t -= step;
    if (__builtin_fabs(step) < 0.01 * __builtin_fabs(t))
      break;
  }
  return t;
}

// For z > 2: what is integrated is smooth, and falls steadily from where it
// begins or, where s + t changes its sign there, from near it.
static double far_slope(double n, double a, double z, double s)
{
  const double half = far_end(a, z, z > a ? 1 : -1) / 2;
  double t[NODES], y[NODES], sum = 0;
  for (int i = 0; i < HALF; i++) {
    t[i] = half * (1 + nodes[i]);
    t[i + HALF] = half * (1 - nodes[i]);
  }
  for (int i = 0; i < NODES; i++)
    y[i] = nd_exp_f64(exponent(a, z, t[i]));
  for (int k = 1; k <= n; k++)
    for (int i = 0; i < NODES; i++)
      y[i] *= s + t[i];
  for (int i = 0; i < HALF; i++)
    sum += weights[i] * (y[i] + y[i + HALF]);
  return z * half * sum;
}

double ND_LEVELLED(nd_gamma_slope)(double n, double a, double z)
{
  if (z == 0)
    return 0;
  if (!(z > 0 && a > 0))
    return ND_NAN;
  const double s = log_excess(a, z);
  return z <= 2 ? near_slope(n, a, z, s) : far_slope(n, a, z, s);
}
