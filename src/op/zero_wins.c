// op/zero_wins.c: a product in which a zero wins over inf and nan, on either
// side and in every order of derivative. It is for rules whose value is linear
// in two things that both may be gradients: multiply_no_nan lets a zero win on
// one side only. In no list, because it is not the product that users mean.

#include "op/engine.h"
#include "op/rule.h"

static const nd_param params[] = {
  { "a", ND_TENSOR, NULL, 0 },
  { "b", ND_TENSOR, NULL, 0 },
  { 0 },
};

static bool infer(nd_context *c, const nd_args *a, nd_type *out)
{
  out->dtype = (nd_dtype)a->in[0]->dtype;
  return nd_broadcast(c, a, out);
}

#define PRODUCT(type)                                                          \
  static void product_##type(int n, void *restrict out, const void *const *in) \
  {                                                                            \
    type *restrict y = out;                                                    \
    const type *a = in[0], *b = in[1];                                         \
    for (int i = 0; i < n; i++)                                                \
      y[i] = a[i] == 0 || b[i] == 0 ? 0 : a[i] * b[i];                         \
  }

PRODUCT(float)
PRODUCT(double)

static bool run(nd_context *c, const nd_job *job, int64_t from, int64_t to)
{
  (void)c;
  const nd_dtype dtype = (nd_dtype)job->out->dtype;
  const nd_dtype dtypes[] = { dtype, dtype };
  nd_engine e;
  nd_engine_start(&e, dtype == ND_FLOAT32 ? product_float : product_double, 2,
                  job->args->in, dtypes, job->out);
  nd_engine_run(&e, from, to);
  return true;
}

static nd_tensor *transpose(nd_context *c, int i, const nd_args *a,
                            nd_tensor *out, nd_tensor *g)
{
  (void)out;
  return nd_rule_both(c, g, a->in[1 - i]);
}

const nd_op nd_op_zero_wins = {
  .name = "zero_wins",
  .doc = "a * b; 0 where either is 0, even if the other is nan or inf",
  .params = params,
  .dtypes = ND_FLOATS,
  .derivative = ND_BILINEAR,
  .needs = 1 << 0 | 1 << 1,
  .infer = infer,
  .run = run,
  .transpose = transpose,
  .cost = 1,
};
