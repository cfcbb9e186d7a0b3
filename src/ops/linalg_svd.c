// ops/linalg_svd.c: singular values and vectors of matrices (op/spectrum.h).

#include <string.h>

#include "base/cut.h"
#include "op/spectrum.h"
#include "ops/rules.h"

// -------------------------------------------------------------- inference --

static int svd_outs(nd_context *c, const nd_job *j)
{
  return j->attr[ND_SVD_VECTORS].integer ? 3 : 1;
}

static bool svd_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  if (!nd_matrices_infer(c, j, 0))
    return false;
  const nd_type x = nd_type_of(j->in[0]);
  const int last = x.rank - 1;
  const int64_t m = x.shape[last - 1], n = x.shape[last];
  const bool full = j->attr[ND_SVD_FULL].integer != 0;
  out[ND_SVD_VALUES] = x;
  out[ND_SVD_VALUES].rank--;
  out[ND_SVD_VALUES].shape[last - 1] = nd_least(m, n);
  if (j->outs == 1)
    return true;
  out[ND_SVD_U] = out[ND_SVD_V] = x;
  out[ND_SVD_U].shape[last] = full ? m : nd_least(m, n);
  out[ND_SVD_V].shape[last - 1] = n;
  out[ND_SVD_V].shape[last] = full ? n : nd_least(m, n);
  return true;
}

// ------------------------------------------------------------- derivatives --

bool nd_rule_svd(nd_context *c, nd_tensor *x, bool vectors, nd_tensor **out)
{
  const nd_value attr[] = { [ND_SVD_FULL] = nd_value_integer(false),
                            [ND_SVD_VECTORS] = nd_value_integer(vectors) };
  return x != NULL && nd_rule_all(c, &nd_op_svd, 1, &x, attr, out);
}

static bool svd_of(nd_context *c, const nd_job *j, nd_tensor **out)
{
  const nd_tensor *x = j->in[0];
  if (j->attr[ND_SVD_FULL].integer && j->outs > 1 &&
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
static nd_tensor *square_gaps(nd_context *c, nd_tensor *s)
{
  nd_tensor *row = AS_ROW(s, false), *column = AS_ROW(s, true);
  return INVERSE(MUL(SUB(row, column), ADD(row, column)));
}

// The part of gx by the gradient gu of vectors u, as z with gx = z v': with
// k = gaps * u' gu, u (k + k') s + (gu - u u' gu) / s.
static nd_tensor *pull(nd_context *c, const nd_job *j, nd_tensor *u,
                       nd_tensor *s, nd_tensor *gu)
{
  if (gu == NULL)
    return NULL;
  nd_tensor *k = MUL(square_gaps(c, s), MATMUL(u, true, gu, false));
  nd_tensor *row = AS_ROW(s, false);
  return ADD(MUL(MATMUL(u, false, ADD(k, ADJOINT(k)), false), row),
             MUL(beyond(c, u, gu), INVERSE(row)));
}

static void svd_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                    const bool *wanted, nd_tensor **gx)
{
  nd_tensor *y[3];
  if (!svd_of(c, j, y))
    return;
  nd_tensor *u = y[ND_SVD_U], *v = y[ND_SVD_V], *s = y[ND_SVD_VALUES];
  nd_tensor *const *gy = (nd_tensor *[]){ g[0],
                                          j->outs > 1 ? g[ND_SVD_U] : NULL,
                                          j->outs > 1 ? g[ND_SVD_V] : NULL };
  nd_tensor *left = ADD_ANY(pull(c, j, u, s, gy[ND_SVD_U]),
                            MUL(u, AS_ROW(gy[ND_SVD_VALUES], false)));
  nd_tensor *right = pull(c, j, v, s, gy[ND_SVD_V]);
  gx[0] = ADD_ANY(MATMUL(left, false, v, true), MATMUL(u, false, right, true));
}

// With p = u' dx v: ds is its diagonal, du = u (gaps * (p s + s p')) +
// (dx v - u p) / s, and dv the same of the adjoint.
static nd_tensor *push(nd_context *c, const nd_job *j, nd_tensor *u,
                       nd_tensor *s, nd_tensor *p, nd_tensor *moved)
{
  nd_tensor *row = AS_ROW(s, false), *column = AS_ROW(s, true);
  nd_tensor *mixed = ADD(MUL(p, row), MUL(column, ADJOINT(p)));
  nd_tensor *within = MATMUL(u, false, MUL(square_gaps(c, s), mixed), false);
  return ADD(within, MUL(SUB(moved, MATMUL(u, false, p, false)), INVERSE(row)));
}

static void svd_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                    nd_tensor **ty)
{
  nd_tensor *y[3];
  if (!svd_of(c, j, y))
    return;
  nd_tensor *u = y[ND_SVD_U], *v = y[ND_SVD_V], *s = y[ND_SVD_VALUES];
  nd_tensor *ahead = MATMUL(t[0], false, v, false);
  nd_tensor *back = MATMUL(t[0], true, u, false);
  nd_tensor *p = MATMUL(u, true, ahead, false);
  ty[ND_SVD_VALUES] = DIAGONAL(p);
  if (j->outs == 1)
    return;
  ty[ND_SVD_U] = push(c, j, u, s, p, ahead);
  ty[ND_SVD_V] = push(c, j, v, s, ADJOINT(p), back);
}

// ----------------------------------------------------------------- entries --

static const nd_param params[] = {
  { "x", ND_TENSOR },
  { "full_matrices", ND_FLAG, "false" },
  { "compute_uv", ND_FLAG, "true" },
  { 0 },
};
static const char *const results[] = { "s", "u", "v", NULL };

const nd_op nd_op_svd = {
  .name = "svd",
  .doc =
    "singular values, in descending order, and singular vectors, as "
    "columns: x = u diag(s) adjoint(v); only s unless compute_uv; square u "
    "and v if full_matrices",
  .params = params,
  .attrs = 2,
  .module = "linalg",
  .inside = true,
  .dtypes = ND_FLOATS,
  .work = nd_series_work,
  .series = &nd_singular_series,
  .dense = 1,
  .low = -1,
  .high = 1,
  .derivative = ND_VJP,
  .needs = { 1 << 0 | ND_NEEDS_OUT },
  .results = results,
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

const nd_op *const nd_ops_linalg_svd[] = { &nd_op_svd, NULL };
