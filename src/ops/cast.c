// ops/cast.c: changes of dtype, and the identity with and without a gradient.

#include <string.h>

#include "kernel/convert.h"
#include "op/op.h"
#include "op/rule.h"
#include "tensor/walk.h"

static const nd_param cast_params[] = {
  { "x", ND_TENSOR, NULL, 0 },
  { "dtype", ND_WORD_DTYPE, NULL, 0 },
  { 0 },
};
static const nd_param one_tensor[] = { { "x", ND_TENSOR, NULL, 0 }, { 0 } };

static bool cast_infer(nd_context *c, const nd_args *a, nd_type *out)
{
  (void)c;
  *out = nd_type_of(a->in[0]);
  out->dtype = (nd_dtype)a->attr[0].integer;
  return true;
}

static bool cast_run(nd_context *c, const nd_job *job, int64_t from, int64_t to)
{
  enum { RUN = 1024 };
  const nd_tensor *x = job->args->in[0];
  const nd_dtype dtype = (nd_dtype)job->out->dtype;
  const int64_t width = (int64_t)nd_dtype_size(dtype);
  double run[RUN];
  nd_walk walk;
  nd_walk_start(&walk, x, from);
  for (int64_t at = from; at < to; at += RUN) {
    const int64_t n = to - at < RUN ? to - at : RUN;
    nd_walk_copy(&walk, n, run);
    nd_convert(c->level, dtype, (nd_dtype)x->dtype, n,
               job->out->data + at * width, run);
  }
  return true;
}

// Only between floats: any integer on the way cuts the gradient.
static nd_tensor *cast_transpose(nd_context *c, int i, const nd_args *a,
                                 nd_tensor *out, nd_tensor *g)
{
  (void)i;
  (void)out;
  return nd_rule_cast(c, g, (nd_dtype)a->in[0]->dtype);
}

const nd_op nd_op_cast = {
  .name = "cast",
  .doc = "x with another dtype; floats become integers by truncation",
  .params = cast_params,
  .attrs = 1,
  .dtypes = ND_ANY,
  .derivative = ND_LINEAR,
  .infer = cast_infer,
  .run = cast_run,
  .transpose = cast_transpose,
  .low = -3,
  .high = 3,
  .cases = "[3 4] dtype=float64; [] dtype=float64; [0 3] dtype=float64",
  .cost = 1,
};

static bool same_infer(nd_context *c, const nd_args *a, nd_type *out)
{
  (void)c;
  *out = nd_type_of(a->in[0]);
  return true;
}

static nd_tensor *same_view(nd_context *c, const nd_args *a,
                            const nd_type *type)
{
  (void)c;
  nd_tensor *x = a->in[0];
  return nd_tensor_view(x, type->rank, x->dims, nd_strides(x), 0);
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
