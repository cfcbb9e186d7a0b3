// kernel/convert.levels.c: floats of two bytes, as what they stand for and as
// NumPy has them, at every CPU level.

#include "kernel/convert.h"

#include <stdlib.h>

#include "../golden/half.h"
#include "base/dtype.h"
#include "check.h"
#include "digest.h"

enum { PATTERNS = 1 << 16 };

typedef struct format {
  nd_dtype dtype;
  int kept, bias;  // bits of fraction, the largest exponent
  uint64_t widened, of_singles;
} format;

static const format formats[] = {
  { ND_FLOAT16, 10, 15, float16_widened, float16_of_singles },
  { ND_BFLOAT16, 7, 127, bfloat16_widened, bfloat16_of_singles },
};

static nd_level level;
static const format *f;

// Calls check() for each format at each level.
static void everywhere(void (*check)(void))
{
  for (int i = 0; i < 2 * ND_LEVELS; i++) {
    f = &formats[i % 2];
    if (nd_level_choose(nd_level_name((nd_level)(i / 2)), &level))
      check();
  }
}

static void convert(nd_dtype to, nd_dtype from, int n, void *out,
                    const void *in)
{
  const size_t write = nd_dtype_size(to), read = nd_dtype_size(from);
  for (int i = 0; i < n; i += ND_BLOCK)
    nd_convert(level, to, from, n - i < ND_BLOCK ? n - i : ND_BLOCK,
               (char *)out + (size_t)i * write,
               (const char *)in + (size_t)i * read);
}

static uint16_t pattern[PATTERNS];

// What the bits stand for, by the definition of such formats.
static double meaning_of(uint16_t bits)
{
  const int exponent = (bits & 0x7fff) >> f->kept;
  const int fraction = bits & ((1 << f->kept) - 1);
  const double sign = bits >> 15 ? -1 : 1;
  if (exponent == 2 * f->bias + 1)
    return fraction == 0 ? sign * INFINITY : (double)NAN;
  if (exponent == 0)
    return sign * ldexp(fraction, 1 - f->bias - f->kept);
  return sign * ldexp(fraction + (1 << f->kept), exponent - f->bias - f->kept);
}

static bool same(double a, double b)
{
  return (isnan(a) && isnan(b)) || (a == b && signbit(a) == signbit(b));
}

static void check_patterns(void)
{
  static float single[PATTERNS];
  static double twice[PATTERNS];
  static uint16_t back[PATTERNS];
  convert(ND_FLOAT32, f->dtype, PATTERNS, single, pattern);
  convert(ND_FLOAT64, f->dtype, PATTERNS, twice, pattern);
  convert(f->dtype, ND_FLOAT32, PATTERNS, back, single);
  int wrong = 0;
  for (int i = 0; i < PATTERNS; i++) {
    const double value = meaning_of(pattern[i]);
    const bool quiet = (pattern[i] >> (f->kept - 1) & 1) != 0;
    wrong += !same((double)single[i], value) || !same(twice[i], value) ||
             (back[i] != pattern[i] && !(isnan(value) && !quiet));
  }
  CHECK_INT(wrong, 0);
  CHECK(digest_f32(single, PATTERNS) == f->widened);
}

static void every_pattern_is_what_it_stands_for_there_and_back(void)
{
  everywhere(check_patterns);
}

// The bits that lie nearest, by what they stand for; of two the even ones.
static uint16_t nearest_bits(double x)
{
  const int infinity = (2 * f->bias + 1) << f->kept;
  const double size = fabs(x);
  int low = 0, high = infinity;  // of the sizes that they are between
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    if (meaning_of((uint16_t)middle) <= size)
      low = middle;
    else
      high = middle;
  }
  const double below = meaning_of((uint16_t)low);
  const double above = high == infinity ? ldexp(1, f->bias + 1)
                                        : meaning_of((uint16_t)high);
  const double under = size - below, over = above - size;
  const int y = size >= above  ? infinity
                : under < over ? low
                : under > over ? high
                : low % 2 == 0 ? low
                               : high;
  return (uint16_t)(y | (signbit(x) ? 0x8000 : 0));
}

static int wrong;

// Both ways to round a number, from any float that has it.
static void check_number(double x)
{
  const float single = (float)x;
  uint16_t y;
  convert(f->dtype, ND_FLOAT64, 1, &y, &x);
  wrong += y != nearest_bits(x);
  convert(f->dtype, ND_FLOAT32, 1, &y, &single);
  wrong += y != nearest_bits((double)single);
}

// What lies between two neighbours, its half and all that is next to these.
static void check_between(void)
{
  const int infinity = (2 * f->bias + 1) << f->kept;
  wrong = 0;
  for (int i = 0; i < infinity; i += i % 512 < 4 ? 1 : 7) {
    const double x = meaning_of((uint16_t)i);
    const double above = i + 1 == infinity ? ldexp(1, f->bias + 1)
                                           : meaning_of((uint16_t)(i + 1));
    const double half = (x + above) / 2;
    const double at[] = { x, half, x + (above - x) * .3, x + (above - x) * .7 };
    for (int k = 0; k < 4; k++) {
      check_number(at[k]);
      check_number(-at[k]);
      check_number(nextafter(at[k], 0));
      check_number(nextafter(at[k], INFINITY));
      check_number((double)nextafterf((float)at[k], 0));
      check_number((double)nextafterf((float)at[k], INFINITY));
    }
  }
  CHECK_INT(wrong, 0);
}

static void what_lies_between_is_rounded_to_the_nearest_or_the_even(void)
{
  everywhere(check_between);
}

static void check_singles(void)
{
  static float x[ND_BLOCK];
  uint64_t sum = 0;
  uint16_t y[ND_BLOCK];
  for (uint32_t k = 0; k < COUNT; k += ND_BLOCK) {
    for (uint32_t i = 0; i < ND_BLOCK; i++) {
      const uint32_t bits = (k + i) * STEP;
      memcpy(&x[i], &bits, sizeof bits);
    }
    convert(f->dtype, ND_FLOAT32, ND_BLOCK, y, x);
    for (uint32_t i = 0; i < ND_BLOCK; i++)
      sum += (isnan(x[i]) ? 1U : y[i]) * (2 * (uint64_t)(k + i) + 1);
  }
  CHECK(sum == f->of_singles);
}

static void check_doubles(void)
{
  if (f->dtype != ND_FLOAT16)
    return;
  double x[ND_BLOCK];
  uint64_t sum = 0;
  uint16_t y[ND_BLOCK];
  for (uint64_t k = 0; k < COUNT; k += ND_BLOCK) {
    for (uint64_t i = 0; i < ND_BLOCK; i++) {
      const uint64_t bits = ((k + i) * FACTOR & 0x81ffffffffffffff) |
                            0x3e00000000000000;
      memcpy(&x[i], &bits, sizeof bits);
    }
    convert(f->dtype, ND_FLOAT64, ND_BLOCK, y, x);
    for (uint64_t i = 0; i < ND_BLOCK; i++)
      sum += y[i] * (2 * (k + i) + 1);
  }
  CHECK(sum == float16_of_doubles);
}

static void floats_become_what_numpy_makes_of_them(void)
{
  everywhere(check_singles);
  everywhere(check_doubles);
}

static uint16_t of_integer(int64_t x)
{
  uint16_t y;
  convert(f->dtype, ND_INT64, 1, &y, &x);
  return y;
}

// 2^62 + 2^54 is half way between two numbers of bfloat16, of which the lower
// one is even: one more is too many for a double.
static void check_integers(void)
{
  const int64_t half = ((int64_t)1 << 62) + ((int64_t)1 << 54);
  const bool small = f->dtype == ND_FLOAT16;
  CHECK_INT(of_integer(half), nearest_bits(0x1p62));
  CHECK_INT(of_integer(half + 1),
            small ? nearest_bits(INFINITY) : nearest_bits(0x1p62) + 1);
  CHECK_INT(of_integer(-half - 1),
            small ? nearest_bits(-INFINITY) : nearest_bits(-0x1p62) + 1);
  CHECK_INT(of_integer(half - 1), nearest_bits(0x1p62));
  CHECK_INT(of_integer(INT64_MAX), nearest_bits(0x1p63));
  CHECK_INT(of_integer(INT64_MIN), nearest_bits(-0x1p63));
  CHECK_INT(of_integer(2049), nearest_bits(2049));
  wrong = 0;
  for (int64_t i = -70000; i < 70000; i += 7)
    wrong += of_integer(i) != nearest_bits((double)i);
  CHECK_INT(wrong, 0);
}

static void integers_are_rounded_once(void)
{
  everywhere(check_integers);
}

static void check_others(void)
{
  const double numbers[] = { 2.75, -2.75, 300, 0, -0.0, INFINITY, NAN };
  static const int32_t whole[] = { 2, -2, 300, 0, 0, INT32_MIN, INT32_MIN };
  static const uint8_t truth[] = { 1, 1, 1, 0, 0, 1, 1 };
  uint16_t x[7], other[7], back[7];
  int32_t i32[7];
  uint8_t flags[7], bytes[7];
  convert(f->dtype, ND_FLOAT64, 7, x, numbers);
  convert(ND_INT32, f->dtype, 7, i32, x);
  convert(ND_BOOL, f->dtype, 7, flags, x);
  convert(ND_UINT8, f->dtype, 3, bytes, x);
  CHECK(memcmp(i32, whole, sizeof i32) == 0);
  CHECK(memcmp(flags, truth, sizeof flags) == 0);
  CHECK(bytes[0] == 2 && bytes[1] == 254 && bytes[2] == 44);
  convert(f->dtype, ND_BOOL, 7, other, flags);
  CHECK_INT(other[0], nearest_bits(1));
  CHECK_INT(other[3], 0);
  convert(f->dtype, ND_UINT8, 2, other, bytes);
  CHECK_INT(other[1], nearest_bits(254));
  const nd_dtype second = formats[f == formats].dtype;
  convert(second, f->dtype, 7, other, x);
  convert(f->dtype, second, 7, back, other);
  CHECK(memcmp(back, x, sizeof x) == 0);
  convert(f->dtype, f->dtype, 7, back, x);
  CHECK(memcmp(back, x, sizeof x) == 0);
}

static void other_dtypes_go_by_the_same_rules(void)
{
  everywhere(check_others);
}

int main(void)
{
  for (int i = 0; i < PATTERNS; i++)
    pattern[i] = (uint16_t)i;
  RUN(every_pattern_is_what_it_stands_for_there_and_back);
  RUN(what_lies_between_is_rounded_to_the_nearest_or_the_even);
  RUN(floats_become_what_numpy_makes_of_them);
  RUN(integers_are_rounded_once);
  RUN(other_dtypes_go_by_the_same_rules);
  return check_done();
}
