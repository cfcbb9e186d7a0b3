// tensor/decimal.c: shortest digits by trial. The C library writes and reads
// decimals exactly, so it is asked for more digits until they read back.

#include "tensor/decimal.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernel/convert.h"
#include "tensor/tensor.h"

// Bytes for 17 digits before the point, 300 after it, sign and end.
enum { TEXT = 336 };

// The least normal number of a dtype, how many digits survive a trip through
// those, and how many tell any two numbers apart.
static const struct {
  double least;
  int safe, enough;
} kinds[ND_DTYPES] = {
  [ND_FLOAT32] = { (double)FLT_MIN, FLT_DIG, FLT_DECIMAL_DIG },
  [ND_FLOAT64] = { DBL_MIN, DBL_DIG, DBL_DECIMAL_DIG },
  [ND_FLOAT16] = { 0x1p-14, 3, 5 },
  [ND_BFLOAT16] = { 0x1p-126, 2, 4 },
};

double nd_real_nearest(nd_dtype dtype, double value)
{
  nd_scalar rounded;
  nd_convert(ND_BASELINE, dtype, ND_FLOAT64, 1, &rounded, &value);
  nd_convert(ND_BASELINE, ND_FLOAT64, dtype, 1, &value, &rounded);
  return value;
}

// Drops zeros at the end; no digits become one 0.
static void trim(nd_decimal *d)
{
  while (d->count > 0 && d->digits[d->count - 1] == '0')
    d->count--;
  if (d->count > 0)
    return;
  d->digits[0] = '0';
  d->count = 1;
  d->exponent = 0;
}

// Takes the digits of `text` up to its exponent, but for zeros at the front;
// whatever the locale's point is, it is no digit. Returns how many there were.
static int take_digits(nd_decimal *d, const char *text)
{
  const int room = (int)sizeof d->digits;
  int found = 0;
  d->count = 0;
  for (; *text != '\0' && *text != 'e'; text++) {
    if (*text < '0' || *text > '9' || (found == 0 && *text == '0'))
      continue;
    if (d->count < room)
      d->digits[d->count++] = *text;
    found++;
  }
  return found;
}

// The value with `count` digits, zeros at the end and all.
static nd_decimal round_to_digits(double value, int count)
{
  char text[TEXT];
  nd_decimal d;
  const int n = snprintf(text, sizeof text, "%.*e", count - 1, fabs(value));
  take_digits(&d, text);
  int mark = n;
  while (mark > 0 && text[mark - 1] != 'e')
    mark--;
  d.exponent = (int)strtol(text + mark, NULL, 10);
  return d;
}

// Written without a point, which depends on the locale.
static bool reads_back(const nd_decimal *d, nd_real x)
{
  char text[48];
  snprintf(text, sizeof text, "%.*se%d", d->count, d->digits,
           d->exponent - d->count + 1);
  const double target = fabs(x.value);
  return x.dtype == ND_FLOAT32
           ? strtof(text, NULL) == (float)target
           : nd_real_nearest(x.dtype, strtod(text, NULL)) == target;
}

// Adds one to the last digit; false if that carries through all of them.
static bool step_up(nd_decimal *d)
{
  int i = d->count - 1;
  while (i >= 0 && d->digits[i] == '9')
    d->digits[i--] = '0';
  if (i < 0)
    return false;
  d->digits[i]++;
  return true;
}

// If fewer digits than those that survive are enough, rounding to so many gives
// them and zeros. Above a power of two, numbers lie twice as far apart as
// below: there the nearest decimal may be too far below while the next one up
// reads back, as for 2^-44.
nd_decimal nd_decimal_shortest(nd_real x)
{
  const bool normal = fabs(x.value) >= kinds[x.dtype].least;
  nd_decimal d = { .count = 0 };
  if (x.value != 0) {
    for (int n = normal ? kinds[x.dtype].safe : 1; n <= kinds[x.dtype].enough;
         n++) {
      d = round_to_digits(x.value, n);
      if (reads_back(&d, x) || (step_up(&d) && reads_back(&d, x)))
        break;
    }
  }
  trim(&d);
  return d;
}

nd_decimal nd_decimal_to_places(nd_real x, int places)
{
  nd_decimal d = nd_decimal_shortest(x);
  if (d.count - 1 - d.exponent <= places)
    return d;
  char text[TEXT];
  snprintf(text, sizeof text, "%.*f", places, fabs(x.value));
  d.exponent = take_digits(&d, text) - 1 - places;
  trim(&d);
  return d;
}

nd_decimal nd_decimal_with_digits(nd_real x, int after)
{
  nd_decimal d = nd_decimal_shortest(x);
  if (d.count == after + 1 || x.value == 0)
    return d;
  d = round_to_digits(x.value, after + 1);
  trim(&d);
  return d;
}

nd_decimal nd_decimal_to_digits(nd_real x, int after)
{
  const nd_decimal d = nd_decimal_shortest(x);
  return d.count <= after + 1 ? d : nd_decimal_with_digits(x, after);
}
