// op/spectrum.c: see spectrum.h.

#include "op/spectrum.h"

#include <math.h>

#include "base/cut.h"

enum { BAND = ND_BLOCK_ROWS };

// ------------------------------------------------------------------ memory --

static nd_spectrum measure(const nd_matrices *p)
{
  nd_spectrum r = { .m = p->m > p->n ? p->m : p->n, .n = p->least };
  r.k = nd_is_singular(p) && p->job->attr[ND_SVD_FULL].integer ? r.m : r.n;
  r.by_columns = (nd_reflections){ .count = r.n, .length = r.m };
  if (!nd_is_singular(p))
    r.by_columns.shift = 1;
  if (!nd_is_singular(p) && r.n > 0)
    r.by_columns.count = r.n - 1;
  r.by_rows = (nd_reflections){ .length = r.n, .shift = 1 };
  r.by_rows.count = nd_is_singular(p) && r.n > 0 ? r.n - 1 : 0;
  return r;
}

static char *cut_off(char **at, int64_t bytes)
{
  char *start = *at;
  *at += (bytes + 63) / 64 * 64;
  return start;
}

// Lays all out from `at` on; returns the end.
static char *lay(const nd_matrices *p, nd_spectrum *r, char *at)
{
  const int64_t w = p->width, many = r->m * (int64_t)sizeof(double);
  const int64_t turns = nd_sweeps_room(r->n) * (int64_t)sizeof(nd_turn);
  at = nd_reflections_lay(&r->by_columns, at, w);
  at = nd_reflections_lay(&r->by_rows, at, w);
  r->a = cut_off(&at, r->m * r->n * w);
  r->columns = cut_off(&at, nd_wants_vectors(p) ? r->k * r->m * w : 0);
  r->rows = cut_off(
    &at, nd_is_singular(p) && nd_wants_vectors(p) ? r->n * r->n * w : 0);
  r->w = cut_off(&at, r->m * w);
  r->p = cut_off(&at, r->m * w);
  r->d = (double *)(void *)cut_off(&at, many);
  r->e = (double *)(void *)cut_off(&at, many);
  r->order = (int64_t *)(void *)cut_off(&at, many);
  r->sweeps = (nd_sweeps *)(void *)cut_off(&at, sizeof *r->sweeps);
  r->turns = (nd_turn *)(void *)cut_off(&at, turns);
  r->others = (nd_turn *)(void *)cut_off(&at, nd_is_singular(p) ? turns : 0);
  r->scale = (double *)(void *)cut_off(&at, sizeof *r->scale);
  return at;
}

static size_t shared_bytes(const nd_matrices *p)
{
  char *const start = (char *)64;
  nd_spectrum r = measure(p);
  return (size_t)(lay(p, &r, start) - start);
}

static nd_spectrum find_room(const nd_piece *y)
{
  nd_spectrum r = measure(y->p);
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

static void count_stages(const nd_matrices *p, const nd_spectrum *r,
                         int64_t counts[PHASES])
{
  const bool v = nd_wants_vectors(p);
  counts[LOAD] = counts[SCALE] = counts[RESIZE] = 1;
  counts[REDUCE] = nd_reduction_parts(p) * r->n;
  counts[JOIN] = v;
  counts[EXPAND] = v ? nd_reflections_blocks(r->by_columns.count) : 0;
  counts[EXPAND_ROWS] = v ? nd_reflections_blocks(r->by_rows.count) : 0;
  counts[SWEEP] = 2 * nd_sweeps_rounds(r->n);
  counts[ORDER] = counts[STORE] = 1;
}

static enum phase find_phase(const nd_matrices *p, const nd_spectrum *r,
                             int64_t *i)
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
  const nd_spectrum r = measure(p);
  int64_t counts[PHASES], sum = 0;
  count_stages(p, &r, counts);
  for (int i = 0; i < PHASES; i++)
    sum += counts[i];
  return sum;
}

// Part of a step of the reduction: 0 and 2 are one unit, 1 are columns of svd
// and rows of eigh, 3 are rows.
static nd_stage reduce_stage(const nd_matrices *p, const nd_spectrum *r,
                             int64_t i)
{
  const int64_t parts = nd_reduction_parts(p), part = i % parts;
  const int64_t high = r->m - i / parts - 1, wide = r->n - i / parts - 1;
  if (part % 2 == 0)
    return (nd_stage){ 1, nd_terms_cost(p, (double)(8 * r->m)) };
  const bool across = nd_is_singular(p) && part == 1;
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
  const nd_spectrum r = measure(p);
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
      p, !nd_wants_vectors(p) ? 0 : r.m,
      nd_terms_cost(p, (double)(nd_sweeps_room(r.n) * 4 * BAND)));
  case STORE:
    return nd_strips(p, nd_wants_vectors(p) ? r.m : 1, (float)(2 * BAND * r.k));
  default: return (nd_stage){ 1, 10 * (float)r.m };
  }
}

static float cost(const nd_matrices *p)
{
  const nd_spectrum r = measure(p);
  const double m = (double)r.m, n = (double)r.n, k = (double)r.k;
  const double reduce = m * n * n * 3, expand = nd_wants_vectors(p) ? 6 : 0;
  return 100 + (float)(n * n * 60) + (float)(m * n * 10) +
         nd_terms_cost(p, reduce + expand * m * k * n);
}

// ----------------------------------------------------------------- vectors --

static void join(const nd_piece *y, const nd_spectrum *r)
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
                     nd_row_of(y->p, rows, first, h->length), h->length,
                     count - first);
}

static void sweep(const nd_piece *y, const nd_spectrum *r, int64_t i)
{
  const nd_matrices *p = y->p;
  const int64_t from = y->from * BAND;
  const int64_t to = nd_least(r->m, y->to * BAND);
  if (i % 2 == 0 && nd_is_singular(p)) {
    nd_sweeps_bidiagonal(r->sweeps, r->d, r->e, r->others, r->turns);
  } else if (i % 2 == 0) {
    nd_sweeps_tridiagonal(r->sweeps, r->d, r->e, r->turns);
  } else if (from < to) {
    p->kernels->turn(r->sweeps->count, r->turns, to - from,
                     r->columns + from * p->width, r->m);
    if (nd_is_singular(p) && from < r->n)
      p->kernels->turn(r->sweeps->count, r->others, nd_least(to, r->n) - from,
                       r->rows + from * p->width, r->n);
  }
}

// ----------------------------------------------------------------- storing --

static bool comes_before(const nd_matrices *p, double x, double y)
{
  return nd_is_singular(p) ? fabs(x) > fabs(y) : x < y;
}

// Sorts the places of the values by insertion with gaps (Shell, with Ciura's
// ratio): of equals in whatever order.
static void sort(const nd_matrices *p, const nd_spectrum *r)
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

static void order(const nd_piece *y, const nd_spectrum *r)
{
  const nd_matrices *p = y->p;
  char *out = p->job->out[0]->data + y->matrix * r->n * p->width;
  const double back = *r->scale == 0 ? NAN : 1 / *r->scale;
  if (*r->scale != 0 && r->sweeps->left > 0)
    *y->found = r->n - r->sweeps->left + 1;
  sort(p, r);
  for (int64_t i = 0; i < r->n; i++) {
    const double value = r->d[r->order[i]] * back;
    nd_element_set(p, out, i, nd_is_singular(p) ? fabs(value) : value);
  }
}

// Rows from..to-1 of vectors as columns, in order; `signed` ones are turned
// round where their value is negative.
static void store(const nd_piece *y, const nd_spectrum *r, nd_tensor *out,
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

static void store_all(const nd_piece *y, const nd_spectrum *r)
{
  nd_tensor **out = y->p->job->out;
  if (!nd_wants_vectors(y->p))
    return;
  const int left = y->p->m < y->p->n ? ND_SVD_V : ND_SVD_U;
  store(y, r, out[nd_is_singular(y->p) ? left : ND_EIGH_V], r->columns, r->k,
        r->m, false);
  if (nd_is_singular(y->p))
    store(y, r, out[ND_SVD_U + ND_SVD_V - left], r->rows, r->n, r->n, true);
}

// ----------------------------------------------------------------- running --

static void run(const nd_piece *y)
{
  const nd_matrices *p = y->p;
  const nd_spectrum r = find_room(y);
  const int64_t from = y->from * BAND, to = nd_least(r.m, y->to * BAND);
  int64_t i = y->stage;
  const enum phase phase = find_phase(p, &r, &i);
  switch (phase) {
  case LOAD: nd_spectrum_load(y, &r, from, to); return;
  case SCALE: nd_spectrum_scale(p, &r); return;
  case ORDER: order(y, &r); return;
  case STORE: store_all(y, &r); return;
  default: break;
  }
  if (*r.scale == 0 || y->from == y->to)
    return;
  if (phase == RESIZE)
    nd_spectrum_resize(p, &r, from, to);
  else if (phase == REDUCE)
    nd_spectrum_reduce(y, &r, i);
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

#define SERIES                                                  \
  {                                                             \
    .stages = stages, .stage = stage, .run = run, .cost = cost, \
    .shared = shared_bytes, .own = own_bytes, .refuse = refuse  \
  }

const nd_series nd_eigen_series = SERIES;
const nd_series nd_singular_series = SERIES;
