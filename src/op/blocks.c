// op/blocks.c: see blocks.h.

#include "op/blocks.h"

#include "base/cut.h"

enum { BAND = ND_BLOCK_ROWS, WIDE = 512 };  // sides of an area

// ------------------------------------------------------------------- tools --

float nd_terms_cost(const nd_matrices *p, double terms)
{
  return (float)terms * .012F * (float)p->width;
}

nd_stage nd_strips(const nd_matrices *p, int64_t n, float cost)
{
  return (nd_stage){ nd_parts(n, BAND), cost };
}

void nd_flip_rows(const nd_matrices *p, int64_t from, int64_t to, int64_t m,
                  const char *in, int64_t in_row, char *out, int64_t out_row)
{
  p->flip(to - from, m, in + from * p->width, in_row,
          out + from * out_row * p->width, out_row);
}

void nd_negate(const nd_matrices *p, int64_t n, const char *in, char *out)
{
  if (p->width == sizeof(float)) {
    for (int64_t i = 0; i < n; i++)
      ((float *)(void *)out)[i] = -((const float *)(const void *)in)[i];
  } else {
    for (int64_t i = 0; i < n; i++)
      ((double *)(void *)out)[i] = -((const double *)(const void *)in)[i];
  }
}

// ----------------------------------------------------------------- updates --

nd_stage nd_update_stage(const nd_matrices *p, int64_t m, int64_t n, int64_t k)
{
  const double terms = (double)(nd_least(m, BAND) * nd_least(n, WIDE) * k);
  return (nd_stage){ nd_parts(m, BAND) * nd_parts(n, WIDE),
                     (float)terms * .006F * (float)p->width };
}

size_t nd_update_own(const nd_matrices *p)
{
  return nd_matrices_scratch(p, BAND, WIDE, BAND);
}

void nd_update_run(const nd_piece *y, const nd_update *u)
{
  const int64_t beside = nd_parts(u->y.n, WIDE), width = y->p->width;
  for (int64_t i = y->from; i < y->to; i++) {
    const int64_t row = i / beside * BAND, end = i % beside * WIDE + WIDE;
    int64_t column = i % beside * WIDE;
    if (u->upper && column < row)
      column = row;
    nd_matmul part = u->y;
    part.m = nd_least(u->y.m - row, BAND);
    part.n = nd_least(u->y.n, end) - column;
    part.a = (const char *)u->y.a + row * u->y.a_row * width;
    part.b = (const char *)u->y.b + column * u->y.b_column * width;
    part.c = (char *)u->y.c + (row * u->y.c_row + column) * width;
    nd_matrices_add(y->p, &part, y->own);
  }
}

// --------------------------------------------------------------- triangles --

// An upper triangle is a lower one read from its end.
static nd_triangle as_lower(const nd_triangle *t, int64_t width)
{
  nd_triangle y = *t;
  if (!t->upper)
    return y;
  y.t += (t->n - 1) * (t->t_row + t->t_column) * width;
  y.x += (t->n - 1) * t->x_row * width;
  y.t_row = -t->t_row;
  y.t_column = -t->t_column;
  y.x_row = -t->x_row;
  return y;
}

int64_t nd_triangle_stages(int64_t n)
{
  return 2 * nd_parts(n, BAND);
}

nd_stage nd_triangle_stage(const nd_matrices *p, int64_t n, int64_t w,
                           int64_t i)
{
  const int64_t first = i / 2 * BAND, band = nd_least(n - first, BAND);
  if (i % 2 == 1)
    return nd_update_stage(p, n - first - band, w, band);
  const double terms = (double)(band * band) / 2 * (double)nd_least(w, BAND);
  return nd_strips(p, w, nd_terms_cost(p, terms));
}

// Columns of the rows from `first` on, and what these are with another sign.
static void solve_strips(const nd_piece *y, const nd_triangle *t, int64_t first,
                         int64_t band)
{
  const int64_t width = y->p->width, from = y->from * BAND;
  const int64_t w = nd_least(t->w, y->to * BAND) - from;
  char *x = t->x + (first * t->x_row + from) * width;
  y->p->kernels->solve(band, w, t->t + first * (t->t_row + t->t_column) * width,
                       t->t_row, t->t_column, t->unit, x, t->x_row);
  for (int64_t i = 0; i < band && first + band < t->n; i++)
    nd_negate(y->p, w, x + i * t->x_row * width,
              t->negative + (i * t->w + from) * width);
}

void nd_triangle_run(const nd_piece *y, const nd_triangle *given, int64_t i)
{
  const int64_t width = y->p->width;
  const nd_triangle t = as_lower(given, width);
  const int64_t first = i / 2 * BAND, band = nd_least(t.n - first, BAND);
  const int64_t next = first + band;
  if (i % 2 == 0) {
    solve_strips(y, &t, first, band);
    return;
  }
  const nd_update u = {
    .y = { .m = t.n - next,
           .n = t.w,
           .k = band,
           .a = t.t + (next * t.t_row + first * t.t_column) * width,
           .a_row = t.t_row,
           .a_column = t.t_column,
           .b = t.negative,
           .b_row = t.w,
           .b_column = 1,
           .c = t.x + next * t.x_row * width,
           .c_row = t.x_row },
  };
  nd_update_run(y, &u);
}

// ------------------------------------------------------------- elimination --

// Of a block, columns that a stage takes, so that it does not take long.
static int64_t some_columns(int64_t m)
{
  const int64_t n = 4096 / (m + 1);
  return n < 1 ? 1 : nd_least(n, BAND);
}

// Stages of a block: some for its columns, then those to the right of them are
// solved for, and what is below is updated.
static int64_t block_stages(int64_t m)
{
  return nd_parts(BAND, some_columns(m)) + 2;
}

int64_t nd_elimination_stages(int64_t m, int64_t n)
{
  return nd_parts(nd_least(m, n), BAND) * block_stages(m);
}

nd_stage nd_elimination_stage(const nd_matrices *p, int64_t m, int64_t n,
                              int64_t i)
{
  const int64_t stages = block_stages(m), first = i / stages * BAND;
  const int64_t band = nd_least(nd_least(m, n) - first, BAND);
  const int64_t right = n - first - band;
  if (i % stages == stages - 1)
    return nd_update_stage(p, m - first - band, right, band);
  if (i % stages == stages - 2)
    return nd_strips(p, right,
                     nd_terms_cost(p, (double)(band * band * BAND) / 2));
  return (nd_stage){ 1, (float)(some_columns(m) * (m - first)) * 12 };
}

static void eliminate(const nd_piece *y, const nd_elimination *e, int64_t first,
                      int64_t from)
{
  const int64_t pivots = nd_least(e->m, e->n), width = y->p->width;
  const int64_t band = nd_least(pivots - first, BAND);
  const int64_t to = nd_least(from + some_columns(e->m), band);
  if (from >= to)
    return;
  const int64_t missing = y->p->kernels->eliminate(
    e->m - first, band, from, to, e->a + first * (e->n + 1) * width, e->n,
    -first, e->n, e->swaps + first);
  if (missing < to && *y->found == 0)
    *y->found = first + missing + 1;
}

void nd_elimination_run(const nd_piece *y, const nd_elimination *e, int64_t i)
{
  const int64_t width = y->p->width, stages = block_stages(e->m);
  const int64_t first = i / stages * BAND, at = i % stages;
  const int64_t band = nd_least(nd_least(e->m, e->n) - first, BAND);
  const int64_t next = first + band, right = e->n - next;
  char *corner = e->a + first * (e->n + 1) * width;
  if (at < stages - 2) {
    eliminate(y, e, first, at * some_columns(e->m));
  } else if (at == stages - 2) {
    const nd_triangle t = { .n = e->m - first,
                            .w = right,
                            .t = corner,
                            .t_row = e->n,
                            .t_column = 1,
                            .unit = true,
                            .x = corner + band * width,
                            .x_row = e->n,
                            .negative = e->negative };
    solve_strips(y, &t, 0, band);
  } else {
    const nd_update u = { .y = { .m = e->m - next,
                                 .n = right,
                                 .k = band,
                                 .a = corner + band * e->n * width,
                                 .a_row = e->n,
                                 .a_column = 1,
                                 .b = e->negative,
                                 .b_row = right,
                                 .b_column = 1,
                                 .c = corner + band * (e->n + 1) * width,
                                 .c_row = e->n } };
    nd_update_run(y, &u);
  }
}

void nd_elimination_rows(int64_t m, int64_t pivots, const int64_t *swaps,
                         int64_t *rows)
{
  for (int64_t i = 0; i < m; i++)
    rows[i] = i;
  for (int64_t first = 0; first < pivots; first += BAND) {
    for (int64_t i = first; i < nd_least(pivots, first + BAND); i++) {
      const int64_t at = first + swaps[i], held = rows[i];
      rows[i] = rows[at];
      rows[at] = held;
    }
  }
}
