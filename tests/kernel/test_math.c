// Tests of kernel/math.h against the long double functions of the C library.
// test_math_fma.c runs them again as a CPU with FMA computes.

#include "check.h"
#include "digest.h"
#include "exact.h"

#include "kernel/math_angle.h"
#include "kernel/math_gamma.h"
#include "kernel/math_remainder.h"

#include <stdlib.h>

// A long double wider than 64 bits is computed in software.
enum { COUNT = 3000, SEEDS = LDBL_MANT_DIG > 64 ? 3 : 24 };

// The bound is in units in the last place and holds with and without FMA; the
// digests are those of results computed with FMA.
// clang-format off
#define ALL INFINITY, INFINITY
#define NEAR ND_ANGLE_LIMIT_F32, ND_ANGLE_LIMIT_F64

#define UNARY(F)                                                              \
/*name      exact            limits bound, digest_f32, digest_f64 */          \
F(exp,      expl,            ALL,  1.05,                                      \
  0x0021a3e57793ceef, 0x54f7fcaa56019e0d)                                     \
F(expm1,    expm1l,          ALL,  1.8,                                       \
  0x0049cf1c21c10b6c, 0x7a1e77a9b1319798)                                     \
F(log,      logl,            ALL,  0.9,                                       \
  0x00150ec96e6183fa, 0xb304a5ce055dcd6e)                                     \
F(log1p,    log1pl,          ALL,  1.4,                                       \
  0x0015e2ca09f522c4, 0x787b1c9545ad16d5)                                     \
F(sin,      sinl,            NEAR, 1.45,                                      \
  0x004438942eba9d64, 0xf6eba15298dbe3cd)                                     \
F(cos,      cosl,            NEAR, 1.45,                                      \
  0x00424e7da911debb, 0x7ed293b060b5e2ca)                                     \
F(tan,      tanl,            NEAR, 1.1,                                       \
  0x0042e23cbab16396, 0x24b64790462e824d)                                     \
F(sin_any,  sinl,            ALL,  1.45,                                      \
  0x0042915ba125c5ab, 0x8d3fb482a1a2a05c)                                     \
F(cos_any,  cosl,            ALL,  1.45,                                      \
  0x004070b4f7ced3c8, 0xdaf8b6c3a46684ad)                                     \
F(tan_any,  tanl,            ALL,  1.1,                                       \
  0x00428a11b819cafe, 0xfc5d68e5a93bdd02)                                     \
F(asin,     asinl,           ALL,  1.2,                                       \
  0x0007328096961847, 0x87c6590823e3d557)                                     \
F(acos,     acosl,           ALL,  1.2,                                       \
  0x00047947437c46ee, 0xc49ac42ed27172c1)                                     \
F(atan,     atanl,           ALL,  1.5,                                       \
  0x00435a880b9c8079, 0x17f865ebd24fe0f4)                                     \
F(sinh,     sinhl,           ALL,  2.0,                                       \
  0x005092b6eadeca71, 0x0b02d2dafb3e4f5c)                                     \
F(cosh,     coshl,           ALL,  1.5,                                       \
  0x002f5c40eb14e537, 0xcd0da9c3f6dff4ce)                                     \
F(tanh,     tanhl,           ALL,  2.0,                                       \
  0x00433ba398ac827f, 0x5011ed5f4418385e)                                     \
F(asinh,    asinhl,          ALL,  2.0,                                       \
  0x0043c7ec0960e884, 0x9c2ec4c0c846e92e)                                     \
F(acosh,    acoshl,          ALL,  2.0,                                       \
  0x000eb6e3d5f83326, 0xab9482bfdce28812)                                     \
F(atanh,    atanhl,          ALL,  2.0,                                       \
  0x000732a30a981fc5, 0xc6614f36a7187e97)                                     \
F(sigmoid,  exact_sigmoidl,  ALL,  1.9,                                       \
  0x001b06bd7ff7f663, 0xd289ad114eaf1778)                                     \
F(bell,     exact_belll,     ALL,  2.3,                                       \
  0x00146af2cb6152bf, 0x2f1082672dbe1372)                                     \
F(softplus, exact_softplusl, ALL,  1.7,                                       \
  0x001c874f11487b68, 0x68bfdea1c26cfe5f)                                     \
F(erf,      erfl,            ALL,  1.6,                                       \
  0x00433d53df6f480d, 0x8287663d278f136a)                                     \
F(erfc,     erfcl,           ALL,  2.0,                                       \
  0x0014acbc6c6ae8e4, 0x1d6d9c276fb57c09)                                     \
F(gauss,    exact_gaussl,    ALL,  0.9,                                       \
  0x00069a0373068b31, 0x183e2444b80bcace)                                     \
F(arc,      exact_arcl,      ALL,  1.95,                                      \
  0x000474ceeb89cfa3, 0x5aafcc17ee7eaec9)                                     \
F(sqrt,     sqrtl,           ALL,  0.51,                                      \
  0x0010ccb9cb27a5dd, 0x47850561dcb34ae2)                                     \
F(rsqrt,    exact_rsqrtl,    ALL,  1.5,                                       \
  0x001043474a006312, 0x10f1c4ed054f1c31)                                     \
F(floor,    floorl,          ALL,  0,                                         \
  0x00464316842ccf18, 0x5d232309419ae936)                                     \
F(ceil,     ceill,           ALL,  0,                                         \
  0x0045fc7716f895a8, 0xd9d658992ef5ed56)                                     \
F(round,    nearbyintl,      ALL,  0,                                         \
  0x0044225bd580aeac, 0x956b27ad41cd7f56)

#define BINARY(F)                                                             \
/*name      exact            bound, digest_f32, digest_f64 */                 \
F(pow,      powl,            1.05,                                            \
  0x0010957b139e1610, 0x083ecb877f2587fe)                                     \
F(atan2,    atan2l,          1.7,                                             \
  0x004473fb9519eff9, 0x4e6881e8258bdb63)                                     \
F(turn,     exact_turnl,     2.1,                                             \
  0x003f26f0e1474cd6, 0x87b171edc1017ea5)
// clang-format on

typedef struct unary {
  const char *name;
  void (*f32)(const float *x, float *y);
  void (*f64)(const double *x, double *y);
  long double (*exact)(long double);
  double limit_f32, limit_f64, bound;
  uint64_t digest_f32, digest_f64;
} unary;

typedef struct binary {
  const char *name;
  void (*f32)(const float *x, const float *y, float *z);
  void (*f64)(const double *x, const double *y, double *z);
  long double (*exact)(long double, long double);
  double bound;
  uint64_t digest_f32, digest_f64;
} binary;

// As their ops do.
#define nd_asinh_f32(x) ((float)nd_asinh_f64(x))
#define nd_acosh_f32(x) ((float)nd_acosh_f64(x))
#define nd_atanh_f32(x) ((float)nd_atanh_f64(x))
#define nd_erfc_f32(x) ((float)nd_erfc_f64(x))

#define UNARY_LOOPS(name, exact, limits, bound, digest_f32, digest_f64) \
  static void name##_of_floats(const float *x, float *y)                \
  {                                                                     \
    for (int i = 0; i < COUNT; i++)                                     \
      y[i] = nd_##name##_f32(x[i]);                                     \
  }                                                                     \
  static void name##_of_doubles(const double *x, double *y)             \
  {                                                                     \
    for (int i = 0; i < COUNT; i++)                                     \
      y[i] = nd_##name##_f64(x[i]);                                     \
  }
UNARY(UNARY_LOOPS)

#define BINARY_LOOPS(name, exact, bound, digest_f32, digest_f64)             \
  static void name##_of_floats(const float *x, const float *y, float *z)     \
  {                                                                          \
    for (int i = 0; i < COUNT; i++)                                          \
      z[i] = nd_##name##_f32(x[i], y[i]);                                    \
  }                                                                          \
  static void name##_of_doubles(const double *x, const double *y, double *z) \
  {                                                                          \
    for (int i = 0; i < COUNT; i++)                                          \
      z[i] = nd_##name##_f64(x[i], y[i]);                                    \
  }
BINARY(BINARY_LOOPS)

#define UNARY_ROW(name, exact, limits, ...) \
  { #name, name##_of_floats, name##_of_doubles, exact, limits, __VA_ARGS__ },
#define BINARY_ROW(name, exact, ...) \
  { #name, name##_of_floats, name##_of_doubles, exact, __VA_ARGS__ },

static const unary unaries[] = { UNARY(UNARY_ROW) };
static const binary binaries[] = { BINARY(BINARY_ROW) };

enum {
  UNARIES = sizeof unaries / sizeof unaries[0],
  BINARIES = sizeof binaries / sizeof binaries[0]
};

static float x_f32[COUNT], y_f32[COUNT], z_f32[COUNT];
static double x_f64[COUNT], y_f64[COUNT], z_f64[COUNT];

// ---- samples ----------------------------------------------------------------

static uint64_t sample_state;

static uint64_t next_bits(void)
{
  sample_state += 0x9e3779b97f4a7c15u;
  uint64_t u = sample_state;
  u = (u ^ (u >> 30)) * 0xbf58476d1ce4e5b9u;
  u = (u ^ (u >> 27)) * 0x94d049bb133111ebu;
  return u ^ (u >> 31);
}

static double next_between(double low, double high)
{
  return low + (high - low) * ((double)(next_bits() >> 11) * 0x1p-53);
}

// Any double, or any float as a double.
static double next_number(bool is_float)
{
  const uint64_t u = next_bits();
  return is_float ? (double)nd_float_f32((uint32_t)u) : nd_float_f64(u);
}

// Everywhere by turns: near 0, where the exponential lives, far out.
static double next_sample(int i, bool is_float, double limit)
{
  const double reach = is_float ? 110 : 760;
  double x = next_number(is_float);
  if (i % 3 == 0)
    x = next_between(-2, 2);
  else if (i % 3 == 1)
    x = next_between(-reach, reach);
  return fabs(x) < limit ? x : next_between(-1e6, 1e6);
}

static const double specials[] = { 0.0,
                                   -0.0,
                                   INFINITY,
                                   -INFINITY,
                                   NAN,
                                   1,
                                   -1,
                                   2,
                                   -2,
                                   3,
                                   -3,
                                   0.5,
                                   -0.5,
                                   1.5,
                                   -1.5,
                                   2.5,
                                   -2.5,
                                   FLT_MIN,
                                   -FLT_MIN,
                                   FLT_MAX,
                                   -FLT_MAX,
                                   FLT_TRUE_MIN,
                                   -FLT_TRUE_MIN,
                                   DBL_MIN,
                                   -DBL_MIN,
                                   DBL_MAX,
                                   -DBL_MAX,
                                   DBL_TRUE_MIN,
                                   -DBL_TRUE_MIN,
                                   1 - DBL_EPSILON,
                                   1 + DBL_EPSILON,
                                   88.72,
                                   88.73,
                                   -87.4,
                                   89.4,
                                   89.5,
                                   -103.9,
                                   -104.1,
                                   709.78,
                                   709.79,
                                   710.47,
                                   710.48,
                                   -708.5,
                                   -745.1,
                                   -745.2,
                                   0x1p23,
                                   0x1p23 + 1,
                                   0x1p52,
                                   0x1p52 + 1,
                                   0x1p53,
                                   8388607.5,
                                   4503599627370495.5 };

enum { SPECIALS = sizeof specials / sizeof specials[0] };

static void fill_samples(const unary *u, int seed)
{
  sample_state = (uint64_t)seed << 32;
  for (int i = 0; i < COUNT; i++) {
    const double special = seed == 0 && i < SPECIALS ? specials[i] : NAN;
    const float narrow = fabs(special) > FLT_MAX ? 1 : (float)special;
    const bool ends = isinf(special);
    x_f32[i] = (float)next_sample(i, true, u->limit_f32);
    x_f64[i] = next_sample(i, false, u->limit_f64);
    if (seed == 0 && i < SPECIALS && !(fabsf(narrow) >= u->limit_f32))
      x_f32[i] = ends ? (float)special : narrow;
    if (seed == 0 && i < SPECIALS && (ends || !(fabs(special) >= u->limit_f64)))
      x_f64[i] = special;
  }
}

// Bases of every size with exponents that bring the power everywhere between
// underflow and overflow, then any two numbers, then each special with each.
static void fill_pairs(int seed)
{
  sample_state = (uint64_t)seed << 32;
  for (int i = 0; i < COUNT; i++) {
    const double a = next_number(true), b = next_number(false);
    const double to_range = next_between(-1, 1);
    x_f32[i] = (float)a;
    x_f64[i] = b;
    y_f32[i] = (float)(to_range * 104 / log(fabs(a)));
    y_f64[i] = to_range * 746 / log(fabs(b));
    if (i % 2 == 0) {
      x_f32[i] = (float)next_between(-3, 3);
      x_f64[i] = next_between(-3, 3);
    }
    if (i % 4 == 0) {
      y_f32[i] = (float)rint(next_between(-60, 60));
      y_f64[i] = rint(next_between(-600, 600));
    }
    const int pair = seed * COUNT + i;
    if (pair < SPECIALS * SPECIALS) {
      x_f64[i] = specials[pair / SPECIALS];
      y_f64[i] = specials[pair % SPECIALS];
      x_f32[i] = fabs(x_f64[i]) < FLT_MAX ? (float)x_f64[i] : INFINITY;
      y_f32[i] = fabs(y_f64[i]) < FLT_MAX ? (float)y_f64[i] : -INFINITY;
    }
  }
}

// ---- errors -----------------------------------------------------------------

// Valgrind computes long double as double.
static bool reference_is_wide(void)
{
  volatile long double one = 1;
  return one + 0x1p-60L != one;
}

static void report_error(const char *name, const char *type, double error,
                         double bound, double x, double y)
{
  CHECK(error <= bound);
  if (!(error <= bound))
    printf("  %s_%s: %.3f ulp at %a, %a\n", name, type, error, x, y);
}

static void check_unary_f32(const unary *u)
{
  double worst = 0, at = 0;
  u->f32(x_f32, z_f32);
  for (int i = 0; i < COUNT; i++) {
    const double error = ulps_f32l(z_f32[i], u->exact(x_f32[i]));
    if (error > worst) {
      worst = error;
      at = x_f32[i];
    }
  }
  report_error(u->name, "f32", worst, u->bound, at, 0);
}

static void check_unary_f64(const unary *u)
{
  double worst = 0, at = 0;
  u->f64(x_f64, z_f64);
  for (int i = 0; i < COUNT; i++) {
    const double error = ulps_f64l(z_f64[i], u->exact(x_f64[i]));
    if (error > worst) {
      worst = error;
      at = x_f64[i];
    }
  }
  report_error(u->name, "f64", worst, u->bound, at, 0);
}

static void float_functions_keep_their_bounds_and_special_values(void)
{
  for (int seed = 0; seed < SEEDS; seed++) {
    for (int k = 0; k < UNARIES; k++) {
      fill_samples(&unaries[k], seed);
      check_unary_f32(&unaries[k]);
    }
  }
}

static void double_functions_keep_their_bounds_and_special_values(void)
{
  for (int seed = 0; seed < SEEDS && reference_is_wide(); seed++) {
    for (int k = 0; k < UNARIES; k++) {
      fill_samples(&unaries[k], seed);
      check_unary_f64(&unaries[k]);
    }
  }
}

static void check_binary_f32(const binary *b)
{
  int worst_at = 0;
  double worst = 0;
  b->f32(x_f32, y_f32, z_f32);
  for (int i = 0; i < COUNT; i++) {
    const double error = ulps_f32l(z_f32[i], b->exact(x_f32[i], y_f32[i]));
    if (error > worst) {
      worst = error;
      worst_at = i;
    }
  }
  report_error(b->name, "f32", worst, b->bound, x_f32[worst_at],
               y_f32[worst_at]);
}

static void check_binary_f64(const binary *b)
{
  int worst_at = 0;
  double worst = 0;
  b->f64(x_f64, y_f64, z_f64);
  for (int i = 0; i < COUNT; i++) {
    const double error = ulps_f64l(z_f64[i], b->exact(x_f64[i], y_f64[i]));
    if (error > worst) {
      worst = error;
      worst_at = i;
    }
  }
  report_error(b->name, "f64", worst, b->bound, x_f64[worst_at],
               y_f64[worst_at]);
}

static void pow_and_atan2_keep_their_bounds_and_special_values(void)
{
  for (int seed = 0; seed < SEEDS; seed++) {
    fill_pairs(seed);
    for (int k = 0; k < BINARIES; k++) {
      check_binary_f32(&binaries[k]);
      if (reference_is_wide())
        check_binary_f64(&binaries[k]);
    }
  }
}

// ---- claims that samples may miss -------------------------------------------

// Multiples of pi/2 are where a reduction loses all its digits.
static void angles_next_to_a_zero_keep_their_bounds(void)
{
  const long double right_angle = 1.57079632679489661923132169163975144L;
  for (int k = 0; k < 3 && reference_is_wide(); k++) {
    const unary *u = &unaries[0];
    while (strcmp(u->name, k == 0   ? "sin_any"
                           : k == 1 ? "cos_any"
                                    : "tan_any") != 0)
      u++;
    for (int i = 0; i < COUNT; i++) {
      const long double q = rintl(ldexpl(1 + i / 4, i % 33));
      x_f32[i] = (float)(q * right_angle);
      x_f64[i] = (double)(q * right_angle);
    }
    check_unary_f32(u);
    check_unary_f64(u);
  }
}

static void loops_leave_angles_beyond_the_limit_as_nan(void)
{
  const double beyond = ND_ANGLE_LIMIT_F64;
  CHECK(!isnan(nd_sin_f64(beyond * 0.999)) && isnan(nd_sin_f64(beyond)));
  CHECK(!isnan(nd_cos_f64(-beyond * 0.999)) && isnan(nd_cos_f64(-beyond)));
  CHECK(!isnan(nd_tan_f64(beyond * 0.999)) && isnan(nd_tan_f64(1e300)));
  const float far = ND_ANGLE_LIMIT_F32;
  CHECK(!isnan(nd_sin_f32(far * 0.999f)) && isnan(nd_sin_f32(far)));
  CHECK(!isnan(nd_cos_f32(-far * 0.999f)) && isnan(nd_cos_f32(-far)));
  CHECK(!isnan(nd_tan_f32(far * 0.999f)) && isnan(nd_tan_f32(FLT_MAX)));
}

// From mpmath 1.3. The third is the double nearest to a multiple of pi/2.
static void far_angles_are_reduced_to_the_last_bit(void)
{
  static const double cases[][4] = {
    { 0x1p46, 0.9994730524837995, -0.032459472557578238, -30.791413838006275 },
    { 1e15, 0.85827279317023584, -0.51319373778697025, -1.672414782127583 },
    { 0x1.6ac5b262ca1ffp+849, 1, -4.6871659242546276e-19,
      -2.1334853857537038e+18 },
    { DBL_MAX, 0.0049619547891840618, -0.99998768942655994,
      -0.0049620158744448949 },
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    const double *at = cases[k];
    CHECK(ulps_f64l(nd_sin_any_f64(-at[0]), -at[1]) < 1.5);
    CHECK(ulps_f64l(nd_cos_any_f64(-at[0]), at[2]) < 1.5);
    CHECK(ulps_f64l(nd_tan_any_f64(-at[0]), -at[3]) < 1.5);
  }
}

static void pow_follows_the_standard(void)
{
  // clang-format off
  static const double cases[][3] = {
    { NAN, 0, 1 }, { NAN, -0.0, 1 }, { INFINITY, 0, 1 }, { 0, 0, 1 },
    { 1, NAN, 1 }, { 1, INFINITY, 1 }, { 1, 5, 1 }, { -1, INFINITY, 1 },
    { -1, -INFINITY, 1 }, { -2, 3, -8 }, { -2, 2, 4 }, { -2, -1, -0.5 },
    { -8, 1.0 / 3, NAN }, { -0.5, 0.5, NAN }, { 0, -1, INFINITY },
    { -0.0, -1, -INFINITY }, { -0.0, -2, INFINITY }, { 0, 3, 0 },
    { -0.0, 3, -0.0 }, { -0.0, 2, 0 }, { 0, 0.5, 0 }, { -0.0, 0.5, 0 },
    { 0, -INFINITY, INFINITY }, { 0, INFINITY, 0 }, { 0.5, INFINITY, 0 },
    { 0.5, -INFINITY, INFINITY }, { 2, INFINITY, INFINITY },
    { -2, INFINITY, INFINITY }, { 2, -INFINITY, 0 }, { INFINITY, 2, INFINITY },
    { INFINITY, -2, 0 }, { -INFINITY, 3, -INFINITY },
    { -INFINITY, 2, INFINITY }, { -INFINITY, 0.5, INFINITY },
    { -INFINITY, -3, -0.0 }, { -INFINITY, -2, 0 }, { NAN, 1, NAN },
    { 2, NAN, NAN }, { 10, 2, 100 }, { 2, -1074, 0x1p-1074 },
    { 2, 1024, INFINITY }, { -2, 1023, -0x1p1023 }
  };
  // clang-format on
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    const double x = cases[k][0], y = cases[k][1], want = cases[k][2];
    CHECK(ulps_f64l(nd_pow_f64(x, y), want) < 1);
    if (fabs(y) < 1000)
      CHECK(ulps_f32l(nd_pow_f32((float)x, (float)y),
                      powl((float)x, (float)y)) < 1);
  }
}

static void tiny_arguments_come_through(void)
{
  static const double sizes[] = { 0x1p-1074, 0x1p-1030, 0x1p-140, 0x1p-60 };
  for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
    const double x = -sizes[k];
    CHECK(nd_sin_f64(x) == x && nd_tan_f64(x) == x && nd_asin_f64(x) == x);
    CHECK(nd_atan_f64(x) == x && nd_sinh_f64(x) == x && nd_tanh_f64(x) == x);
    CHECK(nd_expm1_f64(x) == x && nd_log1p_f64(x) == x);
    const float s = (float)x;
    CHECK(nd_sin_f32(s) == s && nd_tan_f32(s) == s && nd_asin_f32(s) == s);
    CHECK(nd_atan_f32(s) == s && nd_sinh_f32(s) == s && nd_tanh_f32(s) == s);
    CHECK(nd_expm1_f32(s) == s && nd_log1p_f32(s) == s);
  }
}

// Divisors of all sizes, and multiples of them with their neighbours, where a
// rounded quotient is too large.
static void near_remainders_are_those_of_fmod(void)
{
  sample_state = 0;
  for (int i = 0; i < 100 * COUNT; i++) {
    const uint64_t times = next_bits() >> (13 + next_bits() % 51);
    const double y = next_number(false), x = (double)times * y;
    const float b = (float)next_number(true), a = (float)times * b;
    const double next = nd_float_f64(nd_bits_f64(x) + next_bits() % 3 - 1);
    const float after = nd_float_f32(nd_bits_f32(a) + next_bits() % 3 - 1);
    if (nd_remainder_is_near_f64(next, y))
      CHECK(ulps_f64l(nd_near_remainder_f64(next, y), fmod(next, y)) == 0);
    if (nd_remainder_is_near_f32(after, b))
      CHECK(ulps_f32l(nd_near_remainder_f32(after, b), fmodf(after, b)) == 0);
  }
}

// Below 0 it is a difference; the error is that of what is subtracted.
static void lgamma_keeps_its_bounds(void)
{
  sample_state = 0;
  for (int i = 0; i < 20 * COUNT && reference_is_wide(); i++) {
    const double x = fabs(next_sample(i, false, INFINITY));
    const double below = -next_between(0, i % 2 == 0 ? 4 : 200);
    const long double want = lgammal(below);
    const float narrow = (float)next_sample(i, true, INFINITY);
    CHECK(ulps_f64l(nd_lgamma_f64(x), lgammal(x)) < 1.4);
    const long double error = fabsl(nd_lgamma_f64(below) - want);
    const long double parts = 1 + lgammal(1 - below) + fabsl(want);
    CHECK(error < parts * 0x1p-51L);
    CHECK(ulps_f32l((float)nd_lgamma_f64((double)narrow), lgammal(narrow)) <
          0.6);
  }
}

static void halves_round_to_even(void)
{
  CHECK(nd_round_f32(0.5f) == 0 && nd_round_f32(1.5f) == 2);
  CHECK(nd_round_f32(2.5f) == 2 && nd_round_f32(-3.5f) == -4);
  CHECK(signbit(nd_round_f32(-0.5f)) && signbit(nd_ceil_f32(-0.5f)));
  CHECK(nd_round_f64(0.5) == 0 && nd_round_f64(1.5) == 2);
  CHECK(nd_round_f64(2.5) == 2 && nd_round_f64(-3.5) == -4);
  CHECK(signbit(nd_round_f64(-0.5)) && signbit(nd_ceil_f64(-0.5)));
}

// ---- bits -------------------------------------------------------------------

#if ND_HAS_FMA
static void check_digests(const char *name, uint64_t want_f32,
                          uint64_t want_f64)
{
  const uint64_t got_f32 = digest_f32(z_f32, COUNT);
  const uint64_t got_f64 = digest_f64(z_f64, COUNT);
  const bool same = got_f32 == want_f32 && got_f64 == want_f64;
  CHECK(same);
  if (!same)
    printf("  %s: 0x%016llx, 0x%016llx\n", name, (unsigned long long)got_f32,
           (unsigned long long)got_f64);
}

// The arguments are random bits and small dyadic fractions, made without any
// rounding that could differ.
static void fill_exact(double limit)
{
  sample_state = 0;
  for (int i = 0; i < COUNT; i++) {
    const bool wild = i % 4 == 0 && isinf(limit);
    const double fraction = (double)(int64_t)(next_bits() >> 11) - 0x1p52;
    x_f32[i] = wild ? (float)next_number(true) : (float)fraction * 0x1p-46f;
    x_f64[i] = wild ? next_number(false) : fraction * 0x1p-43;
    y_f32[i] = (float)(int32_t)(next_bits() >> 40) * 0x1p-20f - 8;
    y_f64[i] = (double)(int64_t)(next_bits() >> 11) * 0x1p-49 - 8;
  }
}

static void results_have_the_known_bits(void)
{
  for (int k = 0; k < UNARIES; k++) {
    fill_exact(unaries[k].limit_f64);
    unaries[k].f32(x_f32, z_f32);
    unaries[k].f64(x_f64, z_f64);
    check_digests(unaries[k].name, unaries[k].digest_f32,
                  unaries[k].digest_f64);
  }
  for (int k = 0; k < BINARIES; k++) {
    fill_exact(INFINITY);
    binaries[k].f32(x_f32, y_f32, z_f32);
    binaries[k].f64(x_f64, y_f64, z_f64);
    check_digests(binaries[k].name, binaries[k].digest_f32,
                  binaries[k].digest_f64);
  }
}
#endif

int main(void)
{
#if ND_HAS_FMA && defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
    printf("skipped: this CPU has no FMA\n");
    return 0;
  }
#endif
  RUN(float_functions_keep_their_bounds_and_special_values);
  RUN(double_functions_keep_their_bounds_and_special_values);
  RUN(pow_and_atan2_keep_their_bounds_and_special_values);
  RUN(angles_next_to_a_zero_keep_their_bounds);
  RUN(loops_leave_angles_beyond_the_limit_as_nan);
  RUN(far_angles_are_reduced_to_the_last_bit);
  RUN(pow_follows_the_standard);
  RUN(tiny_arguments_come_through);
  RUN(near_remainders_are_those_of_fmod);
  RUN(lgamma_keeps_its_bounds);
  RUN(halves_round_to_even);
#if ND_HAS_FMA
  RUN(results_have_the_known_bits);
#endif
  return check_done();
}
