// ops/linalg_cholesky.c: a = l l' of symmetric positive definite matrices, of
// which what is on and below the diagonal is read.
//
// Rows are what lies in memory, so it is u = l' that is computed, u' u = a: a
// block of rows at a time, which is then taken from all below it.

#include <string.h>

#include "base/cut.h"
#include "op/blocks.h"
#include "ops/rules.h"

enum { BAND = ND_BLOCK_ROWS };
enum { PIVOTS, RIGHT, UPDATE, PHASES };  // of each block

static bool infer(nd_context *c, const nd_job *j, nd_type *out)
{
  *out = nd_type_of(j->in[0]);
  return nd_square_infer(c, j, 0);
}

// ------------------------------------------------------------------ stages --

// The first loads a', the last stores u'.
static int64_t stages(const nd_matrices *p)
{
  return 2 + PHASES * nd_parts(p->n, BAND);
}

static nd_stage stage(const nd_matrices *p, int64_t i)
{
  if (i == 0 || i == stages(p) - 1)
    return nd_strips(p, p->n, (float)(BAND * p->n));
  const int64_t first = (i - 1) / PHASES * BAND;
  const int64_t band = nd_least(p->n - first, BAND), left = p->n - first - band;
  const double terms = (double)(band * band) / 2;
  switch ((i - 1) % PHASES) {
  case PIVOTS: return (nd_stage){ 1, nd_terms_cost(p, terms * (double)band) };
  case RIGHT: return nd_strips(p, left, nd_terms_cost(p, terms * BAND));
  default: return nd_update_stage(p, left, left, band);
  }
}

static float cost(const nd_matrices *p)
{
  const double n = (double)p->n;
  return 20 + (float)(n * n * 2) + nd_terms_cost(p, n * n * n / 6);
}

static size_t negative_bytes(const nd_matrices *p)
{
  return (size_t)(BAND * p->n * p->width);
}

static size_t shared_bytes(const nd_matrices *p)
{
  return negative_bytes(p) + (size_t)(p->n * p->n * p->width);
}

// ----------------------------------------------------------------- running --

static void store(const nd_piece *y, const char *u, char *out, int64_t from,
                  int64_t to)
{
  const int64_t n = y->p->n, width = y->p->width;
  nd_flip_rows(y->p, from, to, n, u, n, out, n);
  for (int64_t i = from; i < to; i++)
    memset(out + (i * n + i + 1) * width, 0, (size_t)((n - i - 1) * width));
}

static void run_right(const nd_piece *y, char *corner, int64_t band,
                      int64_t left, char *negative)
{
  const int64_t n = y->p->n, width = y->p->width, from = y->from * BAND;
  const int64_t w = nd_least(left, y->to * BAND) - from;
  char *x = corner + (band + from) * width;
  y->p->kernels->solve(band, w, corner, 1, n, false, x, n);
  for (int64_t i = 0; i < band; i++)
    nd_negate(y->p, w, x + i * n * width, negative + (i * left + from) * width);
}

static void run_update(const nd_piece *y, char *corner, int64_t band,
                       int64_t left, const char *negative)
{
  const int64_t n = y->p->n, width = y->p->width;
  const nd_update u = { .y = { .m = left,
                               .n = left,
                               .k = band,
                               .a = negative,
                               .a_row = 1,
                               .a_column = left,
                               .b = corner + band * width,
                               .b_row = n,
                               .b_column = 1,
                               .c = corner + band * (n + 1) * width,
                               .c_row = n },
                        .upper = true };
  nd_update_run(y, &u);
}

static void run_block(const nd_piece *y, char *u, int64_t i)
{
  const nd_matrices *p = y->p;
  const int64_t first = i / PHASES * BAND, band = nd_least(p->n - first, BAND);
  const int64_t left = p->n - first - band;
  char *corner = u + first * (p->n + 1) * p->width;
  if (i % PHASES == RIGHT) {
    run_right(y, corner, band, left, y->shared);
  } else if (i % PHASES == UPDATE) {
    run_update(y, corner, band, left, y->shared);
  } else {
    const int64_t pivot = p->kernels->cholesky(band, corner, p->n);
    if (pivot < band)
      *y->found = first + pivot + 1;
  }
}

static void run(const nd_piece *y)
{
  const nd_matrices *p = y->p;
  const nd_job *j = p->job;
  char *u = y->shared + negative_bytes(p);
  const int64_t from = y->from * BAND, to = nd_least(p->n, y->to * BAND);
  if (*y->found != 0)
    return;
  if (y->stage == 0)
    nd_flip_rows(p, from, to, p->n, nd_matrix_at(j->in[0], j->in[0], y->matrix),
                 p->n, u, p->n);
  else if (y->stage == stages(p) - 1)
    store(y, u, nd_matrix_at(j->out[0], j->out[0], y->matrix), from, to);
  else
    run_block(y, u, y->stage - 1);
}

static bool refuse(nd_context *c, const nd_matrices *p, int64_t matrix,
                   int64_t found)
{
  return nd_fail(c, ND_BAD_ARGUMENT,
                 "matrix%s is not positive definite: pivot %lld is not above 0",
                 ND_PLACE(p->job->in[0], matrix), (long long)found);
}

static const nd_series series = {
  .stages = stages,
  .stage = stage,
  .run = run,
  .cost = cost,
  .shared = shared_bytes,
  .own = nd_update_own,
  .refuse = refuse,
};

// ------------------------------------------------------------- derivatives --

// l^-1 x l'^-1, or l'^-1 x l^-1, of a symmetric x
static nd_tensor *divide(nd_context *c, nd_tensor *l, nd_tensor *x, bool flip)
{
  nd_tensor *y = SOLVE_TRIANGLE(l, x, true, flip);
  return SOLVE_TRIANGLE(l, ADJOINT(y), true, flip);
}

static nd_tensor *symmetric(nd_context *c, nd_tensor *x, const nd_job *j)
{
  return MUL(NUM(.5), ADD(x, ADJOINT(x)));
}

// With half(x), what is below the diagonal of x and half of what is on it:
// dl = l half(l^-1 da l'^-1), and ga is the symmetric part of
// l'^-1 half(l' g) l^-1.
static void vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                const bool *wanted, nd_tensor **gx)
{
  nd_tensor *l = j->out[0];
  nd_tensor *half = TRIANGLES(MATMUL(l, true, g[0], false), 1, .5, 0);
  gx[0] = divide(c, l, symmetric(c, half, j), true);
}

static void jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                nd_tensor **ty)
{
  nd_tensor *l = j->out[0];
  nd_tensor *moved = divide(c, l, symmetric(c, t[0], j), false);
  ty[0] = MATMUL(l, false, TRIANGLES(moved, 1, .5, 0), false);
}

// ------------------------------------------------------------------- entry --

static const nd_param params[] = { { "x", ND_TENSOR }, { 0 } };

const nd_op nd_op_cholesky = {
  .name = "cholesky",
  .module = "linalg",
  .inside = true,
  .doc = "the lower triangular l with l adjoint(l) = x, for symmetric positive "
         "definite matrices x, of which the lower triangle is read; gradients "
         "are symmetric",
  .params = params,
  .dtypes = ND_FLOATS,
  .derivative = ND_VJP,
  .needs = { ND_NEEDS_OUT },
  .infer = infer,
  .work = nd_series_work,
  .series = &series,
  .dense = 1 << 0,
  .vjp = vjp,
  .jvp = jvp,
  .low = -1,
  .high = 1,
  .cases = "symmetric[3 3]; symmetric[2 2 2]; symmetric[1 1]; [0 0]; [0 2 2]",
  .long_cases = "symmetric[200 200]; symmetric[300 300]",
};

const nd_op *const nd_ops_linalg_cholesky[] = { &nd_op_cholesky, NULL };
