// kernel/softmax.levels.c: the loops of both float dtypes from one template.

#include "kernel/softmax.h"

#include "kernel/math.h"
#include "kernel/reduce.h"

#define ADD(a, b) ((a) + (b))
#define HALF 0.5F

// From here on a sum of which 1 is taken keeps its digits.
#define MUCH 1.5F

// p q, where a zero p gives zero even if q is inf or nan.
#define TIMES(p, q) ((p) == 0 ? 0 : (p) * (q))

// total = total f term(0) f ... f term(n - 1); `term` is an expression in `i`.
#define FOLD(type, n, f, neutral, term, total)           \
  do {                                                   \
    if ((n) < ND_LANES) {                                \
      for (int64_t i = 0; i < (n); i++)                  \
        total = f(total, term);                          \
      break;                                             \
    }                                                    \
    type lane[ND_LANES];                                 \
    for (int j = 0; j < ND_LANES; j++)                   \
      lane[j] = (neutral);                               \
    int64_t at = 0;                                      \
    for (; at + ND_LANES <= (n); at += ND_LANES) {       \
      for (int j = 0; j < ND_LANES; j++) {               \
        const int64_t i = at + j;                        \
        lane[j] = f(lane[j], term);                      \
      }                                                  \
    }                                                    \
    for (int64_t i = at; i < (n); i++)                   \
      lane[i - at] = f(lane[i - at], term);              \
    for (int half = ND_LANES / 2; half > 0; half /= 2) { \
      for (int j = 0; j < half; j++)                     \
        lane[j] = f(lane[j], lane[j + half]);            \
    }                                                    \
    total = f(total, lane[0]);                           \
  } while (0)

// Statement for each row, if there is one element of each.
#define COLUMNS(statement)                         \
  if (n == 1) {                                    \
    for (int64_t r = 0, i = 0; r < rows; r++, i++) \
      statement;                                   \
    return;                                        \
  }

// Statement for every element: of row r, at position i of the piece. Columns
// are one loop, so that they vectorize.
#define EACH(statement)                           \
  if (n == 1) {                                   \
    for (int64_t r = 0; r < rows; r++) {          \
      const int64_t i = r;                        \
      statement;                                  \
    }                                             \
    return;                                       \
  }                                               \
  for (int64_t r = 0; r < rows; r++) {            \
    for (int64_t i = r * n; i < (r + 1) * n; i++) \
      statement;                                  \
  }

#define FOLDS(label, type)                                                    \
  static void sum_##label(int64_t rows, int64_t n, double *restrict s,        \
                          const void *restrict px)                            \
  {                                                                           \
    const type *restrict x = px;                                              \
    if (n == 1) {                                                             \
      for (int64_t r = 0; r < rows; r++)                                      \
        s[r] += (double)x[r];                                                 \
      return;                                                                 \
    }                                                                         \
    for (int64_t r = 0; r < rows; r++, x += n)                                \
      FOLD(double, n, ADD, 0, (double)x[i], s[r]);                            \
  }                                                                           \
  static void tally_##label(int64_t rows, int64_t n, double *restrict s,      \
                            double *restrict ones, const void *restrict pall, \
                            const void *restrict pe)                          \
  {                                                                           \
    const type *restrict e = pe;                                              \
    const type *restrict all = pall;                                          \
    if (n == 1) {                                                             \
      for (int64_t r = 0; r < rows; r++) {                                    \
        const double x = (double)e[r];                                        \
        s[r] += x == 1 ? 0 : x;                                               \
        ones[r] += x == 1 ? 1 : 0;                                            \
      }                                                                       \
      return;                                                                 \
    }                                                                         \
    for (int64_t r = 0; r < rows; r++, e += n) {                              \
      type sum = 0;                                                           \
      type others = 0;                                                        \
      if (n >= ND_LANES)                                                      \
        sum = all[r];                                                         \
      else                                                                    \
        FOLD(type, n, ADD, 0, e[i], sum);                                     \
      if (sum >= MUCH) {                                                      \
        s[r] += (double)sum;                                                  \
        continue;                                                             \
      }                                                                       \
      FOLD(type, n, ADD, 0, e[i] == 1 ? 0 : e[i], others);                    \
      s[r] += (double)others;                                                 \
      ones[r] += sum - others > HALF;                                         \
    }                                                                         \
  }                                                                           \
  static void chief_##label(int64_t rows, int64_t n, double *restrict t0,     \
                            const void *restrict pp, const void *restrict pt) \
  {                                                                           \
    const type *restrict p = pp;                                              \
    const type *restrict t = pt;                                              \
    COLUMNS(t0[r] += p[i] > HALF ? (double)t[i] : 0)                          \
    for (int64_t r = 0; r < rows; r++, p += n, t += n)                        \
      FOLD(double, n, ADD, 0, p[i] > HALF ? (double)t[i] : 0, t0[r]);         \
  }                                                                           \
  static void mean_##label(int64_t rows, int64_t n, double *restrict mean,    \
                           const void *restrict pp, const void *restrict pt,  \
                           const double *restrict t0)                         \
  {                                                                           \
    const type *restrict p = pp;                                              \
    const type *restrict t = pt;                                              \
    COLUMNS(mean[r] += (double)TIMES(t[i] - (type)t0[r], p[i]))               \
    for (int64_t r = 0; r < rows; r++, p += n, t += n) {                      \
      const type c = (type)t0[r];                                             \
      type total = 0;                                                         \
      FOLD(type, n, ADD, 0, TIMES(t[i] - c, p[i]), total);                    \
      mean[r] += (double)total;                                               \
    }                                                                         \
  }                                                                           \
  static void rest_##label(int64_t rows, int64_t n, double *restrict rest,    \
                           const void *restrict pp)                           \
  {                                                                           \
    const type *restrict p = pp;                                              \
    COLUMNS(rest[r] += p[i] > HALF ? 0 : (double)p[i])                        \
    for (int64_t r = 0; r < rows; r++, p += n) {                              \
      type total = 0;                                                         \
      FOLD(type, n, ADD, 0, p[i] > HALF ? 0 : p[i], total);                   \
      rest[r] += (double)total;                                               \
    }                                                                         \
  }                                                                           \
  static void cross_##label(int64_t rows, int64_t n, double *restrict loss,   \
                            const void *restrict pz, const void *restrict pd, \
                            const double *restrict s)                         \
  {                                                                           \
    const type *restrict z = pz;                                              \
    const type *restrict d = pd;                                              \
    for (int64_t r = 0; r < rows; r++, z += n, d += n) {                      \
      const type log_s = (type)s[r];                                          \
      type total = 0;                                                         \
      FOLD(type, n, ADD, 0, z[i] == 0 ? 0 : z[i] * (log_s - d[i]), total);    \
      loss[r] += (double)total;                                               \
    }                                                                         \
  }

#define MAPS(label, type, exp_of)                                              \
  static void start_##label(int64_t rows, void *pm)                            \
  {                                                                            \
    type *m = pm;                                                              \
    for (int64_t r = 0; r < rows; r++)                                         \
      m[r] = (type)-ND_INF;                                                    \
  }                                                                            \
  static void steady_##label(int64_t rows, void *pm)                           \
  {                                                                            \
    type *m = pm;                                                              \
    for (int64_t r = 0; r < rows; r++)                                         \
      m[r] = m[r] - m[r] == 0 ? m[r] : 0;                                      \
  }                                                                            \
  static void shift_##label(int64_t rows, int64_t n, void *restrict pd,        \
                            const void *restrict px, const void *restrict pm)  \
  {                                                                            \
    type *restrict d = pd;                                                     \
    const type *restrict x = px;                                               \
    const type *restrict m = pm;                                               \
    EACH(d[i] = x[i] - m[r])                                                   \
  }                                                                            \
  static void exp_##label(int64_t n, void *restrict pe,                        \
                          const void *restrict pd)                             \
  {                                                                            \
    type *restrict e = pe;                                                     \
    const type *restrict d = pd;                                               \
    for (int64_t i = 0; i < n; i++)                                            \
      e[i] = exp_of(d[i]);                                                     \
  }                                                                            \
  static void divide_##label(int64_t rows, int64_t n, void *restrict py,       \
                             const double *restrict s)                         \
  {                                                                            \
    type *restrict y = py;                                                     \
    EACH(y[i] /= (type)(1 + s[r]))                                             \
  }                                                                            \
  static void subtract_##label(int64_t rows, int64_t n, void *restrict py,     \
                               const double *restrict s)                       \
  {                                                                            \
    type *restrict y = py;                                                     \
    EACH(y[i] -= (type)s[r])                                                   \
  }                                                                            \
  static void join_##label(int64_t rows, void *restrict py,                    \
                           const void *restrict pm, const double *restrict s)  \
  {                                                                            \
    type *restrict y = py;                                                     \
    const type *restrict m = pm;                                               \
    for (int64_t r = 0; r < rows; r++)                                         \
      y[r] = (type)((double)m[r] + s[r]);                                      \
  }                                                                            \
  static void give_##label(int64_t rows, void *restrict py,                    \
                           const double *restrict s)                           \
  {                                                                            \
    type *restrict y = py;                                                     \
    for (int64_t r = 0; r < rows; r++)                                         \
      y[r] = (type)s[r];                                                       \
  }                                                                            \
  static void slope_##label(int64_t rows, int64_t n, void *restrict py,        \
                            const void *restrict pz, const double *restrict s, \
                            const double *restrict total,                      \
                            const void *restrict pg)                           \
  {                                                                            \
    type *restrict y = py;                                                     \
    const type *restrict z = pz;                                               \
    const type *restrict pg_row = pg;                                          \
    for (int64_t r = 0; r < rows; r++, y += n, z += n) {                       \
      const type g = pg_row[r];                                                \
      const type scale = (type)(1 / (1 + s[r]));                               \
      const type rest = (type)(s[r] / (1 + s[r]));                             \
      const type high = (type)total[r];                                        \
      const type low = (type)(total[r] - (double)high);                        \
      for (int64_t i = 0; i < n; i++) {                                        \
        const type p = y[i] * scale;                                           \
        const type q = p > HALF ? rest : 1 - p;                                \
        const type other = high - z[i] + low;                                  \
        y[i] = g == 0 ? 0 : (TIMES(other, p) - TIMES(z[i], q)) * g;            \
      }                                                                        \
    }                                                                          \
  }                                                                            \
  static void centre_##label(                                                  \
    int64_t rows, int64_t n, void *restrict py, const void *restrict pt,       \
    const double *restrict t0, const double *restrict mean)                    \
  {                                                                            \
    type *restrict y = py;                                                     \
    const type *restrict t = pt;                                               \
    EACH(y[i] = t[i] - (type)t0[r] - (type)mean[r])                            \
  }                                                                            \
  static void spread_##label(int64_t rows, int64_t n, void *restrict py,       \
                             const void *restrict pp, const void *restrict pg, \
                             const double *restrict rest,                      \
                             const double *restrict total)                     \
  {                                                                            \
    type *restrict y = py;                                                     \
    const type *restrict p = pp;                                               \
    const type *restrict g = pg;                                               \
    EACH({                                                                     \
      const type high = (type)total[r];                                        \
      const type low = (type)(total[r] - (double)high);                        \
      const type q = p[i] > HALF ? (type)rest[r] : 1 - p[i];                   \
      y[i] = TIMES(g[i], q) - TIMES(high - g[i] + low, p[i]);                  \
    })                                                                         \
  }

FOLDS(float32, float)
FOLDS(float64, double)
MAPS(float32, float, nd_exp_f32)
MAPS(float64, double, nd_exp_f64)

static void log_rows(int64_t rows, double *s)
{
  for (int64_t r = 0; r < rows; r++)
    s[r] = nd_log1p_f64(s[r]);
}

#define ROW(label)                                                            \
  {                                                                           \
    .start = start_##label, .steady = steady_##label, .shift = shift_##label, \
    .exp = exp_##label, .sum = sum_##label, .log = log_rows,                  \
    .divide = divide_##label, .subtract = subtract_##label,                   \
    .join = join_##label, .give = give_##label, .cross = cross_##label,       \
    .slope = slope_##label, .tally = tally_##label, .chief = chief_##label,   \
    .mean = mean_##label, .centre = centre_##label, .rest = rest_##label,     \
    .spread = spread_##label                                                  \
  }

const nd_softmax_table ND_LEVELLED(nd_softmax_table) = {
  .at = { [ND_FLOAT32] = ROW(float32), [ND_FLOAT64] = ROW(float64) }
};
