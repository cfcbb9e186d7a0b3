// Tests of base/rejection.c: the shape of each distribution, parts of ranges,
// and corners. What it draws is in tests/golden/draws.txt, by a plain model.

#include "check.h"
#include "digest.h"

#include "base/rejection.h"

#include <float.h>

#include "../golden/rejection.h"

enum { MANY = 400000 };

typedef void fill(nd_philox s, uint64_t first, size_t n, const double *p,
                  double *out);

static const nd_philox one_stream = { 7, 3 };
static double parameter[MANY], x[MANY];

static void draw_from(fill *f, double p, size_t n)
{
  for (size_t k = 0; k < n; k++)
    parameter[k] = p;
  f(one_stream, 0, n, parameter, x);
}

// Checks mean and variance of x, given those of the distribution and its fourth
// central moment: within five standard errors.
static void check_moments(double mean, double variance, double fourth)
{
  double sum = 0, square = 0;
  for (int k = 0; k < MANY; k++) {
    sum += (x[k] - mean) / MANY;
    square += (x[k] - mean) * (x[k] - mean) / MANY;
  }
  CHECK_NEAR(sum, 0, 5 * sqrt(variance / MANY));
  CHECK_NEAR(square, variance, 5 * sqrt((fourth - variance * variance) / MANY));
}

// Checks the shares of x at or below ends that rise: by Kolmogorov and Smirnov,
// and by chi squared over the cells between. Either bound is beyond the chance
// of one in 10,000.
static void check_shares(int n, const double *ends, const double *shares)
{
  double count[CELLS] = { 0 }, below = 0, squares = 0;
  for (int k = 0; k < MANY; k++) {
    int low = 0, high = n;
    while (low < high) {
      const int at = (low + high) / 2;
      if (x[k] > ends[at])
        low = at + 1;
      else
        high = at;
    }
    count[low]++;
  }
  for (int i = 0; i <= n; i++) {
    const double share = i < n ? shares[i] : 1;
    const double expected = MANY * (share - (i > 0 ? shares[i - 1] : 0));
    squares += (count[i] - expected) * (count[i] - expected) / expected;
    below += count[i] / MANY;
    CHECK_NEAR(below, share, 2.3 / sqrt(MANY));
  }
  CHECK(squares < n + 8 * sqrt(2. * n) + 8);
}

static void gamma_numbers_have_their_distribution(void)
{
  double shares[CELLS - 1];
  for (int i = 0; i < CELLS - 1; i++)
    shares[i] = (i + 1.) / CELLS;
  for (int i = 0; i < ALPHAS; i++) {
    const double a = golden_alphas[i];
    draw_from(nd_rejection_gamma, a, MANY);
    check_moments(a, a, 3 * a * a + 6 * a);
    check_shares(CELLS - 1, golden_quantiles[i], shares);
  }
}

static void poisson_numbers_have_their_distribution(void)
{
  for (int i = 0; i < MEANS; i++) {
    const double m = golden_means[i];
    draw_from(nd_rejection_poisson, m, MANY);
    check_moments(m, m, 3 * m * m + m);
    check_shares(golden_steps[i], golden_ends[i], golden_shares[i]);
  }
}

// Where doubles are whole numbers, and further than their squares reach.
static void poisson_numbers_of_large_means_are_nearly_normal(void)
{
  static const double means[] = { 1e10, 1e16, 1e100 };
  for (int i = 0; i < 3; i++) {
    const double m = means[i];
    draw_from(nd_rejection_poisson, m, MANY);
    if (i < 2)
      check_moments(m, m, 3 * m * m + m);
    for (int k = 0; k < MANY; k++)
      CHECK(x[k] == floor(x[k]) && fabs(x[k] / m - 1) < 7 / sqrt(m) + 1e-15);
  }
}

// Neighbours share a vector.
static void draws_of_neighbours_are_independent(void)
{
  draw_from(nd_rejection_gamma, 2, MANY);
  static const int lags[] = { 1, 2, 16, 32 };
  for (int j = 0; j < 4; j++) {
    double sum = 0;
    for (int k = lags[j]; k < MANY; k++)
      sum += (x[k] - 2) * (x[k - lags[j]] - 2) / 2 / MANY;
    CHECK_NEAR(sum, 0, 5 / sqrt(MANY));
  }
}

static void parts_hold_the_same_bits_as_the_whole(void)
{
  static fill *const fills[] = { nd_rejection_gamma, nd_rejection_poisson };
  for (int i = 0; i < 2; i++) {
    const uint64_t first = ((uint64_t)1 << 36) - 500;
    for (size_t k = 0; k < 1000; k++)
      parameter[k] = .1 + .05 * (double)k;
    fills[i](one_stream, first, 1000, parameter, x);
    const uint64_t whole = digest_f64(x, 1000);
    for (size_t part = 1; part < 200; part += 13) {
      memset(x, 0, 1000 * sizeof *x);
      for (size_t k = 0; k < 1000; k += part)
        fills[i](one_stream, first + k, k + part < 1000 ? part : 1000 - k,
                 parameter + k, x + k);
      CHECK(digest_f64(x, 1000) == whole);
    }
  }
}

// An element's number does not tell how often its neighbours were refused.
static void a_parameter_has_a_say_in_its_own_element_alone(void)
{
  static double other[1000];
  draw_from(nd_rejection_poisson, 12, 1000);
  for (size_t k = 0; k < 1000; k += 2)
    parameter[k] = 3 + (double)k;
  nd_rejection_poisson(one_stream, 0, 1000, parameter, other);
  for (size_t k = 1; k < 1000; k += 2)
    CHECK(other[k] == x[k]);
}

// The bits of the first build: another compiler, CPU or libm has the same.
static void draws_have_the_same_bits_on_every_machine(void)
{
  draw_from(nd_rejection_gamma, .7, 100000);
  CHECK(digest_f64(x, 100000) == 0xe58e0c3fc75d1176u);
  draw_from(nd_rejection_gamma, 7, 100000);
  CHECK(digest_f64(x, 100000) == 0xc390a07a4d4513ecu);
  draw_from(nd_rejection_poisson, 7, 100000);
  CHECK(digest_f64(x, 100000) == 0xcf5f000000000000u);
  draw_from(nd_rejection_poisson, 70, 100000);
  CHECK(digest_f64(x, 100000) == 0xc341400000000000u);
}

static void corners_give_themselves_or_stay_finite(void)
{
  static const double corners[] = { 0, INFINITY, NAN };
  static const double finite[] = { DBL_TRUE_MIN, 1e-300, 1e300, DBL_MAX };
  static fill *const fills[] = { nd_rejection_gamma, nd_rejection_poisson };
  for (int i = 0; i < 2; i++) {
    fills[i](one_stream, 0, 3, corners, x);
    CHECK(x[0] == 0 && x[1] == INFINITY && isnan(x[2]));
    fills[i](one_stream, 0, 4, finite, x);
    CHECK(x[0] == 0 && x[1] == 0);
    CHECK_NEAR(x[2] / 1e300, 1, 1e-15);
    CHECK_NEAR(x[3] / DBL_MAX, 1, 1e-15);
  }
}

int main(void)
{
  RUN(gamma_numbers_have_their_distribution);
  RUN(poisson_numbers_have_their_distribution);
  RUN(poisson_numbers_of_large_means_are_nearly_normal);
  RUN(draws_of_neighbours_are_independent);
  RUN(parts_hold_the_same_bits_as_the_whole);
  RUN(a_parameter_has_a_say_in_its_own_element_alone);
  RUN(draws_have_the_same_bits_on_every_machine);
  RUN(corners_give_themselves_or_stay_finite);
  return check_done();
}
