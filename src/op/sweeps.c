// op/sweeps.c: see sweeps.h.

#include "op/sweeps.h"

#include <float.h>
#include <math.h>

enum { SWEEPS = 30, ROOM = 8, LEAST = 512 };

int64_t nd_sweeps_room(int64_t n)
{
  return ROOM * n > LEAST ? ROOM * n : LEAST;
}

int64_t nd_sweeps_rounds(int64_t n)
{
  return n > 0 ? SWEEPS * n / (nd_sweeps_room(n) / n) + 2 : 0;
}

void nd_sweeps_start(nd_sweeps *s, int64_t n)
{
  *s = (nd_sweeps){ .n = n, .left = n, .tries = SWEEPS * n };
}

// The root of the sum of squares, which neither overflow nor vanish.
static double length_of(double x, double y)
{
  const double p = fabs(x), q = fabs(y), most = p > q ? p : q;
  const double ratio = most == p ? q / p : p / q;
  return most == 0 ? 0 : most * sqrt(1 + ratio * ratio);
}

// c and s with (c f + s g, c g - s f) = (r, 0); returns r. They are those of a
// turn even where r is too small to have digits.
static double find_turn(double f, double g, double *c, double *s)
{
  const bool steep = fabs(g) > fabs(f);
  const double most = steep ? g : f, ratio = steep ? f / g : g / f;
  const double root = sqrt(1 + ratio * ratio), whole = 1 / root;
  *c = most == 0 ? 1 : steep ? ratio * whole : whole;
  *s = most == 0 ? 0 : steep ? whole : ratio * whole;
  return most == 0 ? 0 : most * root;
}

static void note(nd_sweeps *s, nd_turn *turns, double c, double sine,
                 int64_t at)
{
  turns[s->count] = (nd_turn){ c, sine, at };
}

// True if `e` beside p and q on the diagonal is as good as 0, also where
// numbers are so small that they have few digits.
static bool is_small(double e, double p, double q)
{
  return fabs(e) <= DBL_EPSILON / 2 * (fabs(p) + fabs(q)) + 0x1p-960;
}

// True if there is room for one more sweep, and something to do.
static bool goes_on(const nd_sweeps *s)
{
  return s->left > 0 && s->tries > 0 && s->count + s->n <= nd_sweeps_room(s->n);
}

// ------------------------------------------------------------- tridiagonal --

// The end of the block that begins at `l`: nothing is beside it.
static int64_t find_end(const nd_sweeps *s, const double *d, const double *e,
                        int64_t l)
{
  int64_t m = l;
  while (m + 1 < s->n && !is_small(e[m], d[m], d[m + 1]))
    m++;
  return m;
}

// One sweep of the block l..m, from its end, by Wilkinson's shift.
static void sweep_tridiagonal(nd_sweeps *s, double *d, double *e,
                              nd_turn *turns, int64_t l, int64_t m)
{
  double g = (d[l + 1] - d[l]) / (2 * e[l]);
  g = d[m] - d[l] + e[l] / (g + copysign(length_of(g, 1), g));
  double sine = 1, c = 1, p = 0;
  for (int64_t i = m - 1; i >= l; i--) {
    const double f = sine * e[i], b = c * e[i];
    e[i + 1] = find_turn(g, f, &c, &sine);
    if (e[i + 1] == 0) {
      d[i + 1] -= p;
      e[m] = 0;
      return;
    }
    g = d[i + 1] - p;
    const double r = (d[i] - g) * sine + 2 * c * b;
    p = sine * r;
    d[i + 1] = g + p;
    g = c * r - b;
    note(s, turns, c, sine, i);
    s->count++;
  }
  d[l] -= p;
  e[l] = g;
  e[m] = 0;
}

void nd_sweeps_tridiagonal(nd_sweeps *s, double *d, double *e, nd_turn *turns)
{
  s->count = 0;
  while (goes_on(s)) {
    const int64_t l = s->n - s->left, m = find_end(s, d, e, l);
    if (m == l) {
      s->left--;
      continue;
    }
    s->tries--;
    sweep_tridiagonal(s, d, e, turns, l, m);
  }
}

// -------------------------------------------------------------- bidiagonal --

// The least singular value of [f g; 0 h].
static double least_of(double f, double g, double h)
{
  f = fabs(f);
  g = fabs(g);
  h = fabs(h);
  const double low = f < h ? f : h, high = f < h ? h : f;
  if (low == 0)
    return 0;
  const double sum = 1 + low / high, gap = (high - low) / high;
  if (g < high) {
    const double u = g / high * (g / high);
    return low * 2 / (sqrt(sum * sum + u) + sqrt(gap * gap + u));
  }
  const double u = high / g;
  if (u == 0)
    return low * high / g;
  const double x = sum * u, y = gap * u;
  return 2 * (low / (sqrt(1 + x * x) + sqrt(1 + y * y))) * u;
}

// What the first turn of the block l..m begins with. Small shifts are left
// out: so are small singular values found exactly, and those that are 0.
static double start_of(const double *d, const double *e, int64_t l, int64_t m)
{
  const double shift = least_of(d[m - 1], e[m - 1], d[m]);
  const double ratio = shift / fabs(d[l]);
  if (!(ratio * ratio >= DBL_EPSILON) || d[l] == 0)
    return d[l];
  return (fabs(d[l]) - shift) * (copysign(1, d[l]) + shift / d[l]);
}

// One sweep of the block l..m, from its beginning.
static void sweep_bidiagonal(nd_sweeps *s, double *d, double *e, nd_turn *right,
                             nd_turn *left, int64_t l, int64_t m)
{
  double f = start_of(d, e, l, m), g = e[l], c, sine;
  for (int64_t i = l; i < m; i++) {
    const double r = find_turn(f, g, &c, &sine);
    if (i > l)
      e[i - 1] = r;
    note(s, right, c, -sine, i);
    f = c * d[i] + sine * e[i];
    e[i] = c * e[i] - sine * d[i];
    g = sine * d[i + 1];
    d[i + 1] = c * d[i + 1];
    d[i] = find_turn(f, g, &c, &sine);
    note(s, left, c, -sine, i);
    f = c * e[i] + sine * d[i + 1];
    d[i + 1] = c * d[i + 1] - sine * e[i];
    if (i + 1 < m) {
      g = sine * e[i + 1];
      e[i + 1] = c * e[i + 1];
    }
    s->count++;
  }
  e[m - 1] = f;
}

void nd_sweeps_bidiagonal(nd_sweeps *s, double *d, double *e, nd_turn *right,
                          nd_turn *left)
{
  s->count = 0;
  while (goes_on(s)) {
    const int64_t m = s->left - 1;
    int64_t l = m;
    while (l > 0 && !is_small(e[l - 1], d[l - 1], d[l]))
      l--;
    if (l == m) {
      s->left--;
      continue;
    }
    s->tries--;
    sweep_bidiagonal(s, d, e, right, left, l, m);
  }
}
