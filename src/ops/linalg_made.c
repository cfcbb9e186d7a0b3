// ops/linalg_made.c: what is made of factorizations: logdet, cholesky_solve,
// lstsq, pinv and matrix_rank.

#include <float.h>
#include <math.h>

#include "op/series.h"
#include "ops/rules.h"

enum { S, U, V };  // of SVD

static const nd_param one_params[] = { { "x", ND_TENSOR }, { 0 } };

// ------------------------------------------------------------ by cholesky --

static void logdet(nd_context *c, const nd_job *j)
{
  nd_tensor *l = nd_rule1(c, &nd_op_cholesky, j->in[0]);
  j->out[0] = l == NULL
                ? NULL
                : MUL(NUMBER(l, 2), SUM_ALONG(LOG(DIAGONAL(l)), -1, DROP));
}

const nd_op nd_op_logdet = {
  .name = "logdet",
  .module = "linalg",
  .inside = true,
  .doc = "logarithm of the determinant of symmetric positive definite matrices",
  .params = one_params,
  .dtypes = ND_FLOATS,
  .derivative = ND_COMPOSED,
  .compose = logdet,
  .low = -1,
  .high = 1,
  .cases = "symmetric[3 3]; symmetric[2 2 2]; [0 0]; [0 2 2]",
};

static const nd_param solve_params[] = {
  { "chol", ND_TENSOR },
  { "rhs", ND_TENSOR },
  { 0 },
};

static void cholesky_solve(nd_context *c, const nd_job *j)
{
  nd_tensor *l = j->in[0];
  nd_tensor *y = SOLVE_TRIANGLE(l, j->in[1], true, false);
  j->out[0] = SOLVE_TRIANGLE(l, y, true, true);
}

const nd_op nd_op_cholesky_solve = {
  .name = "cholesky_solve",
  .module = "linalg",
  .inside = true,
  .doc = "the y with x y = rhs, given chol, the result of cholesky(x)",
  .params = solve_params,
  .dtypes = ND_FLOATS,
  .derivative = ND_COMPOSED,
  .compose = cholesky_solve,
  .low = -1,
  .high = 1,
  .cases = "regular[3 3] [3 2]; regular[2 2] [2 2 1]; [0 0] [0 2]",
};

// ------------------------------------------------------------ least squares --

enum { L2, FAST };  // attributes

static const nd_param lstsq_params[] = {
  { "matrix", ND_TENSOR },
  { "rhs", ND_TENSOR },
  { "l2_regularizer", ND_NUMBER, "0" },
  { "fast", ND_FLAG, "true" },
  { 0 },
};

// `value` for each element of matrices [rows, columns], as many as `like` has.
static nd_tensor *spread(nd_context *c, const nd_tensor *like, double value,
                         int64_t rows, int64_t columns)
{
  int64_t shape[ND_MAX_RANK];
  for (int i = 0; i < like->rank - 2; i++)
    shape[i] = like->dims[i];
  shape[like->rank - 2] = rows;
  shape[like->rank - 1] = columns;
  return BROADCAST(NUMBER(like, value), like->rank, shape);
}

// The solution by as many equations more: sqrt(l2) x = 0.
static nd_tensor *solve_long(nd_context *c, nd_tensor *a, nd_tensor *b,
                             double l2)
{
  nd_tensor *qr[2];
  if (l2 > 0) {
    const int64_t n = a->dims[a->rank - 1];
    nd_tensor *unit = TRIANGLES(spread(c, a, sqrt(l2), n, n), 0, 1, 0);
    nd_tensor *none = spread(c, b, 0, n, b->dims[b->rank - 1]);
    a = CONCAT(2, ((nd_tensor *[]){ a, unit }), -2);
    b = CONCAT(2, ((nd_tensor *[]){ b, none }), -2);
  }
  if (!QR(a, qr))
    return NULL;
  return SOLVE_TRIANGLE(qr[1], MATMUL(qr[0], true, b, false), false, false);
}

// The shortest of the solutions.
static nd_tensor *solve_wide(nd_context *c, nd_tensor *a, nd_tensor *b)
{
  nd_tensor *qr[2];
  if (!QR(ADJOINT(a), qr))
    return NULL;
  return MATMUL(qr[0], false, SOLVE_TRIANGLE(qr[1], b, false, true), false);
}

static bool check_lstsq(nd_context *c, const nd_job *j)
{
  nd_type type;
  const double l2 = j->attr[L2].number;
  return nd_matrices_infer(c, j, 0) && nd_matrices_infer(c, j, 1) &&
         nd_sides_infer(c, j) && nd_batches_infer(c, j, &type) &&
         (l2 >= 0 ||
          nd_fail(c, ND_BAD_ARGUMENT, "l2_regularizer is below 0: %g", l2));
}

static void lstsq(nd_context *c, const nd_job *j)
{
  nd_tensor *a = j->in[0], *b = j->in[1];
  const double l2 = j->attr[L2].number;
  if (!check_lstsq(c, j))
    return;
  if (!j->attr[FAST].integer)
    j->out[0] = MATMUL(nd_rule1(c, &nd_op_pinv, a), false, b, false);
  else if (l2 > 0 || a->dims[a->rank - 2] >= a->dims[a->rank - 1])
    j->out[0] = solve_long(c, a, b, l2);
  else
    j->out[0] = solve_wide(c, a, b);
}

const nd_op nd_op_lstsq = {
  .name = "lstsq",
  .module = "linalg",
  .inside = true,
  .doc =
    "the x with the least sum of squares of matrix x - rhs, and of x times "
    "l2_regularizer; the shortest x, if there are several. If not fast, "
    "columns of matrix may depend on each other, and nothing is "
    "regularized",
  .params = lstsq_params,
  .attrs = 2,
  .dtypes = ND_FLOATS,
  .derivative = ND_COMPOSED,
  .compose = lstsq,
  .low = -1,
  .high = 1,
  .cases = "regular[4 2] [4 1]; regular[2 4] [2 2]; regular[2 3 3] [3 1]; "
           "regular[4 2] [4 2] l2_regularizer=.5; "
           "regular[2 3] [2 1] l2_regularizer=.5; "
           "regular[3 2] [3 1] fast=false",
};

// ---------------------------------------------------------- singular values --

enum { LIMIT };  // attribute

static const nd_param pinv_params[] = {
  { "x", ND_TENSOR },
  { "rcond", ND_NUMBER, "nil" },
  { 0 },
};
static const nd_param rank_params[] = {
  { "x", ND_TENSOR },
  { "tol", ND_NUMBER, "nil" },
  { 0 },
};

// What rounds away beside 1 in matrices of that size.
static double rounding(const nd_tensor *x)
{
  const int64_t m = x->dims[x->rank - 2], n = x->dims[x->rank - 1];
  return (double)(m > n ? m : n) *
         (x->dtype == ND_FLOAT32 ? (double)FLT_EPSILON : DBL_EPSILON);
}

// `share` of the largest singular value.
static nd_tensor *share_of(nd_context *c, nd_tensor *s, double share)
{
  const int64_t last = -1;
  const nd_value axes = nd_value_list(1, &last);
  return s->dims[s->rank - 1] == 0
           ? NUMBER(s, 0)
           : MUL(NUMBER(s, share),
                 nd_rule_fold(c, &nd_op_reduce_max, s, axes, KEEP));
}

static void pinv(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0], *y[3];
  if (!nd_matrices_infer(c, j, 0) || !SVD(x, true, y))
    return;
  const double share = j->attr[LIMIT].given ? j->attr[LIMIT].number
                                            : 10 * rounding(x);
  nd_tensor *s = y[S], *lost = GE(share_of(c, s, share), s);
  nd_tensor *inverse = IF(lost, NUMBER(s, 0),
                          DIV(NUMBER(s, 1), IF(lost, NUMBER(s, 1), s)));
  j->out[0] = MATMUL(MUL(y[V], AS_ROW(inverse, false)), false, y[U], true);
}

// x - x y z
static nd_tensor *beside(nd_context *c, nd_tensor *x, nd_tensor *y,
                         nd_tensor *z)
{
  return SUB(x, MATMUL(MATMUL(x, false, y, false), false, z, false));
}

// With p = pinv(a), where the rank of a stays as it is:
//   dp = -p da p + p p' da' (1 - a p) + (1 - p a) da' p' p,
// and ga = -p' g p' + (1 - a p) g' p p' + p' p g' (1 - p a).
static void pinv_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                     const bool *wanted, nd_tensor **gx)
{
  nd_tensor *a = j->in[0], *p = j->out[0];
  nd_tensor *direct = MATMUL(MATMUL(p, true, g[0], false), false, p, true);
  nd_tensor *rows = MATMUL(p, false, MATMUL(p, true, g[0], false), false);
  nd_tensor *columns = MATMUL(p, true, MATMUL(p, false, g[0], true), false);
  rows = ADJOINT(beside(c, rows, a, p));
  gx[0] = SUB(ADD(rows, beside(c, columns, p, a)), direct);
}

static void pinv_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                     nd_tensor **ty)
{
  nd_tensor *a = j->in[0], *p = j->out[0];
  nd_tensor *direct = MATMUL(MATMUL(p, false, t[0], false), false, p, false);
  nd_tensor *rows = MATMUL(p, false, MATMUL(p, true, t[0], true), false);
  nd_tensor *columns = MATMUL(MATMUL(t[0], true, p, true), false, p, false);
  columns = SUB(columns,
                MATMUL(p, false, MATMUL(a, false, columns, false), false));
  ty[0] = SUB(ADD(beside(c, rows, a, p), columns), direct);
}

const nd_op nd_op_pinv = {
  .name = "pinv",
  .module = "linalg",
  .inside = true,
  .doc =
    "the Moore-Penrose inverse of matrices; singular values up to rcond times "
    "the largest count as 0, by default 10 max(rows, columns) times what "
    "rounds away beside 1",
  .params = pinv_params,
  .attrs = 1,
  .dtypes = ND_FLOATS,
  .derivative = ND_VJP,
  .needs = { 1 << 0 | ND_NEEDS_OUT },
  .compose = pinv,
  .vjp = pinv_vjp,
  .jvp = pinv_jvp,
  .low = -1,
  .high = 1,
  .cases = "regular[3 3]; regular[4 2]; regular[2 4]; regular[2 2 2]; [0 0]; "
           "[0 2 2]",
};

static void matrix_rank(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0], *s;
  if (!nd_matrices_infer(c, j, 0) || !SVD(x, false, &s))
    return;
  nd_tensor *least = j->attr[LIMIT].given ? NUMBER(s, j->attr[LIMIT].number)
                                          : share_of(c, s, rounding(x));
  j->out[0] = SUM_ALONG(CAST(GT(s, least), ND_INT32), -1, DROP);
}

const nd_op nd_op_matrix_rank = {
  .name = "matrix_rank",
  .module = "linalg",
  .inside = true,
  .doc = "how many singular values of matrices are above tol, by default "
         "max(rows, columns) times what rounds away beside the largest",
  .params = rank_params,
  .attrs = 1,
  .dtypes = ND_FLOATS,
  .compose = matrix_rank,
};

const nd_op *const nd_ops_linalg_made[] = {
  &nd_op_logdet, &nd_op_cholesky_solve, &nd_op_lstsq,
  &nd_op_pinv,   &nd_op_matrix_rank,    NULL,
};
