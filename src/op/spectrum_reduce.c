// op/spectrum_reduce.c: matrices are loaded, scaled if they must be, and made
// tridiagonal or bidiagonal by reflections, column by column.

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/cut.h"
#include "op/spectrum.h"

enum { BAND = ND_BLOCK_ROWS };

// ----------------------------------------------------------------- loading --

static void load_matrix(const nd_piece *y, const nd_spectrum *r, int64_t from,
                        int64_t to)
{
  const nd_matrices *p = y->p;
  const char *x = nd_matrix_at(p->job->in[0], p->job->in[0], y->matrix);
  if (!nd_is_singular(p) || p->m < p->n)
    nd_flip_rows(p, from, to, r->n, x, r->m, r->a, r->n);
  for (int64_t i = from; i < to && (!nd_is_singular(p) || p->m >= p->n); i++)
    memcpy(nd_row_of(p, r->a, i, r->n), x + i * r->n * p->width,
           (size_t)((nd_is_singular(p) ? r->n : i + 1) * p->width));
}

static void load_unit(const nd_matrices *p, char *a, int64_t from, int64_t to,
                      int64_t columns)
{
  for (int64_t i = from; i < to; i++) {
    memset(nd_row_of(p, a, i, columns), 0, (size_t)(columns * p->width));
    nd_element_set(p, nd_row_of(p, a, i, columns), i, 1);
  }
}

// The largest size in a row; nan if something there is not finite.
static double largest(const nd_matrices *p, const char *x, int64_t n)
{
  double most = 0;
  for (int64_t i = 0; i < n; i++) {
    const double size = fabs(nd_element(p, x, i));
    if (!(size <= DBL_MAX))
      return NAN;
    most = size > most ? size : most;
  }
  return most;
}

void nd_spectrum_load(const nd_piece *y, const nd_spectrum *r, int64_t from,
                      int64_t to)
{
  const nd_matrices *p = y->p;
  load_matrix(y, r, from, to);
  for (int64_t i = from; i < to; i++)
    r->d[i] = largest(p, nd_row_of(p, r->a, i, r->n), r->n);
  if (!nd_wants_vectors(p))
    return;
  load_unit(p, r->columns, from, nd_least(to, r->k), r->m);
  if (nd_is_singular(p))
    load_unit(p, r->rows, from, nd_least(to, r->n), r->n);
}

// A power of two that brings the largest element near 1, if it must be.
void nd_spectrum_scale(const nd_matrices *p, const nd_spectrum *r)
{
  const double far = p->width == sizeof(float) ? 0x1p40 : 0x1p300;
  double most = 0;
  for (int64_t i = 0; i < r->m && most <= DBL_MAX; i++)
    most = r->d[i] <= most ? most : r->d[i];
  int e;
  frexp(most, &e);
  *r->scale = !(most <= DBL_MAX) ? 0
              : most == 0 || (most < far && most > 1 / far)
                ? 1
                : ldexp(1, e < -1000 ? 1000 : -e);
  nd_sweeps_start(r->sweeps, *r->scale == 0 ? 0 : r->n);
}

void nd_spectrum_resize(const nd_matrices *p, const nd_spectrum *r,
                        int64_t from, int64_t to)
{
  for (int64_t i = from * r->n; i < to * r->n && *r->scale != 1; i++)
    nd_element_set(p, r->a, i, nd_element(p, r->a, i) * *r->scale);
}

// ---------------------------------------------------- to tridiagonal form --

// With p = a v of step k: w = tau p - (tau^2 p.v / 2) v, so that what is
// reflected is a - v w' - w v'.
static void make_w(const nd_matrices *p, const nd_spectrum *r, int64_t k)
{
  const double tau = r->by_columns.tau[k];
  const char *v = nd_row_of(p, r->by_columns.v, k, r->n);
  memset(r->w, 0, (size_t)(r->n * p->width));
  p->kernels->axpy(r->n, tau, r->p, r->w);
  const double half = -.5 * tau * p->kernels->dot(r->n, r->w, v);
  p->kernels->axpy(r->n, half, v, r->w);
}

// Takes step k from columns k.. of row i.
static void take_step(const nd_matrices *p, const nd_spectrum *r, int64_t k,
                      int64_t i)
{
  const int64_t at = (k + 1) * p->width, n = r->n - k - 1;
  const char *v = nd_row_of(p, r->by_columns.v, k, r->n);
  char *row = nd_row_of(p, r->a, i, r->n) + at;
  p->kernels->axpy(n, -nd_element(p, v, i), r->w + at, row);
  p->kernels->axpy(n, -nd_element(p, r->w, i), v + at, row);
}

static void tridiagonal_step(const nd_matrices *p, const nd_spectrum *r,
                             int64_t k)
{
  char *row = nd_row_of(p, r->a, k, r->n);
  if (k > 0) {
    make_w(p, r, k - 1);
    take_step(p, r, k - 1, k);
  }
  r->d[k] = nd_element(p, row, k);
  r->e[k] = 0;
  memset(r->p, 0, (size_t)(r->n * p->width));
  if (k + 1 < r->n)
    r->e[k] = nd_reflections_make(p, &r->by_columns, k, row);
}

static void tridiagonal_rows(const nd_matrices *p, const nd_spectrum *r,
                             int64_t k, int64_t from, int64_t to)
{
  const int64_t at = (k + 1) * p->width;
  const char *v = nd_row_of(p, r->by_columns.v, k, r->n) + at;
  for (int64_t i = from; i < to; i++) {
    if (k > 0)
      take_step(p, r, k - 1, i);
    nd_element_set(
      p, r->p, i,
      p->kernels->dot(r->n - k - 1, v, nd_row_of(p, r->a, i, r->n) + at));
  }
}

// ----------------------------------------------------- to bidiagonal form --

// Column k from row k on becomes one element.
static void bidiagonal_column(const nd_matrices *p, const nd_spectrum *r,
                              int64_t k)
{
  for (int64_t i = k; i < r->m; i++)
    nd_element_set(p, r->w, i, nd_element(p, r->a, i * r->n + k));
  r->d[k] = nd_reflections_make(p, &r->by_columns, k, r->w);
  memset(r->p, 0, (size_t)(r->n * p->width));
}

// p = u' a, of some columns after k
static void bidiagonal_product(const nd_matrices *p, const nd_spectrum *r,
                               int64_t k, int64_t from, int64_t to)
{
  const char *u = nd_row_of(p, r->by_columns.v, k, r->m);
  for (int64_t i = k; i < r->m; i++)
    p->kernels->axpy(to - from, r->by_columns.tau[k] * nd_element(p, u, i),
                     r->a + (i * r->n + from) * p->width,
                     r->p + from * p->width);
}

// Row k after column k becomes one element.
static void bidiagonal_row(const nd_matrices *p, const nd_spectrum *r,
                           int64_t k)
{
  const int64_t at = (k + 1) * p->width;
  char *row = nd_row_of(p, r->a, k, r->n);
  r->e[k] = 0;
  if (k + 1 == r->n)
    return;
  p->kernels->axpy(r->n - k - 1, -1, r->p + at, row + at);
  r->e[k] = nd_reflections_make(p, &r->by_rows, k, row);
}

static void bidiagonal_rows(const nd_matrices *p, const nd_spectrum *r,
                            int64_t k, int64_t from, int64_t to)
{
  const int64_t at = (k + 1) * p->width;
  const char *u = nd_row_of(p, r->by_columns.v, k, r->m);
  for (int64_t i = from; i < to && k + 1 < r->n; i++) {
    char *row = nd_row_of(p, r->a, i, r->n);
    p->kernels->axpy(r->n - k - 1, -nd_element(p, u, i), r->p + at, row + at);
    nd_reflections_apply(p, &r->by_rows, k, row);
  }
}

void nd_spectrum_reduce(const nd_piece *y, const nd_spectrum *r, int64_t i)
{
  const nd_matrices *p = y->p;
  const int64_t parts = nd_reduction_parts(p), k = i / parts;
  const int64_t part = i % parts, from = k + 1 + y->from * BAND;
  const int64_t rows = nd_least(r->m, k + 1 + y->to * BAND);
  const int64_t columns = nd_least(r->n, k + 1 + y->to * BAND);
  if (!nd_is_singular(p) && part == 0)
    tridiagonal_step(p, r, k);
  else if (!nd_is_singular(p))
    tridiagonal_rows(p, r, k, from, rows);
  else if (part == 0)
    bidiagonal_column(p, r, k);
  else if (part == 1)
    bidiagonal_product(p, r, k, from, columns);
  else if (part == 2)
    bidiagonal_row(p, r, k);
  else
    bidiagonal_rows(p, r, k, from, rows);
}
