// ops/linalg_solve.c: what elimination with row exchange gives of square
// matrices: lu itself, solve, inv, det and slogdet, and cofactors, of which the
// derivative of det is made.
//
// Where a is singular cofactors are still there: pivots that are 0 become tiny,
// which the determinant takes back from the inverse.

#include <math.h>
#include <string.h>

#include "base/cut.h"
#include "kernel/math.h"
#include "op/reflect.h"
#include "ops/rules.h"

enum { ADJOINED };         // attribute
enum { SIGN, LOGARITHM };  // outputs of slogdet
enum { FACTORS, ROWS };    // outputs of lu

static bool is_op(const nd_matrices *p, const nd_op *op)
{
  return p->job->op == op;
}

// True if there is a right side: a second input, or the unit matrix.
static bool has_right(const nd_matrices *p)
{
  return is_op(p, &nd_op_solve) || is_op(p, &nd_op_inv) ||
         is_op(p, &nd_op_cofactors);
}

static int64_t right_columns(const nd_matrices *p)
{
  return !has_right(p) ? 0 : p->job->n > 1 ? p->w : p->n;
}

// True if it is the adjoint of the input that is taken apart.
static bool is_flipped(const nd_matrices *p)
{
  return is_op(p, &nd_op_cofactors) ||
         (has_right(p) && p->job->attr[ADJOINED].integer != 0);
}

// -------------------------------------------------------------- inference --

static bool square_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  *out = nd_type_of(j->in[0]);
  return nd_square_infer(c, j, 0);
}

static bool lu_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  if (!square_infer(c, j, &out[FACTORS]))
    return false;
  out[ROWS] = out[FACTORS];
  out[ROWS].rank--;
  out[ROWS].dtype = ND_INT32;
  return true;
}

static bool det_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  if (!square_infer(c, j, &out[0]))
    return false;
  out[0].rank -= 2;
  if (j->outs > 1)
    out[1] = out[0];
  return true;
}

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

// ------------------------------------------------------------------ memory --

// Where the factors of a matrix are, what its elimination needs, and what
// follows from it.
typedef struct room {
  char *a, *x, *negative;
  int64_t *swaps, *rows;
} room;

static size_t negative_bytes(const nd_matrices *p)
{
  const int64_t w = right_columns(p);
  return (size_t)(ND_BLOCK_ROWS * (w > p->n ? w : p->n) * p->width);
}

static size_t shared_bytes(const nd_matrices *p)
{
  const size_t places = (size_t)p->n * sizeof(int64_t);
  return (size_t)(p->n * p->n * p->width) + negative_bytes(p) + 2 * places;
}

static room find_room(const nd_piece *y)
{
  const nd_matrices *p = y->p;
  nd_tensor *out = p->job->out[0];
  room r = { .swaps = (int64_t *)(void *)y->shared };
  r.rows = r.swaps + p->n;
  r.negative = (char *)(r.rows + p->n);
  r.a = r.negative + negative_bytes(p);
  if (has_right(p))
    r.x = nd_matrix_at(out, out, y->matrix);
  if (is_op(p, &nd_op_lu))
    r.a = nd_matrix_at(out, out, y->matrix);
  return r;
}

// ------------------------------------------------------------------ stages --

enum phase { LOAD, ELIMINATE, PIVOTS, RIGHT, LOWER, UPPER, FINISH };

// How many stages each phase has.
static void count_stages(const nd_matrices *p, int64_t counts[FINISH + 1])
{
  const int64_t triangle = has_right(p) ? nd_triangle_stages(p->n) : 0;
  counts[LOAD] = 1;
  counts[ELIMINATE] = nd_elimination_stages(p->n, p->n);
  counts[PIVOTS] = 1;
  counts[RIGHT] = has_right(p);
  counts[LOWER] = triangle;
  counts[UPPER] = triangle;
  counts[FINISH] = is_op(p, &nd_op_cofactors);
}

// The phase of stage *i, which becomes its number in there.
static enum phase find_phase(const nd_matrices *p, int64_t *i)
{
  int64_t counts[FINISH + 1];
  int phase = LOAD;
  count_stages(p, counts);
  for (; *i >= counts[phase]; phase++)
    *i -= counts[phase];
  return phase;
}

static int64_t stages(const nd_matrices *p)
{
  int64_t counts[FINISH + 1], sum = 0;
  count_stages(p, counts);
  for (int i = 0; i <= FINISH; i++)
    sum += counts[i];
  return sum;
}

static nd_stage stage(const nd_matrices *p, int64_t i)
{
  switch (find_phase(p, &i)) {
  case ELIMINATE: return nd_elimination_stage(p, p->n, p->n, i);
  case PIVOTS: return (nd_stage){ 1, 10 * (float)p->n };
  case RIGHT:
    return nd_strips(p, p->n, (float)(ND_BLOCK_ROWS * right_columns(p)));
  case LOWER:
  case UPPER: return nd_triangle_stage(p, p->n, right_columns(p), i);
  default: return nd_strips(p, p->n, (float)(ND_BLOCK_ROWS * p->n));
  }
}

static float cost(const nd_matrices *p)
{
  const double n = (double)p->n, w = (double)right_columns(p);
  return 40 + (float)n * (float)n * 4 +
         nd_terms_cost(p, n * n * n / 3 + n * n * w);
}

// -------------------------------------------------------------- the pivots --

// m 2^e, the product of the pivots, whose exponents may be any.
static double multiply_pivots(const nd_piece *y, const room *r, int64_t *e)
{
  const nd_matrices *p = y->p;
  double product = 1;
  *e = 0;
  for (int64_t i = 0; i < p->n; i++) {
    int exponent;
    const int64_t at = i / ND_BLOCK_ROWS * ND_BLOCK_ROWS + r->swaps[i];
    product = frexp(product * nd_element(p, r->a, i * (p->n + 1)), &exponent);
    product = at == i ? product : -product;
    *e += exponent;
  }
  return product;
}

static double scale_by(double x, int64_t e)
{
  return ldexp(x, (int)(e > 4000 ? 4000 : e < -4000 ? -4000 : e));
}

static void end_det(const nd_piece *y, const room *r)
{
  const nd_job *j = y->p->job;
  int64_t e;
  const double product = multiply_pivots(y, r, &e);
  if (j->outs == 1) {
    nd_element_set(y->p, j->out[0]->data, y->matrix, scale_by(product, e));
    return;
  }
  const double size = fabs(product);
  const double sign = product == 0 ? 0 : product / size;
  const double ln2 = 0.69314718055994530942;
  nd_element_set(y->p, j->out[SIGN]->data, y->matrix, sign);
  nd_element_set(y->p, j->out[LOGARITHM]->data, y->matrix,
                 product == 0 ? -INFINITY : nd_log_f64(size) + (double)e * ln2);
}

// Pivots that are 0 become small enough to be nothing beside the others, and
// large enough to be divided by.
static void fill_pivots(const nd_piece *y, const room *r)
{
  const nd_matrices *p = y->p;
  const double tiny = p->width == sizeof(float) ? 0x1p-70 : 0x1p-300;
  for (int64_t i = 0; i < p->n; i++) {
    if (nd_element(p, r->a, i * (p->n + 1)) == 0)
      nd_element_set(p, r->a, i * (p->n + 1), tiny);
  }
  *y->found = 0;
}

static void end_pivots(const nd_piece *y, const room *r)
{
  const nd_matrices *p = y->p;
  nd_elimination_rows(p->n, p->n, r->swaps, r->rows);
  if (is_op(p, &nd_op_det) || is_op(p, &nd_op_slogdet)) {
    end_det(y, r);
    *y->found = 0;
  } else if (is_op(p, &nd_op_cofactors)) {
    fill_pivots(y, r);
  } else if (is_op(p, &nd_op_lu)) {
    int32_t *places = (int32_t *)(void *)p->job->out[ROWS]->data;
    for (int64_t i = 0; i < p->n; i++)
      places[y->matrix * p->n + i] = (int32_t)(r->rows[i] + 1);
  }
}

// ----------------------------------------------------------------- running --

static void load(const nd_piece *y, const room *r, int64_t from, int64_t to)
{
  const nd_matrices *p = y->p;
  const nd_job *j = p->job;
  const char *a = nd_matrix_at(j->in[0], j->n > 1 ? j->out[0] : j->in[0],
                               y->matrix);
  const int64_t row = p->n * p->width;
  if (is_flipped(p))
    nd_flip_rows(p, from, to, p->n, a, p->n, r->a, p->n);
  else
    memcpy(r->a + from * row, a + from * row, (size_t)((to - from) * row));
}

// Rows from..to-1 of the right side, in the order of the exchanged ones.
static void load_right(const nd_piece *y, const room *r, int64_t from,
                       int64_t to)
{
  const nd_matrices *p = y->p;
  const nd_job *j = p->job;
  const int64_t row = right_columns(p) * p->width;
  const char *b = j->n > 1 ? nd_matrix_at(j->in[1], j->out[0], y->matrix)
                           : NULL;
  for (int64_t i = from; i < to && r->x != NULL; i++) {
    char *x = r->x + i * row;
    if (b != NULL) {
      memcpy(x, b + r->rows[i] * row, (size_t)row);
    } else {
      memset(x, 0, (size_t)row);
      nd_element_set(p, x, r->rows[i], 1);
    }
  }
}

// What was the inverse, times the determinant.
static void end_cofactors(const nd_piece *y, const room *r, int64_t from,
                          int64_t to)
{
  const nd_matrices *p = y->p;
  int64_t e;
  const double product = multiply_pivots(y, r, &e);
  for (int64_t i = from * p->n; i < to * p->n; i++)
    nd_element_set(p, r->x, i, scale_by(product * nd_element(p, r->x, i), e));
}

static void solve_part(const nd_piece *y, const room *r, bool upper, int64_t i)
{
  const nd_matrices *p = y->p;
  const nd_triangle t = { .n = p->n,
                          .w = right_columns(p),
                          .t = r->a,
                          .t_row = p->n,
                          .t_column = 1,
                          .upper = upper,
                          .unit = !upper,
                          .x = r->x,
                          .x_row = right_columns(p),
                          .negative = r->negative };
  nd_triangle_run(y, &t, i);
}

static void run(const nd_piece *y)
{
  const nd_matrices *p = y->p;
  const room r = find_room(y);
  const nd_elimination e = {
    .m = p->n, .n = p->n, .a = r.a, .swaps = r.swaps, .negative = r.negative
  };
  const int64_t from = y->from * ND_BLOCK_ROWS;
  const int64_t to = nd_least(p->n, y->to * ND_BLOCK_ROWS);
  int64_t i = y->stage;
  const enum phase phase = find_phase(p, &i);
  if (phase == LOAD)
    load(y, &r, from, to);
  else if (phase == ELIMINATE)
    nd_elimination_run(y, &e, i);
  else if (phase == PIVOTS)
    end_pivots(y, &r);
  else if (*y->found != 0)
    return;
  else if (phase == RIGHT)
    load_right(y, &r, from, to);
  else if (phase == FINISH)
    end_cofactors(y, &r, from, to);
  else
    solve_part(y, &r, phase == UPPER, i);
}

static bool refuse(nd_context *c, const nd_matrices *p, int64_t matrix,
                   int64_t found)
{
  const nd_job *j = p->job;
  return nd_fail(c, ND_BAD_ARGUMENT,
                 "matrix%s is not invertible: column %lld depends on those "
                 "before it",
                 ND_PLACE(j->n > 1 ? j->out[0] : j->in[0], matrix),
                 (long long)found);
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

nd_tensor *nd_rule_inv(nd_context *c, nd_tensor *x, bool adjoint)
{
  const nd_value attr[] = { [ADJOINED] = nd_value_integer(adjoint) };
  return nd_rule_apply(c, &nd_op_inv, 1, &x, attr);
}

nd_tensor *nd_rule_solve(nd_context *c, nd_tensor *a, nd_tensor *b,
                         bool adjoint)
{
  const nd_value attr[] = { [ADJOINED] = nd_value_integer(adjoint) };
  return nd_rule_apply(c, &nd_op_solve, 2, (nd_tensor *[]){ a, b }, attr);
}

// The sum of products of two tensors of matrices, of each matrix.
static nd_tensor *inner(nd_context *c, nd_tensor *x, nd_tensor *y, bool keep)
{
  const int64_t axes[] = { -2, -1 };
  return SUM(MUL(x, y), nd_value_list(2, axes), keep);
}

// `x`, a number for each matrix, with the axes of matrices, too.
static nd_tensor *with_axes(nd_context *c, nd_tensor *x)
{
  if (x == NULL)
    return NULL;
  int64_t shape[ND_MAX_RANK];
  for (int i = 0; i < x->rank; i++)
    shape[i] = x->dims[i];
  shape[x->rank] = shape[x->rank + 1] = 1;
  return RESHAPE(x, x->rank + 2, shape);
}

// With a x = b: gb = a'^-1 g and ga = -gb x'.
static void solve_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                      const bool *wanted, nd_tensor **gx)
{
  const bool flipped = j->attr[ADJOINED].integer != 0;
  nd_tensor *x = j->out[0];
  gx[1] = SOLVE(j->in[0], g[0], !flipped);
  if (wanted[0])
    gx[0] = NEG(flipped ? MATMUL(x, false, gx[1], true)
                        : MATMUL(gx[1], false, x, true));
}

// dx = a^-1 (db - da x)
static void solve_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                      nd_tensor **ty)
{
  const bool flipped = j->attr[ADJOINED].integer != 0;
  nd_tensor *moved = MATMUL(NEG(t[0]), flipped, j->out[0], false);
  ty[0] = SOLVE(j->in[0], ADD_ANY(moved, t[1]), flipped);
}

// With y = a^-1: ga = -y' g y', and that transposed if a is.
static void inv_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                    const bool *wanted, nd_tensor **gx)
{
  nd_tensor *y = NEG(j->out[0]);
  gx[0] = j->attr[ADJOINED].integer
            ? MATMUL(y, false, MATMUL(g[0], true, j->out[0], false), false)
            : MATMUL(y, true, MATMUL(g[0], false, j->out[0], true), false);
}

// dy = -y da y
static void inv_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                    nd_tensor **ty)
{
  nd_tensor *moved = MATMUL(t[0], j->attr[ADJOINED].integer, j->out[0], false);
  ty[0] = MATMUL(NEG(j->out[0]), false, moved, false);
}

#define COFACTORS(a) nd_rule1(c, &nd_op_cofactors, a)

static void det_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                    const bool *wanted, nd_tensor **gx)
{
  gx[0] = MUL(with_axes(c, g[0]), COFACTORS(j->in[0]));
}

static void det_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                    nd_tensor **ty)
{
  ty[0] = inner(c, COFACTORS(j->in[0]), t[0], DROP);
}

// With y = det(a) a'^-1: ga = y sum(a'^-1 g) - y g' a'^-1.
static void cofactors_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                          const bool *wanted, nd_tensor **gx)
{
  nd_tensor *y = j->out[0], *b = INV(j->in[0], true);
  gx[0] = SUB(MUL(y, inner(c, b, g[0], KEEP)),
              MATMUL(y, false, MATMUL(g[0], true, b, false), false));
}

// dy = a'^-1 sum(y da) - a'^-1 da' y
static void cofactors_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                          nd_tensor **ty)
{
  nd_tensor *y = j->out[0], *b = INV(j->in[0], true);
  ty[0] = SUB(MUL(b, inner(c, y, t[0], KEEP)),
              MATMUL(b, false, MATMUL(t[0], true, y, false), false));
}

static void slogdet_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                        const bool *wanted, nd_tensor **gx)
{
  gx[0] = g[LOGARITHM] == NULL
            ? ZEROS(j->in[0])
            : MUL(with_axes(c, g[LOGARITHM]), INV(j->in[0], true));
}

static void slogdet_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                        nd_tensor **ty)
{
  ty[SIGN] = ZEROS(j->out[SIGN]);
  ty[LOGARITHM] = inner(c, INV(j->in[0], true), t[0], DROP);
}

// ----------------------------------------------------------------- entries --

static const nd_param one_params[] = { { "x", ND_TENSOR }, { 0 } };
static const nd_param inv_params[] = {
  { "x", ND_TENSOR },
  { "adjoint", ND_FLAG, "false" },
  { 0 },
};
static const nd_param solve_params[] = {
  { "matrix", ND_TENSOR },
  { "rhs", ND_TENSOR },
  { "adjoint", ND_FLAG, "false" },
  { 0 },
};
static const char *const lu_results[] = { "lu", "p", NULL };
static const char *const slogdet_results[] = { "sign", "log_abs_determinant",
                                               NULL };

// What all have.
#define BY_ELIMINATION                                     \
  .module = "linalg", .inside = true, .dtypes = ND_FLOATS, \
  .work = nd_series_work, .series = &series, .dense = 3, .low = -1, .high = 1
#define LONG "regular[200 200]; regular[300 300]"
#define CASES "regular[3 3]; regular[2 2 2]; regular[1 1]; [0 0]; [0 2 2]"

const nd_op nd_op_lu = {
  .name = "lu",
  .doc = "lower and upper factors of square matrices in one, and the rows p, "
         "from 1, that they are factors of: x[p] = l u; l has a diagonal of 1",
  .params = one_params,
  BY_ELIMINATION,
  .results = lu_results,
  .infer = lu_infer,
  .long_cases = LONG,
};

const nd_op nd_op_solve = {
  .name = "solve",
  .doc = "the x with matrix x = rhs, or adjoint(matrix) x = rhs; leading axes "
         "are batches and broadcast",
  .params = solve_params,
  .attrs = 1,
  BY_ELIMINATION,
  .derivative = ND_VJP,
  .needs = { 1 << 0 | ND_NEEDS_OUT, 1 << 0 },
  .infer = solve_infer,
  .vjp = solve_vjp,
  .jvp = solve_jvp,
  .cases = "regular[3 3] [3 2]; regular[3 3] [3 1] adjoint=true; "
           "regular[2 2 2] [2 3]; regular[2 2] [2 2 1]; [0 0] [0 2]; "
           "regular[2 2] [2 0]; [0 2 2] [2 1]",
  .long_cases = "regular[300 300] [300 70]; regular[200 200] [200 600]",
};

const nd_op nd_op_inv = {
  .name = "inv",
  .doc = "inverse of square matrices, or of their adjoints",
  .params = inv_params,
  .attrs = 1,
  BY_ELIMINATION,
  .derivative = ND_VJP,
  .needs = { ND_NEEDS_OUT },
  .infer = square_infer,
  .vjp = inv_vjp,
  .jvp = inv_jvp,
  .cases = CASES "; regular[3 3] adjoint=true",
  .long_cases = LONG,
};

const nd_op nd_op_cofactors = {
  .name = "cofactors",
  .hidden = true,
  .doc = "the derivative of det: det(x) adjoint(inv(x)), also where x is "
         "singular",
  .params = one_params,
  BY_ELIMINATION,
  .derivative = ND_VJP,
  .needs = { 1 << 0 | ND_NEEDS_OUT },
  .infer = square_infer,
  .vjp = cofactors_vjp,
  .jvp = cofactors_jvp,
  .cases = CASES,
  .long_cases = LONG,
};

const nd_op nd_op_det = {
  .name = "det",
  .doc = "determinant of square matrices",
  .params = one_params,
  BY_ELIMINATION,
  .derivative = ND_VJP,
  .needs = { 1 << 0 },
  .infer = det_infer,
  .vjp = det_vjp,
  .jvp = det_jvp,
  .cases = CASES,
  .long_cases = LONG,
};

const nd_op nd_op_slogdet = {
  .name = "slogdet",
  .doc = "sign of the determinant, and logarithm of its size: 0 and -inf where "
         "the matrix is singular",
  .params = one_params,
  BY_ELIMINATION,
  .derivative = ND_VJP,
  .needs = { 1 << 0 },
  .results = slogdet_results,
  .infer = det_infer,
  .vjp = slogdet_vjp,
  .jvp = slogdet_jvp,
  .cases = CASES,
  .long_cases = LONG,
};

const nd_op *const nd_ops_linalg_solve[] = {
  &nd_op_lu,  &nd_op_solve,   &nd_op_inv, &nd_op_cofactors,
  &nd_op_det, &nd_op_slogdet, NULL,
};
