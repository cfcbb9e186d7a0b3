// ops/cast.c: changes of dtype, and the identity with and without a gradient.

#include "kernel/convert.h"
#include "ops/rules.h"

enum { DTYPE };  // attribute of cast

static const nd_param cast_params[] = {
  { "x", ND_TENSOR },
  { "dtype", ND_WORD_DTYPE },
  { 0 },
};
static const nd_param one_tensor[] = { { "x", ND_TENSOR }, { 0 } };

nd_tensor *nd_rule_cast(nd_context *c, nd_tensor *x, nd_dtype dtype)
{
  if (x == NULL || x->dtype == dtype)
    return x;
  const nd_value attr[] = { [DTYPE] = nd_value_integer(dtype) };
  return nd_rule_apply(c, &nd_op_cast, 1, &x, attr);
}

// Only between floats: any integer on the way cuts the gradient.
static void cast_transpose(nd_context *c, const nd_job *j, nd_tensor *const *g,
                           const bool *wanted, nd_tensor **gx)
{
  gx[0] = CAST(g[0], (nd_dtype)j->in[0]->dtype);
}

const nd_op nd_op_cast = {
  .name = "cast",
  .doc = "x with another dtype; floats become integers by truncation",
  .params = cast_params,
  .attrs = 1,
  .dtypes = ND_ANY,
  .result = ND_AS_ASKED,
  .derivative = ND_LINEAR,
  .kernels = ND_LIST_ROWS(nd_kernels_convert, 0),
  .transpose = cast_transpose,
  .low = -3,
  .high = 3,
  .cases = "[3 4] dtype=float64; [] dtype=float64; [0 3] dtype=float64",
};

static bool same_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  *out = nd_type_of(j->in[0]);
  return true;
}

static void same_view(nd_context *c, const nd_job *j, const nd_type *type)
{
  nd_tensor *x = j->in[0];
  j->out[0] = nd_tensor_view(x, type->rank, x->dims, nd_strides(x), 0);
}

const nd_op nd_op_identity = {
  .name = "identity",
  .doc = "a new tensor with the values of x",
  .params = one_tensor,
  .dtypes = ND_ANY,
  .derivative = ND_LINEAR,
  .infer = same_infer,
  .view = same_view,
  .transpose = nd_rule_pass,
  .low = -3,
  .high = 3,
  .cases = "[3 4]; []; [0 3]",
};

const nd_op nd_op_stop_gradient = {
  .name = "stop_gradient",
  .doc = "x, through which no gradient flows",
  .params = one_tensor,
  .dtypes = ND_ANY,
  .infer = same_infer,
  .view = same_view,
};

const nd_op *const nd_ops_cast[] = { &nd_op_cast, &nd_op_identity,
                                     &nd_op_stop_gradient, NULL };
