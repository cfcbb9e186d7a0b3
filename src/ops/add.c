// ops/add.c: sums of any number of tensors, and of a bias for each channel.

#include "ops/rules.h"

static const nd_param inputs_params[] = {
  { "inputs", ND_TENSORS },
  { 0 },
};

static void add_n(nd_context *c, const nd_job *j)
{
  if (j->n == 0) {
    nd_fail(c, ND_BAD_ARGUMENT, "needs at least one tensor");
    return;
  }
  nd_tensor *first = j->in[0], *sum = first;
  for (int i = 1; i < j->n; i++) {
    const nd_tensor *x = j->in[i];
    if (!nd_same_shape(first, x)) {
      nd_fail(
        c, ND_BAD_ARGUMENT, "shapes differ: input 1 is %s, input %d is %s",
        ND_SHAPE(first->rank, first->dims), i + 1, ND_SHAPE(x->rank, x->dims));
      return;
    }
    sum = ADD(sum, j->in[i]);
  }
  j->out[0] = j->n == 1 ? IDENTITY(first) : sum;
}

const nd_op nd_op_add_n = {
  .name = "add_n",
  .doc = "sum of tensors of one shape",
  .params = inputs_params,
  .dtypes = ND_NUMBERS,
  .derivative = ND_COMPOSED,
  .compose = add_n,
  .low = -3,
  .high = 3,
  .cases = "[3 4]; [2 3] [2 3] [2 3]; [] []; [0 3] [0 3]",
};

static const nd_param bias_params[] = {
  { "x", ND_TENSOR },
  { "bias", ND_TENSOR },
  { 0 },
};

static void bias_add(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0], *bias = j->in[1];
  if (x->rank < 2 || bias->rank != 1 || bias->dims[0] != x->dims[x->rank - 1])
    nd_fail(c, ND_BAD_ARGUMENT,
            "bias has one axis, the size of the last of x, which has two or "
            "more: x is %s, bias is %s",
            ND_SHAPE(x->rank, x->dims), ND_SHAPE(bias->rank, bias->dims));
  else
    j->out[0] = ADD(x, bias);
}

const nd_op nd_op_bias_add = {
  .name = "bias_add",
  .module = "nn",
  .inside = true,
  .doc = "x + bias, which has a number for each position of the last axis",
  .params = bias_params,
  .dtypes = ND_NUMBERS,
  .derivative = ND_COMPOSED,
  .compose = bias_add,
  .low = -3,
  .high = 3,
  .cases = "[3 4] [4]; [2 3 4] [4]; [0 3] [3]",
};

const nd_op *const nd_ops_add[] = { &nd_op_add_n, &nd_op_bias_add, NULL };
