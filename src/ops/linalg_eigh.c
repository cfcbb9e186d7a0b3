// ops/linalg_eigh.c: eigenvalues and eigenvectors of symmetric matrices
// (op/spectrum.h).

#include "op/spectrum.h"
#include "ops/rules.h"

// -------------------------------------------------------------- inference --

static bool eigh_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  if (!nd_square_infer(c, j, 0))
    return false;
  out[ND_EIGH_VALUES] = nd_type_of(j->in[0]);
  out[ND_EIGH_VALUES].rank--;
  if (j->outs > 1)
    out[ND_EIGH_V] = nd_type_of(j->in[0]);
  return true;
}

// ------------------------------------------------------------- derivatives --

nd_tensor *nd_rule_inverse(nd_context *c, nd_tensor *x)
{
  nd_tensor *none = EQ(x, NUMBER(x, 0)), *one = NUMBER(x, 1);
  return IF(none, NUMBER(x, 0), DIV(one, IF(none, one, x)));
}

// [i, j]: 1 / (w[j] - w[i])
static nd_tensor *gaps(nd_context *c, nd_tensor *w)
{
  return INVERSE(SUB(AS_ROW(w, false), AS_ROW(w, true)));
}

// Values and vectors: those of the job, or computed again.
static bool eigen_of(nd_context *c, const nd_job *j, nd_tensor **out)
{
  out[ND_EIGH_VALUES] = j->out[ND_EIGH_VALUES];
  if (j->outs > 1)
    out[ND_EIGH_V] = j->out[ND_EIGH_V];
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
  nd_tensor *v = out[ND_EIGH_V], *gv = j->outs > 1 ? g[ND_EIGH_V] : NULL;
  nd_tensor *values = MUL(v, AS_ROW(g[ND_EIGH_VALUES], false));
  nd_tensor *vectors = gv == NULL ? NULL
                                  : MATMUL(v, false,
                                           MUL(gaps(c, out[ND_EIGH_VALUES]),
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
  nd_tensor *v = out[ND_EIGH_V], *lower = TRIANGLES(t[0], 1, .5, 0);
  nd_tensor *dx = ADD(lower, ADJOINT(lower));
  nd_tensor *m = MATMUL(v, true, MATMUL(dx, false, v, false), false);
  ty[ND_EIGH_VALUES] = DIAGONAL(m);
  if (j->outs > 1)
    ty[ND_EIGH_V] = MATMUL(v, false, MUL(gaps(c, out[ND_EIGH_VALUES]), m),
                           false);
}

// ----------------------------------------------------------------- entries --

static const nd_param params[] = { { "x", ND_TENSOR }, { 0 } };
static const char *const results[] = { "e", "v", NULL };

#define BY_SWEEPS                                                            \
  .module = "linalg", .inside = true, .dtypes = ND_FLOATS,                   \
  .work = nd_series_work, .series = &nd_eigen_series, .dense = 1, .low = -1, \
  .high = 1, .derivative = ND_VJP
#define SYMMETRIC_CASES \
  "symmetric[3 3]; symmetric[2 2 2]; symmetric[1 1]; [0 0]; [0 2 2]"

const nd_op nd_op_eigh = {
  .name = "eigh",
  .doc = "eigenvalues, in ascending order, and eigenvectors, as columns, of "
         "symmetric matrices, of which the lower triangle is read; gradients "
         "are lower triangular",
  .params = params,
  BY_SWEEPS,
  .needs = { ND_NEEDS_OUT },
  .results = results,
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
  .params = params,
  BY_SWEEPS,
  .needs = { 1 << 0 },
  .infer = eigh_infer,
  .vjp = eigh_vjp,
  .jvp = eigh_jvp,
  .cases = SYMMETRIC_CASES,
  .long_cases = "symmetric[200 200]",
};

const nd_op *const nd_ops_linalg_eigh[] = { &nd_op_eigh, &nd_op_eigvalsh,
                                            NULL };
