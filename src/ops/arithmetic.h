// ops/arithmetic.h: arithmetic of each element type that C's operators do not
// give, chosen by the type of an argument: PER_TYPE(remainder, x)(x, y).

#ifndef ND_OP_ARITHMETIC_H
#define ND_OP_ARITHMETIC_H

#include <math.h>
#include <stdint.h>

#include "kernel/math.h"
#include "kernel/math_remainder.h"

#define PER_FLOAT(name, x) \
  _Generic((x), float : nd_##name##_f32, default : nd_##name##_f64)
#define PER_TYPE(name, x)            \
  _Generic((x), float                \
           : name##_float32, double  \
           : name##_float64, int32_t \
           : name##_int32, int64_t   \
           : name##_int64, default   \
           : name##_uint8)

// The quotient's floor; the remainder has the divisor's sign. Dispatch refuses
// integer divisors of 0 beforehand; here they only must not trap.
#define DEFINE_INTEGER(suffix, type)                             \
  static inline type quotient_##suffix(type a, type b)           \
  {                                                              \
    if (b == 0)                                                  \
      return 0;                                                  \
    if (b == (type)-1 && (type)-1 < 0)                           \
      return (type)(0 - a);                                      \
    const type q = (type)(a / b);                                \
    return (type)(q - ((a % b != 0) & ((a < 0) != (b < 0))));    \
  }                                                              \
  static inline type remainder_##suffix(type a, type b)          \
  {                                                              \
    return b == 0 ? 0 : (type)(a - quotient_##suffix(a, b) * b); \
  }                                                              \
  static inline type power_##suffix(type a, type b)              \
  {                                                              \
    type y = 1;                                                  \
    for (; b > 0; b /= 2, a = (type)(a * a)) {                   \
      if (b % 2 == 1)                                            \
        y = (type)(y * a);                                       \
    }                                                            \
    return y;                                                    \
  }

// As in NumPy: a remainder of 0 has the divisor's sign, a quotient of 0 that of
// a / b. (a - r) / b is a whole number but for rounding. `rest` gives C's fmod.
#define DEFINE_FLOAT(suffix, type, f, rest)                     \
  static inline type remainder_##suffix(type a, type b)         \
  {                                                             \
    const type r = rest(a, b);                                  \
    const type y = (r < 0) != (b < 0) ? r + b : r;              \
    return r == 0 ? copysign##f(r, b) : y;                      \
  }                                                             \
  static inline type quotient_##suffix(type a, type b)          \
  {                                                             \
    const type r = rest(a, b);                                  \
    const type toward_zero = (a - r) / b;                       \
    const int below = (r != 0) & ((r < 0) != (b < 0));          \
    const type whole = below ? toward_zero - 1 : toward_zero;   \
    const type q = PER_FLOAT(round, whole)(whole);              \
    return b == 0 ? a / b : q == 0 ? copysign##f(q, a / b) : q; \
  }

DEFINE_INTEGER(int32, int32_t)
DEFINE_INTEGER(int64, int64_t)
DEFINE_INTEGER(uint8, uint8_t)
DEFINE_FLOAT(float32, float, f, fmodf)
DEFINE_FLOAT(float64, double, , fmod)
DEFINE_FLOAT(near_float32, float, f, nd_near_remainder_f32)
DEFINE_FLOAT(near_float64, double, , nd_near_remainder_f64)

// sqrt(a * a + b * b) without overflow; inf where either is inf.
#define DEFINE_LENGTH(suffix, type, root)                                     \
  static inline type length_##suffix(type a, type b)                          \
  {                                                                           \
    const type p = a < 0 ? -a : a, q = b < 0 ? -b : b;                        \
    const type most = p > q ? p : q, share = (p > q ? q : p) / most;          \
    const type y = most * root(1 + share * share);                            \
    return most == 0 ? p + q : p == INFINITY || q == INFINITY ? INFINITY : y; \
  }

DEFINE_LENGTH(float32, float, sqrtf)
DEFINE_LENGTH(float64, double, sqrt)

static inline float power_float32(float a, float b)
{
  return nd_pow_f32(a, b);
}

static inline double power_float64(double a, double b)
{
  return nd_pow_f64(a, b);
}

#endif
