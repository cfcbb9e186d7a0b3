// ops/gamma_slope.levels.c: how draws of gamma numbers move with alpha, an op
// that only rules apply, and its derivatives of every order.

#include "kernel/gamma_slope.h"
#include "ops/elementwise.h"

#define SLOPE(n, alpha, draw) \
  ND_LEVELLED(nd_gamma_slope)((double)(n), (double)(alpha), (double)(draw))

KERNELS_FLOATS(FORWARD, 2, gamma_slope, (T)SLOPE(p[0], p1[i], p2[i]))

const nd_kernels ND_LEVELLED(nd_kernels_gamma_slope)[] = {
  { .forward = FORWARD_FLOATS(gamma_slope) },
};

#if ND_IS_BASELINE
#include "ops/rules.h"

ND_DECLARE_ROWS(const nd_kernels, nd_kernels_gamma_slope);

nd_tensor *nd_rule_gamma_slope(nd_context *c, nd_tensor *alpha, nd_tensor *draw,
                               double n)
{
  const nd_value number = { .given = true, .number = n };
  return nd_rule_apply(c, &nd_op_gamma_slope, 2, (nd_tensor *[]){ alpha, draw },
                       &number);
}

// The derivative of digamma.
static nd_tensor *trigamma(nd_context *c, nd_tensor *x)
{
  const nd_value first = { .given = true, .number = 1 };
  return nd_rule_apply(c, &nd_op_polygamma, 1, &x, &first);
}

// With p(n) for number n at a and z, and s = log(z) - digamma(a),
//   dp(n)/da = p(n + 1) - s p(n) - n trigamma(a) p(n - 1)
//   dp(n)/dz = p(n) (1 + (1 - a) / z) - s^n
// in double, as terms cancel.
static nd_tensor *slope_by(nd_context *c, const nd_job *j, int i)
{
  const double n = j->attr[0].number;
  nd_tensor *a = CAST(j->in[0], ND_FLOAT64), *z = CAST(j->in[1], ND_FLOAT64);
  nd_tensor *s = SUB(LOG(z), nd_rule1(c, &nd_op_digamma, a));
  nd_tensor *one = NUMBER(a, 1), *p = GAMMA_SLOPE(a, z, n), *slope;
  if (i == 1) {
    slope = SUB(MUL(p, ADD(one, DIV(SUB(one, a), z))), POW(s, NUMBER(a, n)));
  } else {
    slope = SUB(GAMMA_SLOPE(a, z, n + 1), MUL(s, p));
    if (n > 0)
      slope = SUB(slope, MUL(MUL(NUMBER(a, n), trigamma(c, a)),
                             GAMMA_SLOPE(a, z, n - 1)));
  }
  return CAST(slope, (nd_dtype)j->in[0]->dtype);
}

static void vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                const bool *wanted, nd_tensor **gx)
{
  for (int i = 0; i < 2; i++) {
    if (wanted[i])
      gx[i] = CHAIN(g[0], slope_by(c, j, i));
  }
}

static void jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                nd_tensor **ty)
{
  nd_tensor *by[2] = { NULL, NULL };
  for (int i = 0; i < 2; i++) {
    if (t[i] != NULL)
      by[i] = CHAIN(t[i], slope_by(c, j, i));
  }
  ty[0] = ADD_ANY(by[0], by[1]);
}

static const nd_param params[] = {
  { "alpha", ND_TENSOR },
  { "draw", ND_TENSOR },
  { "n", ND_NUMBER, "1" },
  { 0 },
};

const nd_op nd_op_gamma_slope = {
  .name = "gamma_slope",
  .hidden = true,
  .doc = "slope of a draw by its alpha, and what derives from that "
         "(kernel/gamma_slope.h)",
  .params = params,
  .attrs = 1,
  .dtypes = ND_FLOATS,
  .derivative = ND_VJP,
  .needs = { ND_NEEDS_IN },
  .kernels = ND_LIST_ROWS(nd_kernels_gamma_slope, 0),
  .vjp = vjp,
  .jvp = jvp,
  .jvp_within_needs = true,
  .low = .5,
  .high = 3,
  .cases = "[3 4] [3 4]; [2 1 3] [4 1]; [0 3] [3]; [2 3] [3] n=2; [2] [2] n=0",
  .cost = 300,
};

const nd_op *const nd_ops_gamma_slope[] = { &nd_op_gamma_slope, NULL };
#endif
