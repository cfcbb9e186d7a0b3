// tensor/decimal.h: floating point numbers as decimal digits, in any locale.

#ifndef ND_TENSOR_DECIMAL_H
#define ND_TENSOR_DECIMAL_H

#include <stdbool.h>

#include "base/dtype.h"

// digits[0].digits[1].. 10^exponent, without sign, zeros at the ends, or '\0'.
// Zero is the one digit 0 with exponent 0.
typedef struct nd_decimal {
  int count;
  int exponent;
  char digits[24];
} nd_decimal;

// A finite number, and the dtype in which it has neighbours.
typedef struct nd_real {
  double value;
  nd_dtype dtype;
} nd_real;

// The number of a dtype that is nearest to `value`.
double nd_real_nearest(nd_dtype dtype, double value);

// The fewest digits that read back as the same number; of those, the nearest.
nd_decimal nd_decimal_shortest(nd_real x);

// The shortest, unless it has over `places` digits after the point, 0 to 300;
// then the value rounded to so many, halves to even. Needs |x| < 1e17.
nd_decimal nd_decimal_to_places(nd_real x, int places);

// The same by the number of digits after the first.
nd_decimal nd_decimal_to_digits(nd_real x, int after);

// The value with `after` digits after the first, 0 to 20, zeros at the end
// dropped. Goes on where the shortest ends: 0.1 of float is 1.00000001e-1.
nd_decimal nd_decimal_with_digits(nd_real x, int after);

#endif
