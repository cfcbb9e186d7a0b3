// kernel/factor_real.h: the loops of one float type: factor_float32.levels.c
// and factor_float64.levels.c define REAL and REAL_BITS and include this.

#include "kernel/factor.h"
#include "kernel/matmul_vector.h"

#define ROOT(x) \
  _Generic(x, float : __builtin_sqrtf, default : __builtin_sqrt)(x)
#define SIZE(x) \
  _Generic(x, float : __builtin_fabsf, default : __builtin_fabs)(x)

enum {
  DOT_LANES = 32,  // sums of a dot, on every CPU
  DOT_PARTS = DOT_LANES / LANES,
  BROAD = WIDTH < 64 ? 8 : 4  // vectors of a row that are worked on together
};

// ------------------------------------------------------------------- rows --

static double dot(int64_t n, const void *left, const void *right)
{
  const REAL *x = left, *y = right;
  vector sum[DOT_PARTS] = { 0 };
  REAL lanes[DOT_LANES];
  int64_t i = 0;
  for (; i + DOT_LANES <= n; i += DOT_LANES) {
    ND_UNROLL
    for (int p = 0; p < DOT_PARTS; p++)
      sum[p] = FMA(load(x + i, p), load(y + i, p), sum[p]);
  }
  ND_UNROLL
  for (int p = 0; p < DOT_PARTS; p++)
    store(lanes, p, sum[p]);
  for (int p = 0; i < n; i++, p++)
    lanes[p] = ND_FMA(x[i], y[i], lanes[p]);
  for (int half = DOT_LANES / 2; half > 0; half /= 2) {
    for (int p = 0; p < half; p++)
      lanes[p] += lanes[p + half];
  }
  return lanes[0];
}

ND_INLINE void take(int64_t n, REAL a, const REAL *x, REAL *y)
{
  int64_t i = 0;
  const vector all = splat(a);
  for (; i + LANES <= n; i += LANES)
    store(y + i, 0, FMA(all, load(x + i, 0), load(y + i, 0)));
  for (; i < n; i++)
    y[i] = ND_FMA(a, x[i], y[i]);
}

static void axpy(int64_t n, double a, const void *x, void *y)
{
  take(n, (REAL)a, x, y);
}

ND_INLINE void divide(int64_t n, REAL a, REAL *x)
{
  for (int64_t i = 0; i < n; i++)
    x[i] /= a;
}

// ------------------------------------------------------------- triangles --

// Some vectors beside each other of all rows.
ND_INLINE void solve_part(int vectors, int64_t n, const REAL *t, int64_t t_row,
                          int64_t t_column, bool unit, REAL *x, int64_t x_row)
{
  for (int64_t q = 0; q < n; q++, t += t_row) {
    vector sum[BROAD];
    REAL *const home = x + q * x_row;
    ND_UNROLL
    for (int v = 0; v < vectors; v++)
      sum[v] = load(home, v);
    const REAL *from = x;
    for (int64_t p = 0; p < q; p++, from += x_row) {
      const vector factor = splat(-t[p * t_column]);
      ND_UNROLL
      for (int v = 0; v < vectors; v++)
        sum[v] = FMA(factor, load(from, v), sum[v]);
    }
    const vector pivot = splat(unit ? 1 : t[q * t_column]);
    ND_UNROLL
    for (int v = 0; v < vectors; v++)
      store(home, v, unit ? sum[v] : sum[v] / pivot);
  }
}

static void solve_column(int64_t n, const REAL *t, int64_t t_row,
                         int64_t t_column, bool unit, REAL *x, int64_t x_row)
{
  for (int64_t q = 0; q < n; q++, t += t_row) {
    REAL sum = x[q * x_row];
    for (int64_t p = 0; p < q; p++)
      sum = ND_FMA(-t[p * t_column], x[p * x_row], sum);
    x[q * x_row] = unit ? sum : sum / t[q * t_column];
  }
}

static void solve(int64_t n, int64_t w, const void *t, int64_t t_row,
                  int64_t t_column, bool unit, void *out, int64_t x_row)
{
  REAL *x = out;
  for (; w >= BROAD * LANES; w -= BROAD * LANES, x += BROAD * LANES)
    solve_part(BROAD, n, t, t_row, t_column, unit, x, x_row);
  for (; w >= LANES; w -= LANES, x += LANES)
    solve_part(1, n, t, t_row, t_column, unit, x, x_row);
  for (; w > 0; w--, x++)
    solve_column(n, t, t_row, t_column, unit, x, x_row);
}

static int64_t cholesky(int64_t n, void *matrix, int64_t a_row)
{
  REAL *a = matrix;
  for (int64_t k = 0; k < n; k++, a += a_row + 1) {
    if (a[0] <= 0)
      return k;
    a[0] = ROOT(a[0]);
    divide(n - k - 1, a[0], a + 1);
    for (int64_t i = 1; i < n - k; i++)
      take(n - k - i, -a[i], a + i, a + i * (a_row + 1));
  }
  return n;
}

// ------------------------------------------------------------ elimination --

// The row of the largest element of a column, from row `from` on.
static int64_t find_pivot(int64_t m, int64_t from, const REAL *a, int64_t a_row)
{
  int64_t at = from;
  REAL most = SIZE(a[from * a_row]);
  for (int64_t i = from + 1; i < m; i++) {
    const REAL x = SIZE(a[i * a_row]);
    if (x > most) {
      most = x;
      at = i;
    }
  }
  return at;
}

static void exchange(int64_t n, REAL *x, REAL *y)
{
  for (int64_t i = 0; i < n; i++) {
    const REAL held = x[i];
    x[i] = y[i];
    y[i] = held;
  }
}

static int64_t eliminate(int64_t m, int64_t n, int64_t from, int64_t to,
                         void *panel, int64_t a_row, int64_t first,
                         int64_t width, int64_t *swaps)
{
  REAL *a = panel;
  int64_t missing = to;
  for (int64_t c = from; c < to; c++) {
    const int64_t at = find_pivot(m, c, a + c, a_row);
    REAL *top = a + c * a_row;
    swaps[c] = at;
    if (at != c)
      exchange(width, top + first, a + at * a_row + first);
    if (top[c] == 0) {
      missing = c < missing ? c : missing;
      continue;
    }
    for (int64_t i = c + 1; i < m; i++) {
      REAL *row = a + i * a_row + c;
      row[0] /= top[c];
      take(n - c - 1, -row[0], top + c + 1, row + 1);
    }
  }
  return missing;
}

// ------------------------------------------------------------------- turns --

ND_INLINE void turn_part(int vectors, int64_t count, const nd_turn *turns,
                         REAL *x, int64_t x_row)
{
  for (int64_t i = 0; i < count; i++) {
    REAL *up = x + turns[i].at * x_row, *down = up + x_row;
    const vector c = splat((REAL)turns[i].c), s = splat((REAL)turns[i].s);
    ND_UNROLL
    for (int v = 0; v < vectors; v++) {
      const vector y = load(up, v), z = load(down, v);
      store(up, v, FMA(c, y, -(s * z)));
      store(down, v, FMA(s, y, c * z));
    }
  }
}

static void turn_column(int64_t count, const nd_turn *turns, REAL *x,
                        int64_t x_row)
{
  for (int64_t i = 0; i < count; i++) {
    REAL *up = x + turns[i].at * x_row, *down = up + x_row;
    const REAL c = (REAL)turns[i].c, s = (REAL)turns[i].s, y = *up, z = *down;
    *up = ND_FMA(c, y, -(s * z));
    *down = ND_FMA(s, y, c * z);
  }
}

static void turn(int64_t count, const nd_turn *turns, int64_t w, void *out,
                 int64_t x_row)
{
  enum { SOME = 4 };
  REAL *x = out;
  for (; w >= SOME * LANES; w -= SOME * LANES, x += SOME * LANES)
    turn_part(SOME, count, turns, x, x_row);
  for (; w >= LANES; w -= LANES, x += LANES)
    turn_part(1, count, turns, x, x_row);
  for (; w > 0; w--, x++)
    turn_column(count, turns, x, x_row);
}

#define FACTOR_KERNELS                                              \
  {                                                                 \
    .dot = dot, .axpy = axpy, .solve = solve, .cholesky = cholesky, \
    .eliminate = eliminate, .turn = turn,                           \
  }
