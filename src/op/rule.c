// op/rule.c: applies ops for derivative rules.

#include "op/rule.h"

#include <string.h>

extern const nd_op nd_op_reduce_sum, nd_op_reshape, nd_op_broadcast_to,
  nd_op_cast, nd_op_zero_wins;

nd_tensor *nd_rule_args(nd_context *c, const nd_op *op, const nd_args *a)
{
  return nd_pool_add(c, nd_apply(c, op, a));
}

nd_tensor *nd_rule1(nd_context *c, const nd_op *op, nd_tensor *x)
{
  nd_args a = { .n = 1, .in = &x };
  return nd_rule_args(c, op, &a);
}

static void start(const nd_op *op, nd_args *a, int n)
{
  a->n = n;
  a->in = a->few;
  nd_args_start(op, a);
}

nd_tensor *nd_rule2(nd_context *c, const nd_op *op, nd_tensor *x, nd_tensor *y)
{
  nd_args a;
  start(op, &a, 2);
  a.few[0] = x;
  a.few[1] = y;
  return nd_rule_args(c, op, &a);
}

nd_tensor *nd_rule3(nd_context *c, const nd_op *op, nd_tensor *x, nd_tensor *y,
                    nd_tensor *z)
{
  nd_args a;
  start(op, &a, 3);
  a.few[0] = x;
  a.few[1] = y;
  a.few[2] = z;
  return nd_rule_args(c, op, &a);
}

nd_tensor *nd_rule_number(nd_context *c, const nd_tensor *like, double value)
{
  nd_tensor x;
  nd_scalar_set(c, &x, (nd_dtype)like->dtype, value);
  return nd_pool_add(c, nd_tensor_keep(&x));
}

nd_tensor *nd_rule_both(nd_context *c, nd_tensor *x, nd_tensor *y)
{
  return nd_rule2(c, &nd_op_zero_wins, x, y);
}

static nd_tensor *apply_sizes(nd_context *c, const nd_op *op, nd_tensor *x,
                              int rank, const int64_t *shape)
{
  nd_args a;
  start(op, &a, 1);
  a.few[0] = x;
  a.attr[0].given = true;
  a.attr[0].n = (uint8_t)rank;
  memcpy(a.attr[0].v, shape, (size_t)rank * sizeof *shape);
  return nd_rule_args(c, op, &a);
}

static bool has_shape(const nd_tensor *x, int rank, const int64_t *shape)
{
  return x->rank == rank &&
         memcmp(x->dims, shape, (size_t)rank * sizeof *shape) == 0;
}

nd_tensor *nd_rule_reshape(nd_context *c, nd_tensor *x, int rank,
                           const int64_t *shape)
{
  if (x == NULL || has_shape(x, rank, shape))
    return x;
  return apply_sizes(c, &nd_op_reshape, x, rank, shape);
}

nd_tensor *nd_rule_broadcast(nd_context *c, nd_tensor *x, int rank,
                             const int64_t *shape)
{
  if (x == NULL || has_shape(x, rank, shape))
    return x;
  return apply_sizes(c, &nd_op_broadcast_to, x, rank, shape);
}

nd_tensor *nd_rule_sum_to(nd_context *c, nd_tensor *x, const nd_tensor *like)
{
  if (x == NULL || nd_same_shape(x, like))
    return x;
  nd_args a;
  start(&nd_op_reduce_sum, &a, 1);
  a.few[0] = x;
  nd_attr *axes = &a.attr[0];
  axes->given = true;
  axes->n = 0;
  const int missing = x->rank - like->rank;
  for (int i = 0; i < x->rank; i++) {
    if (i < missing || (like->dims[i - missing] == 1 && x->dims[i] != 1))
      axes->v[axes->n++] = i + 1;
  }
  nd_tensor *sum = x;
  if (axes->n > 0)
    sum = nd_rule_args(c, &nd_op_reduce_sum, &a);
  return nd_rule_reshape(c, sum, like->rank, like->dims);
}

nd_tensor *nd_rule_zeros(nd_context *c, const nd_tensor *like)
{
  nd_tensor *zero = nd_rule_number(c, like, 0);
  return nd_rule_broadcast(c, zero, like->rank, like->dims);
}

nd_tensor *nd_rule_cast(nd_context *c, nd_tensor *x, nd_dtype dtype)
{
  if (x == NULL || x->dtype == dtype)
    return x;
  nd_args a;
  start(&nd_op_cast, &a, 1);
  a.few[0] = x;
  a.attr[0].given = true;
  a.attr[0].integer = dtype;
  return nd_rule_args(c, &nd_op_cast, &a);
}

nd_tensor *nd_rule_pass(nd_context *c, int i, const nd_args *a, nd_tensor *out,
                        nd_tensor *g)
{
  (void)c;
  (void)i;
  (void)a;
  (void)out;
  return g;
}
