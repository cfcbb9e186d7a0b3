// op/rule.h: what derivative rules are written with: apply an op, and leave the
// result to the pool. NULL goes through, so rules are plain expressions.

#ifndef ND_OP_RULE_H
#define ND_OP_RULE_H

#include "op/op.h"
#include "tensor/pool.h"

nd_tensor *nd_rule1(nd_context *c, const nd_op *op, nd_tensor *x);
nd_tensor *nd_rule2(nd_context *c, const nd_op *op, nd_tensor *x, nd_tensor *y);
nd_tensor *nd_rule3(nd_context *c, const nd_op *op, nd_tensor *x, nd_tensor *y,
                    nd_tensor *z);

// `x` times `y`, zero where either is zero (zero_wins in ops/binary.c).
nd_tensor *nd_rule_both(nd_context *c, nd_tensor *x, nd_tensor *y);

// A number with the dtype of `like`.
nd_tensor *nd_rule_number(nd_context *c, const nd_tensor *like, double value);

// `x` with its op's attributes set by the caller in `a`.
nd_tensor *nd_rule_args(nd_context *c, const nd_op *op, const nd_args *a);

// `x` summed over the axes that broadcasting added, to the shape of `like`.
// The one home of that rule.
nd_tensor *nd_rule_sum_to(nd_context *c, nd_tensor *x, const nd_tensor *like);

// `x` in that shape; broadcast to it.
nd_tensor *nd_rule_reshape(nd_context *c, nd_tensor *x, int rank,
                           const int64_t *shape);
nd_tensor *nd_rule_broadcast(nd_context *c, nd_tensor *x, int rank,
                             const int64_t *shape);

// Zeros with shape and dtype of `like`.
nd_tensor *nd_rule_zeros(nd_context *c, const nd_tensor *like);

// The transpose of ops that repeat or rename their input: the gradient as it
// is. The caller sums it back to the input's shape.
nd_tensor *nd_rule_pass(nd_context *c, int i, const nd_args *a, nd_tensor *out,
                        nd_tensor *g);

// `x` cast to that dtype, or `x`.
nd_tensor *nd_rule_cast(nd_context *c, nd_tensor *x, nd_dtype dtype);

#endif
