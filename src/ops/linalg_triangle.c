// ops/linalg_triangle.c: triangles of matrices: scaled, and solved for.

#include <string.h>

#include "base/cut.h"
#include "op/blocks.h"
#include "ops/rules.h"

enum { BELOW, ON, ABOVE };  // attributes of scale_triangles
enum { LOWER, ADJOINED };   // of triangular_solve

// ----------------------------------------------------------------- scaling --

static bool scale_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  *out = nd_type_of(j->in[0]);
  return nd_matrices_infer(c, j, 0);
}

// Elements from..to-1, which begin in row `row` and column `column` of a
// matrix.
#define SCALE(type)                                                       \
  static void scale_##type(const nd_job *j, int64_t from, int64_t to)     \
  {                                                                       \
    const nd_tensor *x = j->in[0];                                        \
    const int64_t m = x->dims[x->rank - 2];                               \
    const int64_t n = x->dims[x->rank - 1];                               \
    const type *in = (const void *)nd_values(x);                          \
    type *out = (void *)j->out[0]->data;                                  \
    int64_t row = from / n % m, column = from % n;                        \
    for (int64_t i = from; i < to; i++) {                                 \
      const int part = row > column ? BELOW : row == column ? ON : ABOVE; \
      const double scale = j->attr[part].number;                          \
      out[i] = scale == 0 ? 0 : in[i] * (type)scale;                      \
      if (++column == n) {                                                \
        column = 0;                                                       \
        row = row + 1 == m ? 0 : row + 1;                                 \
      }                                                                   \
    }                                                                     \
  }

SCALE(float)
SCALE(double)

static void scale_run(const nd_job *j, int64_t from, int64_t to)
{
  if (j->in[0]->dtype == ND_FLOAT32)
    scale_float(j, from, to);
  else
    scale_double(j, from, to);
}

nd_tensor *nd_rule_triangles(nd_context *c, nd_tensor *x, double below,
                             double on, double above)
{
  const nd_value attr[] = {
    [BELOW] = { .given = true, .number = below },
    [ON] = { .given = true, .number = on },
    [ABOVE] = { .given = true, .number = above },
  };
  return nd_rule_apply(c, &nd_op_scale_triangles, 1, &x, attr);
}

// It is its own transpose.
static void scale_transpose(nd_context *c, const nd_job *j, nd_tensor *const *g,
                            const bool *wanted, nd_tensor **gx)
{
  gx[0] = nd_rule_apply(c, j->op, 1, g, j->attr);
}

nd_tensor *nd_rule_adjoint(nd_context *c, nd_tensor *x)
{
  if (x == NULL)
    return NULL;
  int64_t perm[ND_MAX_RANK];
  for (int i = 0; i < x->rank; i++)
    perm[i] = i + 1;
  perm[x->rank - 2] = x->rank;
  perm[x->rank - 1] = x->rank - 1;
  return TRANSPOSE(x, perm);
}

// ----------------------------------------------------------------- solving --

static bool solve_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *b = j->in[1];
  if (!nd_square_infer(c, j, 0) || !nd_matrices_infer(c, j, 1) ||
      !nd_sides_infer(c, j) || !nd_batches_infer(c, j, out))
    return false;
  out->shape[out->rank - 2] = b->dims[b->rank - 2];
  out->shape[out->rank - 1] = b->dims[b->rank - 1];
  return true;
}

// A stage that copies the right side, and looks at the diagonal; then those of
// the triangle.
static int64_t solve_stages(const nd_matrices *p)
{
  return 1 + nd_triangle_stages(p->n);
}

static nd_stage solve_stage(const nd_matrices *p, int64_t i)
{
  return i == 0 ? nd_strips(p, p->n, (float)(ND_BLOCK_ROWS * p->w))
                : nd_triangle_stage(p, p->n, p->w, i - 1);
}

static bool is_zero(const nd_matrices *p, const char *x)
{
  return p->width == sizeof(float) ? *(const float *)(const void *)x == 0
                                   : *(const double *)(const void *)x == 0;
}

static void start_solve(const nd_piece *y, const char *a, char *x)
{
  const nd_matrices *p = y->p;
  const nd_job *j = p->job;
  const char *b = nd_matrix_at(j->in[1], j->out[0], y->matrix);
  const int64_t row = p->w * p->width, from = y->from * ND_BLOCK_ROWS;
  const int64_t to = nd_least(p->n, y->to * ND_BLOCK_ROWS);
  memcpy(x + from * row, b + from * row, (size_t)((to - from) * row));
  for (int64_t i = 0; y->from == 0 && i < p->n && *y->found == 0; i++) {
    if (is_zero(p, a + i * (p->n + 1) * p->width))
      *y->found = i + 1;
  }
}

static void solve_run(const nd_piece *y)
{
  const nd_matrices *p = y->p;
  const nd_job *j = p->job;
  const bool flipped = j->attr[ADJOINED].integer != 0;
  char *a = nd_matrix_at(j->in[0], j->out[0], y->matrix);
  char *x = nd_matrix_at(j->out[0], j->out[0], y->matrix);
  const nd_triangle t = { .n = p->n,
                          .w = p->w,
                          .t = a,
                          .t_row = flipped ? 1 : p->n,
                          .t_column = flipped ? p->n : 1,
                          .upper = (j->attr[LOWER].integer != 0) == flipped,
                          .x = x,
                          .x_row = p->w,
                          .negative = y->shared };
  if (y->stage == 0)
    start_solve(y, a, x);
  else if (*y->found == 0)
    nd_triangle_run(y, &t, y->stage - 1);
}

static float solve_cost(const nd_matrices *p)
{
  return 20 + nd_terms_cost(p, (double)(p->n * p->n * p->w) / 2);
}

static size_t solve_shared(const nd_matrices *p)
{
  return (size_t)(ND_BLOCK_ROWS * p->w * p->width);
}

static bool refuse_solve(nd_context *c, const nd_matrices *p, int64_t matrix,
                         int64_t found)
{
  return nd_fail(c, ND_BAD_ARGUMENT,
                 "matrix%s is not invertible: element %lld of its diagonal is "
                 "0",
                 ND_PLACE(p->job->out[0], matrix), (long long)found);
}

static const nd_series solve_series = {
  .stages = solve_stages,
  .stage = solve_stage,
  .run = solve_run,
  .cost = solve_cost,
  .shared = solve_shared,
  .own = nd_update_own,
  .refuse = refuse_solve,
};

// ------------------------------------------------------------- derivatives --

nd_tensor *nd_rule_solve_triangle(nd_context *c, nd_tensor *t, nd_tensor *x,
                                  bool lower, bool adjoint)
{
  const nd_value attr[] = {
    [LOWER] = nd_value_integer(lower), [ADJOINED] = nd_value_integer(adjoint)
  };
  return nd_rule_apply(c, &nd_op_triangular_solve, 2, (nd_tensor *[]){ t, x },
                       attr);
}

static nd_tensor *triangle_of(nd_context *c, const nd_job *j, nd_tensor *x)
{
  const bool lower = j->attr[LOWER].integer != 0;
  return TRIANGLES(x, lower, 1, !lower);
}

// With t x = b: gb = t'^-1 g and gt = -gb x'.
static void solve_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                      const bool *wanted, nd_tensor **gx)
{
  const bool lower = j->attr[LOWER].integer,
             flipped = j->attr[ADJOINED].integer;
  nd_tensor *x = j->out[0];
  gx[1] = SOLVE_TRIANGLE(j->in[0], g[0], lower, !flipped);
  if (wanted[0])
    gx[0] = NEG(triangle_of(c, j,
                            flipped ? MATMUL(x, false, gx[1], true)
                                    : MATMUL(gx[1], false, x, true)));
}

// dx = t^-1 (db - dt x)
static void solve_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                      nd_tensor **ty)
{
  const bool lower = j->attr[LOWER].integer,
             flipped = j->attr[ADJOINED].integer;
  nd_tensor *moved = MATMUL(NEG(triangle_of(c, j, t[0])), flipped, j->out[0],
                            false);
  ty[0] = SOLVE_TRIANGLE(j->in[0], ADD_ANY(moved, t[1]), lower, flipped);
}

// ----------------------------------------------------------------- entries --

static const nd_param scale_params[] = {
  { "x", ND_TENSOR },
  { "below", ND_NUMBER, "1" },
  { "on", ND_NUMBER, "1" },
  { "above", ND_NUMBER, "1" },
  { 0 },
};
static const nd_param solve_params[] = {
  { "matrix", ND_TENSOR },
  { "rhs", ND_TENSOR },
  { "lower", ND_FLAG, "true" },
  { "adjoint", ND_FLAG, "false" },
  { 0 },
};

const nd_op nd_op_scale_triangles = {
  .name = "scale_triangles",
  .hidden = true,
  .doc = "what is below, on and above the diagonals of matrices x, times those",
  .params = scale_params,
  .attrs = 3,
  .dtypes = ND_FLOATS,
  .derivative = ND_LINEAR,
  .infer = scale_infer,
  .run = scale_run,
  .dense = 1 << 0,
  .transpose = scale_transpose,
  .low = -3,
  .high = 3,
  .cases = "[3 3] below=2 above=0; [2 3 2] on=.5; [2 3] below=0; [0 3]",
};

const nd_op nd_op_triangular_solve = {
  .name = "triangular_solve",
  .module = "linalg",
  .inside = true,
  .doc = "the x with matrix x = rhs, or adjoint(matrix) x = rhs, where matrix "
         "is read as lower or upper triangular; leading axes are batches and "
         "broadcast",
  .params = solve_params,
  .attrs = 2,
  .dtypes = ND_FLOATS,
  .derivative = ND_VJP,
  .needs = { 1 << 0 | ND_NEEDS_OUT, 1 << 0 },
  .infer = solve_infer,
  .work = nd_series_work,
  .series = &solve_series,
  .dense = 1 << 0 | 1 << 1,
  .vjp = solve_vjp,
  .jvp = solve_jvp,
  .low = .5,
  .high = 3,
  .cases = "[3 3] [3 2]; [3 3] [3 2] lower=false; [3 3] [3 1] adjoint=true; "
           "[2 2] [2 3] lower=false adjoint=true; [2 2 2] [2 1]; "
           "[2 2] [2 2 3]; [0 0] [0 2]; [2 2] [2 0]; [0 2 2] [2 1]",
  .long_cases = "[300 300] [300 70]; [200 200] [200 700] lower=false",
};

const nd_op *const nd_ops_linalg_triangle[] = {
  &nd_op_scale_triangles,
  &nd_op_triangular_solve,
  NULL,
};
