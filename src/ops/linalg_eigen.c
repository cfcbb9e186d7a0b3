// ops/linalg_eigen.c: eigenvalues and eigenvectors of symmetric matrices, of
// which what is on and below the diagonal is read; and singular values and
// vectors of any.
//
// Reflections (op/reflect.h) leave a tridiagonal matrix, or a bidiagonal one;
// sweeps of turns (op/sweeps.h) leave the diagonal, while vectors, which are
// rows, take the turns. What is as good as 0 beside the largest element of a
// matrix may be lost: matrices are scaled only where squares would overflow or
// vanish.

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/cut.h"
#include "op/reflect.h"
#include "op/sweeps.h"
#include "ops/rules.h"

enum { BAND = ND_BLOCK_ROWS };
enum { FULL, VECTORS };          // attributes of svd
enum { VALUES, V };              // outputs of eigh
enum { SINGULAR, LEFT, RIGHT };  // of svd

static bool is_svd(const nd_matrices *p)
{
  return p->job->op == &nd_op_svd;
}

static bool wants_vectors(const nd_matrices *p)
{
  return p->job->outs > 1;
}

// ------------------------------------------------------------------ memory --

// The matrix that is reduced is [m n] with m >= n: x, or its adjoint. Its
// reflections by columns, and of svd those by rows; vectors as rows, those of
// columns [k m] and of rows [n n].
typedef struct room {
  int64_t m, n, k;
  nd_reflections by_columns, by_rows;
  char *a, *columns, *rows;
  char *w, *p;     // vectors of m elements at work
  double *d, *e;   // the diagonal and what is beside it; at first, the
                   // largest elements of rows
  int64_t *order;  // where the values were, largest or smallest first
  nd_sweeps *sweeps;
  nd_turn *turns, *others;
  double *scale;  // 0: not all numbers are finite
} room;

static room measure(const nd_matrices *p)
{
  room r = { .m = p->m > p->n ? p->m : p->n, .n = p->least };
  r.k = is_svd(p) && p->job->attr[FULL].integer ? r.m : r.n;
  r.by_columns = (nd_reflections){ .count = r.n, .length = r.m };
  if (!is_svd(p))
    r.by_columns.shift = 1;
  if (!is_svd(p) && r.n > 0)
    r.by_columns.count = r.n - 1;
  r.by_rows = (nd_reflections){ .length = r.n, .shift = 1 };
  r.by_rows.count = is_svd(p) && r.n > 0 ? r.n - 1 : 0;
  return r;
}

static char *cut_off(char **at, int64_t bytes)
{
  char *start = *at;
  *at += (bytes + 63) / 64 * 64;
  return start;
}

// Lays all out from `at` on; returns the end.
static char *lay(const nd_matrices *p, room *r, char *at)
{
  const int64_t w = p->width, many = r->m * (int64_t)sizeof(double);
  const int64_t turns = nd_sweeps_room(r->n) * (int64_t)sizeof(nd_turn);
  at = nd_reflections_lay(&r->by_columns, at, w);
  at = nd_reflections_lay(&r->by_rows, at, w);
  r->a = cut_off(&at, r->m * r->n * w);
  r->columns = cut_off(&at, wants_vectors(p) ? r->k * r->m * w : 0);
  r->rows = cut_off(&at, is_svd(p) && wants_vectors(p) ? r->n * r->n * w : 0);
  r->w = cut_off(&at, r->m * w);
  r->p = cut_off(&at, r->m * w);
  r->d = (double *)(void *)cut_off(&at, many);
  r->e = (double *)(void *)cut_off(&at, many);
  r->order = (int64_t *)(void *)cut_off(&at, many);
  r->sweeps = (nd_sweeps *)(void *)cut_off(&at, sizeof *r->sweeps);
  r->turns = (nd_turn *)(void *)cut_off(&at, turns);
  r->others = (nd_turn *)(void *)cut_off(&at, is_svd(p) ? turns : 0);
  r->scale = (double *)(void *)cut_off(&at, sizeof *r->scale);
  return at;
}

static size_t shared_bytes(const nd_matrices *p)
{
  char *const start = (char *)64;
  room r = measure(p);
  return (size_t)(lay(p, &r, start) - start);
}

static room find_room(const nd_piece *y)
{
  room r = measure(y->p);
  lay(y->p, &r, y->shared);
  return r;
}

static size_t own_bytes(const nd_matrices *p)
{
  return nd_reflections_own(p, p->m > p->n ? p->m : p->n);
}

// ------------------------------------------------------------------ stages --

enum phase {
  LOAD,   // the matrix, and unit matrices
  SCALE,  // if needed
  RESIZE,
  REDUCE,  // columns one by one
  JOIN,    // blocks of reflections
  EXPAND,  // these, from the last
  EXPAND_ROWS,
  SWEEP,  // and turn vectors, by turns
  ORDER,
  STORE,
  PHASES
};

enum { PARTS = 4 };  // of a step of svd's reduction; eigh has 2

static void count_stages(const nd_matrices *p, const room *r,
                         int64_t counts[PHASES])
{
  const bool v = wants_vectors(p);
  counts[LOAD] = counts[SCALE] = counts[RESIZE] = 1;
  counts[REDUCE] = (is_svd(p) ? PARTS : 2) * r->n;
  counts[JOIN] = v;
  counts[EXPAND] = v ? nd_reflections_blocks(r->by_columns.count) : 0;
  counts[EXPAND_ROWS] = v ? nd_reflections_blocks(r->by_rows.count) : 0;
  counts[SWEEP] = 2 * nd_sweeps_rounds(r->n);
  counts[ORDER] = counts[STORE] = 1;
}

static enum phase find_phase(const nd_matrices *p, const room *r, int64_t *i)
{
  int64_t counts[PHASES];
  int phase = LOAD;
  count_stages(p, r, counts);
  for (; *i >= counts[phase]; phase++)
    *i -= counts[phase];
  return phase;
}

static int64_t stages(const nd_matrices *p)
{
  const room r = measure(p);
  int64_t counts[PHASES], sum = 0;
  count_stages(p, &r, counts);
  for (int i = 0; i < PHASES; i++)
    sum += counts[i];
  return sum;
}

// Part of a step of the reduction: 0 and 2 are one unit, 1 are columns of svd
// and rows of eigh, 3 are rows.
static nd_stage reduce_stage(const nd_matrices *p, const room *r, int64_t i)
{
  const int64_t parts = is_svd(p) ? PARTS : 2, part = i % parts;
  const int64_t high = r->m - i / parts - 1, wide = r->n - i / parts - 1;
  if (part % 2 == 0)
    return (nd_stage){ 1, nd_terms_cost(p, (double)(8 * r->m)) };
  const bool across = is_svd(p) && part == 1;
  return nd_strips(
    p, across ? wide : high,
    nd_terms_cost(p, (double)(4 * BAND * (across ? high : wide))));
}

// Block number `i` from the last leaves the rows before it as they are.
static int64_t first_row(const nd_reflections *h, int64_t i)
{
  return (nd_reflections_blocks(h->count) - 1 - i) * ND_REFLECTIONS;
}

static nd_stage stage(const nd_matrices *p, int64_t i)
{
  const room r = measure(p);
  switch (find_phase(p, &r, &i)) {
  case LOAD:
  case RESIZE: return nd_strips(p, r.m, (float)(BAND * r.m));
  case REDUCE: return reduce_stage(p, &r, i);
  case JOIN:
    return (nd_stage){ nd_reflections_blocks(r.by_columns.count) +
                         nd_reflections_blocks(r.by_rows.count),
                       nd_terms_cost(p, (double)(r.m * 600)) };
  case EXPAND:
    return nd_reflections_stage(p, r.k - first_row(&r.by_columns, i), r.m);
  case EXPAND_ROWS:
    return nd_reflections_stage(p, r.n - first_row(&r.by_rows, i), r.n);
  case SWEEP:
    if (i % 2 == 0)
      return (nd_stage){ 1, 20 * (float)nd_sweeps_room(r.n) };
    return nd_strips(
      p, !wants_vectors(p) ? 0 : r.m,
      nd_terms_cost(p, (double)(nd_sweeps_room(r.n) * 4 * BAND)));
  case STORE:
    return nd_strips(p, wants_vectors(p) ? r.m : 1, (float)(2 * BAND * r.k));
  default: return (nd_stage){ 1, 10 * (float)r.m };
  }
}

static float cost(const nd_matrices *p)
{
  const room r = measure(p);
  const double m = (double)r.m, n = (double)r.n, k = (double)r.k;
  const double reduce = m * n * n * 3, expand = wants_vectors(p) ? 6 : 0;
  return 100 + (float)(n * n * 60) + (float)(m * n * 10) +
         nd_terms_cost(p, reduce + expand * m * k * n);
}

// ----------------------------------------------------------------- loading --

static char *row_of(const nd_matrices *p, char *a, int64_t row, int64_t columns)
{
  return a + row * columns * p->width;
}

static void load_matrix(const nd_piece *y, const room *r, int64_t from,
                        int64_t to)
{
  const nd_matrices *p = y->p;
  const char *x = nd_matrix_at(p->job->in[0], p->job->in[0], y->matrix);
  if (!is_svd(p) || p->m < p->n)
    nd_flip_rows(p, from, to, r->n, x, r->m, r->a, r->n);
  for (int64_t i = from; i < to && (!is_svd(p) || p->m >= p->n); i++)
    memcpy(row_of(p, r->a, i, r->n), x + i * r->n * p->width,
           (size_t)((is_svd(p) ? r->n : i + 1) * p->width));
}

static void load_unit(const nd_matrices *p, char *a, int64_t from, int64_t to,
                      int64_t columns)
{
  for (int64_t i = from; i < to; i++) {
    memset(row_of(p, a, i, columns), 0, (size_t)(columns * p->width));
    nd_element_set(p, row_of(p, a, i, columns), i, 1);
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

static void load(const nd_piece *y, const room *r, int64_t from, int64_t to)
{
  const nd_matrices *p = y->p;
  load_matrix(y, r, from, to);
  for (int64_t i = from; i < to; i++)
    r->d[i] = largest(p, row_of(p, r->a, i, r->n), r->n);
  if (!wants_vectors(p))
    return;
  load_unit(p, r->columns, from, nd_least(to, r->k), r->m);
  if (is_svd(p))
    load_unit(p, r->rows, from, nd_least(to, r->n), r->n);
}

// A power of two that brings the largest element near 1, if it must be.
static void find_scale(const nd_matrices *p, const room *r)
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

static void resize(const nd_matrices *p, const room *r, int64_t from,
                   int64_t to)
{
  for (int64_t i = from * r->n; i < to * r->n && *r->scale != 1; i++)
    nd_element_set(p, r->a, i, nd_element(p, r->a, i) * *r->scale);
}

// ---------------------------------------------------- to tridiagonal form --

// With p = a v of step k: w = tau p - (tau^2 p.v / 2) v, so that what is
// reflected is a - v w' - w v'.
static void make_w(const nd_matrices *p, const room *r, int64_t k)
{
  const double tau = r->by_columns.tau[k];
  const char *v = row_of(p, r->by_columns.v, k, r->n);
  memset(r->w, 0, (size_t)(r->n * p->width));
  p->kernels->axpy(r->n, tau, r->p, r->w);
  const double half = -.5 * tau * p->kernels->dot(r->n, r->w, v);
  p->kernels->axpy(r->n, half, v, r->w);
}

// Takes step k from columns k.. of row i.
static void take_step(const nd_matrices *p, const room *r, int64_t k, int64_t i)
{
  const int64_t at = (k + 1) * p->width, n = r->n - k - 1;
  const char *v = row_of(p, r->by_columns.v, k, r->n);
  char *row = row_of(p, r->a, i, r->n) + at;
  p->kernels->axpy(n, -nd_element(p, v, i), r->w + at, row);
  p->kernels->axpy(n, -nd_element(p, r->w, i), v + at, row);
}

static void tridiagonal_step(const nd_matrices *p, const room *r, int64_t k)
{
  char *row = row_of(p, r->a, k, r->n);
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

static void tridiagonal_rows(const nd_matrices *p, const room *r, int64_t k,
                             int64_t from, int64_t to)
{
  const int64_t at = (k + 1) * p->width;
  const char *v = row_of(p, r->by_columns.v, k, r->n) + at;
  for (int64_t i = from; i < to; i++) {
    if (k > 0)
      take_step(p, r, k - 1, i);
    nd_element_set(
      p, r->p, i,
      p->kernels->dot(r->n - k - 1, v, row_of(p, r->a, i, r->n) + at));
  }
}

// ----------------------------------------------------- to bidiagonal form --

// Column k from row k on becomes one element.
static void bidiagonal_column(const nd_matrices *p, const room *r, int64_t k)
{
  for (int64_t i = k; i < r->m; i++)
    nd_element_set(p, r->w, i, nd_element(p, r->a, i * r->n + k));
  r->d[k] = nd_reflections_make(p, &r->by_columns, k, r->w);
  memset(r->p, 0, (size_t)(r->n * p->width));
}

// p = u' a, of some columns after k
static void bidiagonal_product(const nd_matrices *p, const room *r, int64_t k,
                               int64_t from, int64_t to)
{
  const char *u = row_of(p, r->by_columns.v, k, r->m);
  for (int64_t i = k; i < r->m; i++)
    p->kernels->axpy(to - from, r->by_columns.tau[k] * nd_element(p, u, i),
                     r->a + (i * r->n + from) * p->width,
                     r->p + from * p->width);
}

// Row k after column k becomes one element.
static void bidiagonal_row(const nd_matrices *p, const room *r, int64_t k)
{
  const int64_t at = (k + 1) * p->width;
  char *row = row_of(p, r->a, k, r->n);
  r->e[k] = 0;
  if (k + 1 == r->n)
    return;
  p->kernels->axpy(r->n - k - 1, -1, r->p + at, row + at);
  r->e[k] = nd_reflections_make(p, &r->by_rows, k, row);
}

static void bidiagonal_rows(const nd_matrices *p, const room *r, int64_t k,
                            int64_t from, int64_t to)
{
  const int64_t at = (k + 1) * p->width;
  const char *u = row_of(p, r->by_columns.v, k, r->m);
  for (int64_t i = from; i < to && k + 1 < r->n; i++) {
    char *row = row_of(p, r->a, i, r->n);
    p->kernels->axpy(r->n - k - 1, -nd_element(p, u, i), r->p + at, row + at);
    nd_reflections_apply(p, &r->by_rows, k, row);
  }
}

static void reduce(const nd_piece *y, const room *r, int64_t i)
{
  const nd_matrices *p = y->p;
  const int64_t parts = is_svd(p) ? PARTS : 2, k = i / parts;
  const int64_t part = i % parts, from = k + 1 + y->from * BAND;
  const int64_t rows = nd_least(r->m, k + 1 + y->to * BAND);
  const int64_t columns = nd_least(r->n, k + 1 + y->to * BAND);
  if (!is_svd(p) && part == 0)
    tridiagonal_step(p, r, k);
  else if (!is_svd(p))
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

// ----------------------------------------------------------------- vectors --

static void join(const nd_piece *y, const room *r)
{
  const int64_t first = nd_reflections_blocks(r->by_columns.count);
  for (int64_t i = y->from; i < y->to; i++) {
    if (i < first)
      nd_reflections_join(y, &r->by_columns, i);
    else
      nd_reflections_join(y, &r->by_rows, i - first);
  }
}

static void expand(const nd_piece *y, const nd_reflections *h, int64_t i,
                   char *rows, int64_t count)
{
  const int64_t first = first_row(h, i);
  nd_reflections_run(y, h, first / ND_REFLECTIONS, true,
                     row_of(y->p, rows, first, h->length), h->length,
                     count - first);
}

static void sweep(const nd_piece *y, const room *r, int64_t i)
{
  const nd_matrices *p = y->p;
  const int64_t from = y->from * BAND;
  const int64_t to = nd_least(r->m, y->to * BAND);
  if (i % 2 == 0 && is_svd(p)) {
    nd_sweeps_bidiagonal(r->sweeps, r->d, r->e, r->others, r->turns);
  } else if (i % 2 == 0) {
    nd_sweeps_tridiagonal(r->sweeps, r->d, r->e, r->turns);
  } else if (from < to) {
    p->kernels->turn(r->sweeps->count, r->turns, to - from,
                     r->columns + from * p->width, r->m);
    if (is_svd(p) && from < r->n)
      p->kernels->turn(r->sweeps->count, r->others, nd_least(to, r->n) - from,
                       r->rows + from * p->width, r->n);
  }
}

// ----------------------------------------------------------------- storing --

static bool comes_before(const nd_matrices *p, double x, double y)
{
  return is_svd(p) ? fabs(x) > fabs(y) : x < y;
}

// Sorts the places of the values by insertion with gaps (Shell, with Ciura's
// ratio): of equals in whatever order.
static void sort(const nd_matrices *p, const room *r)
{
  int64_t gap = 1;
  for (int64_t i = 0; i < r->k; i++)
    r->order[i] = i;
  while (gap < r->n / 2)
    gap = gap * 9 / 4 + 1;
  for (; gap > 0; gap = gap * 4 / 9) {
    for (int64_t i = gap; i < r->n; i++) {
      const int64_t held = r->order[i];
      int64_t at = i;
      for (; at >= gap && comes_before(p, r->d[held], r->d[r->order[at - gap]]);
           at -= gap)
        r->order[at] = r->order[at - gap];
      r->order[at] = held;
    }
  }
}

static void order(const nd_piece *y, const room *r)
{
  const nd_matrices *p = y->p;
  char *out = p->job->out[0]->data + y->matrix * r->n * p->width;
  const double back = *r->scale == 0 ? NAN : 1 / *r->scale;
  if (*r->scale != 0 && r->sweeps->left > 0)
    *y->found = r->n - r->sweeps->left + 1;
  sort(p, r);
  for (int64_t i = 0; i < r->n; i++) {
    const double value = r->d[r->order[i]] * back;
    nd_element_set(p, out, i, is_svd(p) ? fabs(value) : value);
  }
}

// Rows from..to-1 of vectors as columns, in order; `signed` ones are turned
// round where their value is negative.
static void store(const nd_piece *y, const room *r, nd_tensor *out,
                  const char *in, int64_t k, int64_t length, bool is_signed)
{
  const nd_matrices *p = y->p;
  const int64_t from = y->from * BAND;
  const int64_t to = nd_least(length, y->to * BAND);
  char *x = nd_matrix_at(out, out, y->matrix);
  for (int64_t i = 0; i < k && from < to; i++) {
    p->flip(to - from, 1, in + (r->order[i] * length + from) * p->width, length,
            x + (from * k + i) * p->width, k);
    const bool turns = is_signed && r->d[r->order[i]] < 0;
    for (int64_t row = from; row < to && (turns || *r->scale == 0); row++)
      nd_element_set(p, x, row * k + i,
                     *r->scale == 0 ? NAN : -nd_element(p, x, row * k + i));
  }
}

static void store_all(const nd_piece *y, const room *r)
{
  nd_tensor **out = y->p->job->out;
  if (!wants_vectors(y->p))
    return;
  const int left = y->p->m < y->p->n ? RIGHT : LEFT;
  store(y, r, out[is_svd(y->p) ? left : V], r->columns, r->k, r->m, false);
  if (is_svd(y->p))
    store(y, r, out[LEFT + RIGHT - left], r->rows, r->n, r->n, true);
}

// ----------------------------------------------------------------- running --

static void run(const nd_piece *y)
{
  const nd_matrices *p = y->p;
  const room r = find_room(y);
  const int64_t from = y->from * BAND, to = nd_least(r.m, y->to * BAND);
  int64_t i = y->stage;
  const enum phase phase = find_phase(p, &r, &i);
  switch (phase) {
  case LOAD: load(y, &r, from, to); return;
  case SCALE: find_scale(p, &r); return;
  case ORDER: order(y, &r); return;
  case STORE: store_all(y, &r); return;
  default: break;
  }
  if (*r.scale == 0 || y->from == y->to)
    return;
  if (phase == RESIZE)
    resize(p, &r, from, to);
  else if (phase == REDUCE)
    reduce(y, &r, i);
  else if (phase == JOIN)
    join(y, &r);
  else if (phase == EXPAND)
    expand(y, &r.by_columns, i, r.columns, r.k);
  else if (phase == EXPAND_ROWS)
    expand(y, &r.by_rows, i, r.rows, r.n);
  else
    sweep(y, &r, i);
}

static bool refuse(nd_context *c, const nd_matrices *p, int64_t matrix,
                   int64_t found)
{
  return nd_fail(c, ND_BAD_ARGUMENT, "matrix%s: value %lld does not converge",
                 ND_PLACE(p->job->in[0], matrix), (long long)found);
}

static const nd_series series = {
  .stages = stages,
  .stage = stage,
  .run = run,
  .cost = cost,
  .shared = shared_bytes,
  .own = own_bytes,
  .refuse = refuse,
};

// -------------------------------------------------------------- inference --

static bool eigh_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  if (!nd_square_infer(c, j, 0))
    return false;
  out[VALUES] = nd_type_of(j->in[0]);
  out[VALUES].rank--;
  if (j->outs > 1)
    out[V] = nd_type_of(j->in[0]);
  return true;
}

static int svd_outs(nd_context *c, const nd_job *j)
{
  return j->attr[VECTORS].integer ? 3 : 1;
}

static bool svd_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  if (!nd_matrices_infer(c, j, 0))
    return false;
  const nd_type x = nd_type_of(j->in[0]);
  const int last = x.rank - 1;
  const int64_t m = x.shape[last - 1], n = x.shape[last];
  const bool full = j->attr[FULL].integer != 0;
  out[SINGULAR] = x;
  out[SINGULAR].rank--;
  out[SINGULAR].shape[last - 1] = nd_least(m, n);
  if (j->outs == 1)
    return true;
  out[LEFT] = out[RIGHT] = x;
  out[LEFT].shape[last] = full ? m : nd_least(m, n);
  out[RIGHT].shape[last - 1] = n;
  out[RIGHT].shape[last] = full ? n : nd_least(m, n);
  return true;
}

// ------------------------------------------------------------- derivatives --

bool nd_rule_svd(nd_context *c, nd_tensor *x, bool vectors, nd_tensor **out)
{
  const nd_value attr[] = {
    [FULL] = nd_value_integer(false), [VECTORS] = nd_value_integer(vectors)
  };
  return x != NULL && nd_rule_all(c, &nd_op_svd, 1, &x, attr, out);
}

nd_tensor *nd_rule_as_row(nd_context *c, nd_tensor *w, bool flip)
{
  if (w == NULL)
    return NULL;
  const int last = w->rank - 1;
  const int64_t n = w->dims[last];
  int64_t shape[ND_MAX_RANK];
  for (int i = 0; i < last; i++)
    shape[i] = w->dims[i];
  shape[last] = flip ? n : 1;
  shape[last + 1] = flip ? 1 : n;
  return RESHAPE(w, w->rank + 1, shape);
}

// 1 / x, and 0 where x is 0: equal values exchange nothing.
static nd_tensor *invert(nd_context *c, const nd_job *j, nd_tensor *x)
{
  nd_tensor *none = EQ(x, NUM(0));
  return IF(none, NUM(0), DIV(NUM(1), IF(none, NUM(1), x)));
}

// [i, j]: 1 / (w[j] - w[i])
static nd_tensor *gaps(nd_context *c, const nd_job *j, nd_tensor *w)
{
  return invert(c, j, SUB(AS_ROW(w, false), AS_ROW(w, true)));
}

// Values and vectors: those of the job, or computed again.
static bool eigen_of(nd_context *c, const nd_job *j, nd_tensor **out)
{
  out[VALUES] = j->out[VALUES];
  if (j->outs > 1)
    out[V] = j->out[V];
  return j->outs > 1 || nd_rule_all(c, &nd_op_eigh, 1, j->in, NULL, out);
}

// v (diag(gw) + gaps * v' gv) v' of a symmetric matrix, all of which stands
// below its diagonal.
static void eigh_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                     const bool *wanted, nd_tensor **gx)
{
  nd_tensor *out[2];
  if (!eigen_of(c, j, out))
    return;
  nd_tensor *v = out[V], *gv = j->outs > 1 ? g[V] : NULL;
  nd_tensor *values = MUL(v, AS_ROW(g[VALUES], false));
  nd_tensor *vectors = gv == NULL ? NULL
                                  : MATMUL(v, false,
                                           MUL(gaps(c, j, out[VALUES]),
                                               MATMUL(v, true, gv, false)),
                                           false);
  nd_tensor *all = MATMUL(ADD_ANY(values, vectors), false, v, true);
  gx[0] = TRIANGLES(ADD(all, ADJOINT(all)), 1, .5, 0);
}

// With m = v' dx v: dw is its diagonal, dv = v (gaps * m).
static void eigh_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                     nd_tensor **ty)
{
  nd_tensor *out[2];
  if (!eigen_of(c, j, out))
    return;
  nd_tensor *v = out[V], *lower = TRIANGLES(t[0], 1, .5, 0);
  nd_tensor *dx = ADD(lower, ADJOINT(lower));
  nd_tensor *m = MATMUL(v, true, MATMUL(dx, false, v, false), false);
  ty[VALUES] = DIAGONAL(m);
  if (j->outs > 1)
    ty[V] = MATMUL(v, false, MUL(gaps(c, j, out[VALUES]), m), false);
}

static bool svd_of(nd_context *c, const nd_job *j, nd_tensor **out)
{
  const nd_tensor *x = j->in[0];
  if (j->attr[FULL].integer && j->outs > 1 &&
      x->dims[x->rank - 2] != x->dims[x->rank - 1])
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "no gradient with full_matrices of other than square "
                   "matrices: x is %s; leave full_matrices out",
                   ND_SHAPE(x->rank, x->dims));
  if (j->outs == 1)
    return SVD(j->in[0], true, out);
  memcpy(out, j->out, 3 * sizeof *out);
  return true;
}

// x, without what lies in the span of the columns of u
static nd_tensor *beyond(nd_context *c, nd_tensor *u, nd_tensor *x)
{
  return SUB(x, MATMUL(u, false, MATMUL(u, true, x, false), false));
}

// [i, j]: 1 / (s[j]^2 - s[i]^2)
static nd_tensor *square_gaps(nd_context *c, const nd_job *j, nd_tensor *s)
{
  nd_tensor *row = AS_ROW(s, false), *column = AS_ROW(s, true);
  return invert(c, j, MUL(SUB(row, column), ADD(row, column)));
}

// The part of gx by the gradient gu of vectors u, as z with gx = z v': with
// k = gaps * u' gu, u (k + k') s + (gu - u u' gu) / s.
static nd_tensor *pull(nd_context *c, const nd_job *j, nd_tensor *u,
                       nd_tensor *s, nd_tensor *gu)
{
  if (gu == NULL)
    return NULL;
  nd_tensor *k = MUL(square_gaps(c, j, s), MATMUL(u, true, gu, false));
  nd_tensor *row = AS_ROW(s, false);
  return ADD(MUL(MATMUL(u, false, ADD(k, ADJOINT(k)), false), row),
             MUL(beyond(c, u, gu), invert(c, j, row)));
}

static void svd_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                    const bool *wanted, nd_tensor **gx)
{
  nd_tensor *y[3];
  if (!svd_of(c, j, y))
    return;
  nd_tensor *u = y[LEFT], *v = y[RIGHT], *s = y[SINGULAR];
  nd_tensor *const *gy = (nd_tensor *[]){ g[0], j->outs > 1 ? g[LEFT] : NULL,
                                          j->outs > 1 ? g[RIGHT] : NULL };
  nd_tensor *left = ADD_ANY(pull(c, j, u, s, gy[LEFT]),
                            MUL(u, AS_ROW(gy[SINGULAR], false)));
  nd_tensor *right = pull(c, j, v, s, gy[RIGHT]);
  gx[0] = ADD_ANY(MATMUL(left, false, v, true), MATMUL(u, false, right, true));
}

// With p = u' dx v: ds is its diagonal, du = u (gaps * (p s + s p')) +
// (dx v - u p) / s, and dv the same of the adjoint.
static nd_tensor *push(nd_context *c, const nd_job *j, nd_tensor *u,
                       nd_tensor *s, nd_tensor *p, nd_tensor *moved)
{
  nd_tensor *row = AS_ROW(s, false), *column = AS_ROW(s, true);
  nd_tensor *mixed = ADD(MUL(p, row), MUL(column, ADJOINT(p)));
  nd_tensor *within = MATMUL(u, false, MUL(square_gaps(c, j, s), mixed), false);
  return ADD(within,
             MUL(SUB(moved, MATMUL(u, false, p, false)), invert(c, j, row)));
}

static void svd_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                    nd_tensor **ty)
{
  nd_tensor *y[3];
  if (!svd_of(c, j, y))
    return;
  nd_tensor *u = y[LEFT], *v = y[RIGHT], *s = y[SINGULAR];
  nd_tensor *ahead = MATMUL(t[0], false, v, false);
  nd_tensor *back = MATMUL(t[0], true, u, false);
  nd_tensor *p = MATMUL(u, true, ahead, false);
  ty[SINGULAR] = DIAGONAL(p);
  if (j->outs == 1)
    return;
  ty[LEFT] = push(c, j, u, s, p, ahead);
  ty[RIGHT] = push(c, j, v, s, ADJOINT(p), back);
}

// ----------------------------------------------------------------- entries --

static const nd_param eigh_params[] = { { "x", ND_TENSOR }, { 0 } };
static const nd_param svd_params[] = {
  { "x", ND_TENSOR },
  { "full_matrices", ND_FLAG, "false" },
  { "compute_uv", ND_FLAG, "true" },
  { 0 },
};
static const char *const eigh_results[] = { "e", "v", NULL };
static const char *const svd_results[] = { "s", "u", "v", NULL };

#define BY_SWEEPS                                                              \
  .module = "linalg", .inside = true, .dtypes = ND_FLOATS,                     \
  .work = nd_series_work, .series = &series, .dense = 1, .low = -1, .high = 1, \
  .derivative = ND_VJP
#define SYMMETRIC_CASES \
  "symmetric[3 3]; symmetric[2 2 2]; symmetric[1 1]; [0 0]; [0 2 2]"

const nd_op nd_op_eigh = {
  .name = "eigh",
  .doc = "eigenvalues, in ascending order, and eigenvectors, as columns, of "
         "symmetric matrices, of which the lower triangle is read; gradients "
         "are lower triangular",
  .params = eigh_params,
  BY_SWEEPS,
  .needs = { ND_NEEDS_OUT },
  .results = eigh_results,
  .infer = eigh_infer,
  .vjp = eigh_vjp,
  .jvp = eigh_jvp,
  .cases = SYMMETRIC_CASES,
  .long_cases = "symmetric[100 100]; symmetric[150 150]",
};

const nd_op nd_op_eigvalsh = {
  .name = "eigvalsh",
  .doc = "eigenvalues of symmetric matrices, in ascending order; the lower "
         "triangle is read",
  .params = eigh_params,
  BY_SWEEPS,
  .needs = { 1 << 0 },
  .infer = eigh_infer,
  .vjp = eigh_vjp,
  .jvp = eigh_jvp,
  .cases = SYMMETRIC_CASES,
  .long_cases = "symmetric[200 200]",
};

const nd_op nd_op_svd = {
  .name = "svd",
  .doc =
    "singular values, in descending order, and singular vectors, as "
    "columns: x = u diag(s) adjoint(v); only s unless compute_uv; square u "
    "and v if full_matrices",
  .params = svd_params,
  .attrs = 2,
  BY_SWEEPS,
  .needs = { 1 << 0 | ND_NEEDS_OUT },
  .results = svd_results,
  .outs = svd_outs,
  .infer = svd_infer,
  .vjp = svd_vjp,
  .jvp = svd_jvp,
  .cases = "regular[3 3]; regular[4 2]; regular[2 4]; regular[2 2 2]; "
           "regular[3 3] full_matrices=true; regular[3 2] compute_uv=false; "
           "regular[1 3]; [0 0]; [0 2 2]",
  .long_cases = "[100 100]; [150 60] full_matrices=true; [60 200]; "
                "[200 150] compute_uv=false",
};

const nd_op *const nd_ops_linalg_eigen[] = {
  &nd_op_eigh,
  &nd_op_eigvalsh,
  &nd_op_svd,
  NULL,
};
