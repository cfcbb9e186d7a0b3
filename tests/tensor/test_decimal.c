// Tests of tensor/decimal.c: digits that are hard to get right.

#include "check.h"

#include "tensor/decimal.h"

#include <float.h>
#include <stdint.h>
#include <stdlib.h>

// Valid until the next one.
static const char *digits_of(nd_decimal d)
{
  static char text[64];
  snprintf(text, sizeof text, "%.*se%d", d.count, d.digits, d.exponent);
  return text;
}

static nd_real of_double(double value)
{
  return (nd_real){ value, ND_FLOAT64 };
}

static nd_real of_float(float value)
{
  return (nd_real){ (double)value, ND_FLOAT32 };
}

static nd_decimal shortest(nd_dtype dtype, double value)
{
  return nd_decimal_shortest((nd_real){ nd_real_nearest(dtype, value), dtype });
}

static void the_shortest_digits_are_found(void)
{
  CHECK_STR(digits_of(nd_decimal_shortest(of_double(0.1))), "1e-1");
  CHECK_STR(digits_of(nd_decimal_shortest(of_double(-1200))), "12e3");
  CHECK_STR(digits_of(nd_decimal_shortest(of_double(-0.0))), "0e0");
  CHECK_STR(digits_of(nd_decimal_shortest(of_double(0.1F))),
            "10000000149011612e-1");
  CHECK_STR(digits_of(nd_decimal_shortest(of_float(0.1F))), "1e-1");
  CHECK_STR(digits_of(nd_decimal_shortest(of_float(FLT_MAX))), "34028235e38");
  CHECK_STR(digits_of(nd_decimal_shortest(of_double(DBL_MAX))),
            "17976931348623157e308");
  CHECK_STR(digits_of(shortest(ND_FLOAT16, 0.1)), "1e-1");
  CHECK_STR(digits_of(shortest(ND_FLOAT16, 65504)), "655e4");
  CHECK_STR(digits_of(shortest(ND_BFLOAT16, 0.1)), "1e-1");
  CHECK_STR(digits_of(shortest(ND_BFLOAT16, 257)), "256e2");
}

static void powers_of_two_take_the_next_decimal_up(void)
{
  CHECK_STR(digits_of(nd_decimal_shortest(of_double(0x1p-44))),
            "5684341886080802e-14");
  CHECK_STR(digits_of(nd_decimal_shortest(of_double(0x1p-1022))),
            "22250738585072014e-308");
}

static void subnormals_take_few_digits(void)
{
  CHECK_STR(digits_of(nd_decimal_shortest(of_double(5e-324))), "5e-324");
  CHECK_STR(digits_of(nd_decimal_shortest(of_float(0x1p-149F))), "1e-45");
  CHECK_STR(digits_of(shortest(ND_FLOAT16, 0x1p-24)), "6e-8");
  CHECK_STR(digits_of(shortest(ND_BFLOAT16, 0x1p-133)), "9e-41");
}

static void ties_at_the_end_of_a_binade_read_back(void)
{
  CHECK_STR(digits_of(nd_decimal_shortest(of_double(9007199254740993.0))),
            "9007199254740992e15");
  CHECK_STR(digits_of(nd_decimal_shortest(of_double(9e22))), "9e22");
}

static void places_are_cut_to_even(void)
{
  CHECK_STR(digits_of(nd_decimal_to_places(of_double(0.125), 2)), "12e-1");
  CHECK_STR(digits_of(nd_decimal_to_places(of_double(0.125), 3)), "125e-1");
  CHECK_STR(digits_of(nd_decimal_to_places(of_double(2.5), 0)), "2e0");
  CHECK_STR(digits_of(nd_decimal_to_places(of_double(99.96), 1)), "1e2");
  CHECK_STR(digits_of(nd_decimal_to_places(of_double(0.0006), 3)), "1e-3");
  CHECK_STR(digits_of(nd_decimal_to_places(of_double(0.0004), 3)), "0e0");
}

static void digits_are_cut_and_added(void)
{
  const nd_real x = of_float(1e-10F);
  CHECK_STR(digits_of(nd_decimal_to_digits(of_double(1.0 / 3), 3)), "3333e-1");
  CHECK_STR(digits_of(nd_decimal_to_digits(of_double(9.9996e9), 3)), "1e10");
  CHECK_STR(digits_of(nd_decimal_to_digits(x, 8)), "1e-10");
  CHECK_STR(digits_of(nd_decimal_with_digits(x, 0)), "1e-10");
  CHECK_STR(digits_of(nd_decimal_with_digits(x, 9)), "1000000013e-10");
}

static uint64_t next_random(uint64_t *state)
{
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

static bool reads_back(nd_real x)
{
  const nd_decimal d = nd_decimal_shortest(x);
  char text[64];
  snprintf(text, sizeof text, "%s%.*se%d", signbit(x.value) ? "-" : "", d.count,
           d.digits, d.exponent - d.count + 1);
  const char last = d.digits[d.count - 1];
  return (last != '0' || d.count == 1) &&
         (x.dtype == ND_FLOAT32 ? strtof(text, NULL) == (float)x.value
                                : strtod(text, NULL) == x.value);
}

static void any_number_reads_back(void)
{
  uint64_t state = 7;
  for (int i = 0; i < 20000; i++) {
    const uint64_t bits = next_random(&state);
    const uint32_t half = (uint32_t)bits;
    double wide;
    float narrow;
    memcpy(&wide, &bits, sizeof wide);
    memcpy(&narrow, &half, sizeof narrow);
    CHECK(!isfinite(wide) || reads_back(of_double(wide)));
    CHECK(!isfinite(narrow) || reads_back(of_float(narrow)));
  }
}

int main(void)
{
  RUN(the_shortest_digits_are_found);
  RUN(powers_of_two_take_the_next_decimal_up);
  RUN(subnormals_take_few_digits);
  RUN(ties_at_the_end_of_a_binade_read_back);
  RUN(places_are_cut_to_even);
  RUN(digits_are_cut_and_added);
  RUN(any_number_reads_back);
  return check_done();
}
