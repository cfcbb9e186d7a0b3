// Tests of base/interval.c.

#include "base/interval.h"

#include <math.h>

#include "../check.h"

static bool lies_within(double low, double high, float first, float last)
{
  float a = NAN, b = NAN;
  return nd_interval_float32(low, high, &a, &b) && a == first && b == last;
}

static bool has_none(double low, double high)
{
  float a, b;
  return !nd_interval_float32(low, high, &a, &b);
}

static void the_end_is_outside(void)
{
  CHECK(lies_within(0, 1, 0, 0x1.fffffep-1F));
  CHECK(lies_within(-1, 0, -1, -0x1p-149F));
  CHECK(lies_within(2, 0x1.000002p1, 2, 2));
}

// .7F is under .7, and .1F is over .1.
static void bounds_hold_in_float_and_in_double(void)
{
  CHECK(lies_within(.7, 1, nextafterf(.7F, 1), 0x1.fffffep-1F));
  CHECK(lies_within(0, .7, 0, nextafterf(.7F, 0)));
  CHECK(lies_within(.1, 1, .1F, 0x1.fffffep-1F));
  CHECK(lies_within(0, .1, 0, nextafterf(.1F, 0)));
}

static void an_interval_of_no_width_is_its_number(void)
{
  CHECK(lies_within(.7, .7, .7F, .7F));
  CHECK(lies_within(0, 0, 0, 0));
}

static void an_interval_may_hold_no_float(void)
{
  CHECK(has_none(.1, .1 + 1e-12));
  CHECK(has_none(1, 1 + 0x1p-40));
  CHECK(has_none(2, 1));
  CHECK(has_none(0, NAN));
  CHECK(has_none(0, INFINITY));
  CHECK(has_none(-1e39, 0));
}

int main(void)
{
  RUN(the_end_is_outside);
  RUN(bounds_hold_in_float_and_in_double);
  RUN(an_interval_of_no_width_is_its_number);
  RUN(an_interval_may_hold_no_float);
  return check_done();
}
