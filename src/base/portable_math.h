// base/portable_math.h: logarithm, exponential, sine and cosine that have the
// same bits on every machine, because they add, multiply and divide in a
// written order and IEEE 754 fixes what that gives. libm's own differ between
// CPUs and versions.
//
// Good to 3 units in the last place. They have no branch and no call, so that
// loops over them become vector code.
#ifndef ND_BASE_PORTABLE_MATH_H
#define ND_BASE_PORTABLE_MATH_H

#include <float.h>
#include <stdint.h>
#include <string.h>

_Static_assert(FLT_EVAL_METHOD == 0, "float must be computed as float");

// log(x) of a normal x > 0. x = 2^e m with m in [sqrt(1/2), sqrt(2)), and with
// t = (m - 1) / (m + 1), |t| < 0.172, log m = 2 (t + t^3/3 + t^5/5 + ..).
static inline float portable_log_f32(float x)
{
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  bits += 0x3f800000u - 0x3f3504f3u;
  const float e = (float)((int32_t)(bits >> 23) - 127);
  bits = (bits & 0x007fffffu) + 0x3f3504f3u;
  float m;
  memcpy(&m, &bits, sizeof m);
  const float t = (m - 1) / (m + 1);
  const float q = t * t;
  float series = 1.0f / 9;
  series = series * q + 1.0f / 7;
  series = series * q + 1.0f / 5;
  series = series * q + 1.0f / 3;
  return e * 0.693147181f + 2 * (t + t * (q * series));
}

// The exponent becomes a double by way of the bits of 2^52 + e, as small CPUs
// have no vector conversion from 64 bits.
static inline double portable_log_f64(double x)
{
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  bits += 0x3ff0000000000000u - 0x3fe6a09e667f3bcdu;
  const uint64_t biased = bits >> 52 | 0x4330000000000000u;
  bits = (bits & 0x000fffffffffffffu) + 0x3fe6a09e667f3bcdu;
  double e, m;
  memcpy(&e, &biased, sizeof e);
  memcpy(&m, &bits, sizeof m);
  e -= 0x1p52 + 1023;
  const double t = (m - 1) / (m + 1);
  const double q = t * t;
  double series = 1.0 / 21;
  series = series * q + 1.0 / 19;
  series = series * q + 1.0 / 17;
  series = series * q + 1.0 / 15;
  series = series * q + 1.0 / 13;
  series = series * q + 1.0 / 11;
  series = series * q + 1.0 / 9;
  series = series * q + 1.0 / 7;
  series = series * q + 1.0 / 5;
  series = series * q + 1.0 / 3;
  return e * 0.69314718055994530942 + 2 * (t + t * (q * series));
}

// e^x for x <= 700. x = n log 2 + r with |r| <= log(2) / 2, and a Taylor
// series; 2^n is two factors, as n goes down to -1075.
static inline double portable_exp_f64(double x)
{
  const double low = x < -746 ? -746 : x;
  const double n = (low * 1.44269504088896340736 + 0x1.8p52) - 0x1.8p52;
  const double r = (low - n * 0x1.62e42fefa38p-1) - n * 0x1.ef35793c7673p-45;
  double series = 1.0 / 6227020800;
  series = series * r + 1.0 / 479001600;
  series = series * r + 1.0 / 39916800;
  series = series * r + 1.0 / 3628800;
  series = series * r + 1.0 / 362880;
  series = series * r + 1.0 / 40320;
  series = series * r + 1.0 / 5040;
  series = series * r + 1.0 / 720;
  series = series * r + 1.0 / 120;
  series = series * r + 1.0 / 24;
  series = series * r + 1.0 / 6;
  series = series * r + 0.5;
  const int32_t whole = (int32_t)n, half = whole / 2;
  const uint64_t first = (uint64_t)(half + 1023) << 52;
  const uint64_t second = (uint64_t)(whole - half + 1023) << 52;
  double p, q;
  memcpy(&p, &first, sizeof p);
  memcpy(&q, &second, sizeof q);
  return (1 + (r + r * (r * series))) * p * q;
}

// Taylor series, for |a| <= pi / 4.
static inline float portable_sin_f32(float a)
{
  const float aa = a * a;
  float series = 1.0f / 362880;
  series = series * aa - 1.0f / 5040;
  series = series * aa + 1.0f / 120;
  series = series * aa - 1.0f / 6;
  return a + a * (aa * series);
}

static inline float portable_cos_f32(float a)
{
  const float aa = a * a;
  float series = -1.0f / 3628800;
  series = series * aa + 1.0f / 40320;
  series = series * aa - 1.0f / 720;
  series = series * aa + 1.0f / 24;
  series = series * aa - 1.0f / 2;
  return 1 + aa * series;
}

static inline double portable_sin_f64(double a)
{
  const double aa = a * a;
  double series = 1.0 / 355687428096000;
  series = series * aa - 1.0 / 1307674368000;
  series = series * aa + 1.0 / 6227020800;
  series = series * aa - 1.0 / 39916800;
  series = series * aa + 1.0 / 362880;
  series = series * aa - 1.0 / 5040;
  series = series * aa + 1.0 / 120;
  series = series * aa - 1.0 / 6;
  return a + a * (aa * series);
}

static inline double portable_cos_f64(double a)
{
  const double aa = a * a;
  double series = 1.0 / 20922789888000;
  series = series * aa - 1.0 / 87178291200;
  series = series * aa + 1.0 / 479001600;
  series = series * aa - 1.0 / 3628800;
  series = series * aa + 1.0 / 40320;
  series = series * aa - 1.0 / 720;
  series = series * aa + 1.0 / 24;
  series = series * aa - 1.0 / 2;
  return 1 + aa * series;
}

#endif
