// base/rejection.c: gamma by Marsaglia and Tsang (2000), Poisson by Hoermann's
// transformed rejection (PTRS, 1993) from 10 on and by inversion below.
//
// A trial takes whole counters of its element: trial k of gamma the attempts
// 2 k and 2 k + 1, trial k of Poisson attempt k. The first trials, of which 19
// in 20 are accepted, are made for LANES elements at a time.
#include "base/rejection.h"

#include <float.h>
#include <stdbool.h>

#include "base/philox_words.h"

static bool is_plain(double parameter)
{
  return parameter > 0 && parameter <= DBL_MAX;
}

// ---- gamma ------------------------------------------------------------------

// A normal number, one of (0, 1] that decides, and another for alpha < 1.
typedef struct gamma_trial {
  double x, u, boost;
} gamma_trial;

static inline double normal_f64(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
  double x, y;
  circle_f64(c, d, &x, &y);
  return radius_f64(a, b) * x;
}

static void first_gamma_trials(nd_philox s, uint64_t group,
                               gamma_trial t[LANES])
{
  words g;
  draw_lanes(s, group * LANES, &g);
  for (int k = 0; k < LANES; k++)
    t[k].x = normal_f64(g.w[0][k], g.w[1][k], g.w[2][k], g.w[3][k]);
  draw_lanes(s, (uint64_t)1 << 48 | group * LANES, &g);
  for (int k = 0; k < LANES; k++) {
    t[k].u = open_f64(g.w[0][k], g.w[1][k]);
    t[k].boost = open_f64(g.w[2][k], g.w[3][k]);
  }
}

static gamma_trial next_gamma_trial(nd_philox s, uint64_t index, int k)
{
  uint32_t w[4];
  gamma_trial t;
  draw_again(s, index, 2 * k, w);
  t.x = normal_f64(w[0], w[1], w[2], w[3]);
  draw_again(s, index, 2 * k + 1, w);
  t.u = open_f64(w[0], w[1]);
  t.boost = open_f64(w[2], w[3]);
  return t;
}

// The logarithm of what v = (1 + y)^3 is accepted with, where y is x / sqrt(9
// d): x^2 / 2 + d (1 - v + log v). In powers of y the first that stays is the
// fourth, which the rest would hide where d is large.
static double gamma_ratio(double x, double y, double v, double d)
{
  if (y < 0.01 && y > -0.01)
    return x * x * (y * y) * (y * (1.0 / 15 - y * (1.0 / 18)) - 1.0 / 12);
  return x * x / 2 + d * (1 - v + portable_log_f64(v));
}

// For alpha = d + 1/3 >= 1, d v is a draw if this is true.
static bool accept_gamma(const gamma_trial *t, double d, double *v)
{
  const double xx = t->x * t->x, y = t->x / sqrt(9 * d), root = 1 + y;
  *v = root * root * root;
  return root > 0 && (t->u < 1 - 0.0331 * (xx * xx) ||
                      portable_log_f64(t->u) < gamma_ratio(t->x, y, *v, d));
}

// Below 1 it is a draw of alpha + 1 times u^(1 / alpha).
static double draw_gamma(nd_philox s, uint64_t index, double alpha,
                         gamma_trial t)
{
  const double d = (alpha < 1 ? alpha + 1 : alpha) - 1.0 / 3;
  double v;
  for (int k = 1; !accept_gamma(&t, d, &v) && k <= LAST_ATTEMPT / 2; k++)
    t = next_gamma_trial(s, index, k);
  return alpha < 1 ? d * v * portable_exp_f64(portable_log_f64(t.boost) / alpha)
                   : d * v;
}

void nd_rejection_gamma(nd_philox s, uint64_t first, size_t n,
                        const double *alpha, double *out)
{
  gamma_trial t[LANES];
  for (span p; n > 0; first += p.take, n -= p.take) {
    p = first_span(first, n, LANES);
    first_gamma_trials(s, p.group, t);
    for (size_t k = 0; k < p.take; k++, alpha++)
      *out++ = is_plain(*alpha)
                 ? draw_gamma(s, first + k, *alpha, t[p.skip + k])
                 : *alpha;
  }
}

// ---- Poisson ----------------------------------------------------------------

typedef struct poisson_trial {
  double u, v;  // of [0, 1) and of (0, 1]
} poisson_trial;

static void first_poisson_trials(nd_philox s, uint64_t group,
                                 poisson_trial t[LANES])
{
  words g;
  draw_lanes(s, group * LANES, &g);
  for (int k = 0; k < LANES; k++) {
    t[k].u = unit_f64(g.w[0][k], g.w[1][k]);
    t[k].v = open_f64(g.w[2][k], g.w[3][k]);
  }
}

static poisson_trial next_poisson_trial(nd_philox s, uint64_t index, int k)
{
  uint32_t w[4];
  draw_again(s, index, k, w);
  return (poisson_trial){ unit_f64(w[0], w[1]), open_f64(w[2], w[3]) };
}

// The first k at which the sum of probabilities is above u, or that is too
// rare to be drawn.
static double invert_poisson(double mean, double u)
{
  double k = 0, chance = portable_exp_f64(-mean), sum = chance;
  while (u >= sum && (chance > 0x1p-60 || k < mean)) {
    k++;
    chance *= mean / k;
    sum += chance;
  }
  return k;
}

// log(k!) - log(sqrt(2 pi k)) - k log(k) + k for k >= 16.
static double stirling_rest(double k)
{
  const double z = 1 / (k * k);
  double series = 1.0 / 1188;
  series = 1.0 / 1680 - z * series;
  series = 1.0 / 1260 - z * series;
  series = 1.0 / 360 - z * series;
  return (1.0 / 12 - z * series) / k;
}

// k log(k / mean) + mean - k, with x = (k - mean) / (k + mean): where that is
// small, (k - mean) x + 2 k (x^3 / 3 + x^5 / 5 + ..).
static double deviance(double k, double mean)
{
  const double x = (k - mean) / (k + mean), z = x * x;
  if (z > 0.01)
    return k * portable_log_f64(k / mean) + mean - k;
  double series = 1.0 / 17;
  for (int i = 15; i >= 3; i -= 2)
    series = series * z + 1.0 / i;
  return (k - mean) * x + 2 * k * (x * z) * series;
}

// The logarithm of mean^k e^(-mean) / k!, without the cancellation that its
// terms have where k is large (Loader, 2000).
static double log_chance(double k, double mean)
{
  const double log_two_pi = 1.83787706640934548356;
  if (k >= 16)
    return -stirling_rest(k) - deviance(k, mean) -
           (log_two_pi + portable_log_f64(k)) / 2;
  double factorial = 1;
  for (int i = 2; i <= k; i++)
    factorial *= i;
  return k * portable_log_f64(mean) - mean - portable_log_f64(factorial);
}

// What proposals for a mean are made of, in Hoermann's letters.
typedef struct hat {
  double mean, a, b, alpha, v;
} hat;

static hat make_hat(double mean)
{
  const double b = 0.931 + 2.53 * sqrt(mean);
  return (hat){ .mean = mean,
                .a = 0.02483 * b - 0.059,
                .b = b,
                .alpha = 1.1239 + 1.1328 / (b - 3.4),
                .v = 0.9277 - 3.6224 / (b - 2) };
}

static bool accept_poisson(const hat *h, poisson_trial t, double *k)
{
  const double u = t.u - 0.5, room = 0.5 - (u < 0 ? -u : u);
  *k = floor((2 * h->a / room + h->b) * u + h->mean + 0.43);
  if (room >= 0.07 && t.v <= h->v)
    return true;
  if (!(*k >= 0) || (room < 0.013 && t.v > room))
    return false;
  const double share = t.v * h->alpha / (h->a / (room * room) + h->b);
  return portable_log_f64(share) <= log_chance(*k, h->mean);
}

static double draw_poisson(nd_philox s, uint64_t index, double mean,
                           poisson_trial t)
{
  if (mean < 10)
    return invert_poisson(mean, t.u);
  const hat h = make_hat(mean);
  double x;
  for (int k = 1; !accept_poisson(&h, t, &x) && k <= LAST_ATTEMPT; k++)
    t = next_poisson_trial(s, index, k);
  return x;
}

void nd_rejection_poisson(nd_philox s, uint64_t first, size_t n,
                          const double *mean, double *out)
{
  poisson_trial t[LANES];
  for (span p; n > 0; first += p.take, n -= p.take) {
    p = first_span(first, n, LANES);
    first_poisson_trials(s, p.group, t);
    for (size_t k = 0; k < p.take; k++, mean++)
      *out++ = is_plain(*mean)
                 ? draw_poisson(s, first + k, *mean, t[p.skip + k])
                 : *mean;
  }
}
