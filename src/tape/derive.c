// tape/derive.c: reads the derivative that an op's entry declares.

#include "tape/derive.h"

#include "op/term.h"
#include "ops/rules.h"
#include "tape/finder.h"

static void release_all(int n, nd_tensor **x)
{
  for (int i = 0; i < n; i++) {
    nd_tensor_release(x[i]);
    x[i] = NULL;
  }
}

// --------------------------------------------------------------- backward --

// g times the slope by input `i`, of the pool.
static nd_tensor *times_slope(nd_context *c, const nd_job *j, int i,
                              nd_tensor *g)
{
  return nd_op_needs(j->op, i) == 0
           ? g
           : CHAIN(g, nd_term_apply(c, j->op->slope[i], j));
}

static void apply_rule(nd_context *c, const nd_job *j, nd_tensor *const *g,
                       const bool *wanted, nd_tensor **gx)
{
  switch (j->op->derivative) {
  case ND_SLOPE:
    for (int i = 0; i < j->n; i++) {
      if (wanted[i])
        gx[i] = times_slope(c, j, i, g[0]);
    }
    break;
  case ND_LINEAR:
  case ND_BILINEAR: j->op->transpose(c, j, g, wanted, gx); break;
  case ND_VJP: j->op->vjp(c, j, g, wanted, gx); break;
  default: break;
  }
}

static bool vjp_by_rule(nd_context *c, const nd_job *j, nd_tensor *const *g,
                        const bool *wanted, nd_tensor **gx)
{
  const size_t mark = nd_pool_mark(c);
  bool ok = true;
  for (int i = 0; i < j->n; i++)
    gx[i] = NULL;
  apply_rule(c, j, g, wanted, gx);
  for (int i = 0; i < j->n; i++) {
    gx[i] = wanted[i] ? nd_tensor_keep(SUM_TO(gx[i], j->in[i])) : NULL;
    ok = ok && (gx[i] != NULL || !wanted[i]);
  }
  nd_pool_drain(c, mark);
  return ok;
}

// `g`, whose reference this takes, with the shape of `x`.
static nd_tensor *fit(nd_context *c, nd_tensor *g, const nd_tensor *x)
{
  if (g == NULL || nd_same_shape(g, x))
    return g;
  const size_t mark = nd_pool_mark(c);
  nd_tensor *sum = nd_tensor_keep(SUM_TO(nd_pool_add(c, g), x));
  nd_pool_drain(c, mark);
  return sum;
}

static bool fused_vjp(nd_context *c, const nd_job *j, nd_tensor *g,
                      const bool *wanted, nd_tensor **gx)
{
  bool ok = true;
  for (int i = 0; i < j->n; i++) {
    gx[i] = NULL;
    if (wanted[i])
      gx[i] = fit(c, nd_apply_slope(c, j, i, g), j->in[i]);
    ok = ok && (gx[i] != NULL || !wanted[i]);
  }
  return ok;
}

bool nd_job_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                const bool *wanted, bool fused, nd_tensor **gx)
{
  const bool rests = nd_finder_rest(c, true);
  bool ok = fused && !c->strict_gradients && j->op->derivative == ND_SLOPE
              ? fused_vjp(c, j, g[0], wanted, gx)
              : vjp_by_rule(c, j, g, wanted, gx);
  nd_finder_rest(c, rests);
  ok = ok && (!nd_finder_hears(c) || nd_finder_gradients(c, j, g, gx));
  if (!ok)
    release_all(j->n, gx);
  return ok;
}

// ---------------------------------------------------------------- forward --

static nd_tensor *slope_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t)
{
  nd_tensor *sum = NULL;
  for (int i = 0; i < j->n; i++) {
    if (t[i] != NULL)
      sum = ADD_ANY(sum, times_slope(c, j, i, t[i]));
  }
  return sum;
}

// The op of the tangents; inputs that no gradient flows through stay.
static void linear_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                       nd_tensor **ty)
{
  const size_t bytes = (size_t)j->n * sizeof *t;
  nd_tensor **in = nd_memory_new(c, bytes, ND_MEMORY_OBJECT);
  if (in == NULL)
    return;
  for (int i = 0; i < j->n; i++) {
    in[i] = j->in[i];
    if (nd_op_flows(j->op, j->in[i]))
      in[i] = t[i] != NULL ? t[i] : ZEROS(j->in[i]);
  }
  nd_job of_tangents = *j;
  of_tangents.in = in;
  of_tangents.out = ty;
  nd_job_apply(c, &of_tangents);
  for (int k = 0; k < j->outs; k++)
    ty[k] = nd_pool_add(c, ty[k]);
  nd_memory_free(c, in, bytes, ND_MEMORY_OBJECT);
}

// Ops that are linear in each input have one output.
static nd_tensor *bilinear_jvp(nd_context *c, const nd_job *j,
                               nd_tensor *const *t)
{
  nd_tensor *sum = NULL;
  for (int i = 0; i < j->n; i++) {
    if (t[i] == NULL)
      continue;
    nd_tensor *in[ND_FEW];
    for (int k = 0; k < j->n; k++)
      in[k] = k == i ? t[i] : j->in[k];
    sum = ADD_ANY(sum, nd_rule_apply(c, j->op, j->n, in, j->attr));
  }
  return sum;
}

bool nd_job_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                nd_tensor **ty)
{
  const size_t mark = nd_pool_mark(c);
  const bool rests = nd_finder_rest(c, true);
  for (int k = 0; k < j->outs; k++)
    ty[k] = NULL;
  switch (j->op->derivative) {
  case ND_SLOPE: ty[0] = slope_jvp(c, j, t); break;
  case ND_LINEAR: linear_jvp(c, j, t, ty); break;
  case ND_BILINEAR: ty[0] = bilinear_jvp(c, j, t); break;
  case ND_VJP: j->op->jvp(c, j, t, ty); break;
  default: break;
  }
  bool ok = nd_error_code(c) == ND_OK;
  for (int k = 0; k < j->outs; k++) {
    const nd_tensor *y = j->out[k];
    const bool flows = nd_op_flows(j->op, y);
    ty[k] = flows ? nd_tensor_keep(BROADCAST(ty[k], y->rank, y->dims)) : NULL;
    ok = ok && (ty[k] != NULL || !flows);
  }
  nd_pool_drain(c, mark);
  nd_finder_rest(c, rests);
  ok = ok && (!nd_finder_hears(c) || nd_finder_tangents(c, j, t, ty));
  if (!ok)
    release_all(j->outs, ty);
  return ok;
}
